"""Model matrices of hierarchical terms: what most formulas ask for, without formulaic.

If the model has an intercept, and with each term all terms that are made of a part of its factors,
then each category has a column for every level but its reference, wherever it stands (Chambers and
Hastie 1992, Statistical Models in S, section 2.4.1), and the columns of a term are the products of
those of its factors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ranef.types import INTERCEPT, Array, Codes

__all__ = ["Levels", "code_hierarchical", "is_hierarchical"]


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """The levels of a category by row, for contrasts with one of them.

    Attributes
    ----------
    codes : ndarray of int32, shape (n,)
        Position of the level; -1 gives zeros.
    count : int
    reference : int
        Position of the level that has no column.
    """

    codes: Codes
    count: int
    reference: int


def is_hierarchical(terms: Sequence[Sequence[str]]) -> bool:
    """Whether all terms of a part of a term's factors stand before it, beside an intercept.

    Examples
    --------
    >>> is_hierarchical([["a"], ["x"], ["a", "x"]]), is_hierarchical([["x"], ["a", "x"]])
    (True, False)
    """
    before: set[frozenset[str]] = {frozenset()}
    for term in terms:
        own = frozenset(term)
        if any(own - {factor} not in before for factor in own):
            return False
        before.add(own)
    return True


def code_hierarchical(
    terms: Sequence[Sequence[str]], factors: Mapping[str, Array | Levels], n_rows: int
) -> tuple[Array, tuple[str, ...], tuple[tuple[int, ...], ...]]:
    """Columns of a model matrix with an intercept, named as formulaic names them.

    Parameters
    ----------
    terms : sequence of sequence of str
        Names of the factors of each term; hierarchical.
    factors : mapping of str to (ndarray, shape (n,), or Levels)
        Numbers and categories by name. Those of categories are ``l0``, ``l1``, ...
    n_rows : int

    Returns
    -------
    matrix : ndarray, shape (n, p), Fortran order
    names : tuple of str
    term_columns : tuple of tuple of int
        Columns of each term.

    Examples
    --------
    >>> levels = Levels(np.array([0, 1, 2], dtype=np.int32), 3, 0)
    >>> matrix, names, _ = code_hierarchical([["a"]], {"a": levels}, 3)
    >>> names
    ('Intercept', 'a[T.l1]', 'a[T.l2]')
    >>> matrix.tolist()
    [[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [1.0, 0.0, 1.0]]
    """
    own = {name: _columns(name, factor) for name, factor in factors.items()}
    made: list[tuple[str, Array]] = [(INTERCEPT, np.ones(n_rows))]
    term_columns = []
    for term in terms:
        products = own[term[0]]
        for factor in term[1:]:  # the first factor moves fastest
            products = [
                (f"{name}:{other}", values * more)
                for other, more in own[factor]
                for name, values in products
            ]
        term_columns.append(tuple(range(len(made), len(made) + len(products))))
        made += products
    matrix = np.empty((n_rows, len(made)), order="F")
    for j, (_, values) in enumerate(made):
        matrix[:, j] = values
    return matrix, tuple(name for name, _ in made), tuple(term_columns)


def _columns(name: str, factor: Array | Levels) -> list[tuple[str, Array]]:
    if not isinstance(factor, Levels):
        return [(name, factor)]
    return [
        (f"{name}[T.l{level}]", (factor.codes == level).astype(np.float64))
        for level in range(factor.count)
        if level != factor.reference
    ]
