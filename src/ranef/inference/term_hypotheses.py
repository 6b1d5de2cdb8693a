"""What an F test of a term asks: hypothesis matrices of types I, II and III, as ``lmerTest``'s.

All of them come from X alone, without weights and covariances: a type says which means are
compared, not how well they are known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ranef.core import CrossProducts
from ranef.design import Design
from ranef.design.matrix import ModelColumns
from ranef.design.state import State
from ranef.formula.render import to_text
from ranef.frame import Table
from ranef.inference.truth_values import truth_as_categories
from ranef.inference.type_three import type_three
from ranef.types import Array

__all__ = ["TermHypotheses", "containing", "hypotheses_of_sums", "root_of_sums", "term_hypotheses"]


@dataclass(frozen=True, slots=True)
class TermHypotheses:
    """For each term of the fixed part the rows L of its hypothesis L beta = 0.

    Attributes
    ----------
    names : tuple of str
    rows : tuple of ndarray, shape (rows, p)
        Empty for a term whose columns were all left out.
    empty : tuple of str
        Combinations of levels without data that type III hypotheses depend on.
    """

    names: tuple[str, ...]
    rows: tuple[Array, ...]
    empty: tuple[str, ...] = ()


class _Term(NamedTuple):
    variables: frozenset[str]
    numbers: frozenset[str]


def term_hypotheses(design: Design, table: Table, type: int) -> TermHypotheses:
    """The hypotheses of a type.

    Parameters
    ----------
    design : Design
    table : Table
        The rows that the design was built from.
    type : {1, 2, 3}
        1: each term after those before it. 2: each term after all that do not contain it. 3: means
        over the combinations of levels, each with the same weight, whatever the coding.

    References
    ----------
    Kuznetsova, Brockhoff and Christensen (2017), lmerTest package, Journal of Statistical Software
    82(13), section 3. SAS Institute (1978), Tests of hypotheses in fixed-effects linear models,
    Technical report R-101.
    """
    encoding = design.encoding
    names = tuple(term.name for term in encoding.terms)
    columns = [list(encoding.fixed_terms[name]) for name in names]
    x, state = design.X, truth_as_categories(design, table)
    above = containing(design, state)
    if type == 1 or len(names) <= 1 or design.p <= 1:
        unit = _unit_triangle(x)
        return TermHypotheses(names, tuple(unit[own] for own in columns))
    if type == 2:
        return TermHypotheses(
            names, tuple(_type_two(x, columns, k, above[k]) for k in range(len(names)))
        )
    rows, empty = type_three(design, table, x, above, state)
    return TermHypotheses(names, rows, empty)


def hypotheses_of_sums(
    design: Design, stand_in: Table, type: int, root: Callable[[], Array]
) -> TermHypotheses:
    """The hypotheses of a fit whose rows are not there.

    Types I and II are read from the cross-products of X without weights: a root of them stands for
    its rows. Type III asks about the space of its rows, which those that stand in for the data span
    too.

    Parameters
    ----------
    design : Design
        Without rows.
    stand_in : Table
    type : {1, 2, 3}
    root : callable
        To R with R'R = X'X.
    """
    rows = design.encoding.fixed(stand_in) if type == 3 else root()
    return term_hypotheses(replace(design, columns=ModelColumns.of(rows)), stand_in, type)


def root_of_sums(products: CrossProducts, scaling: Array) -> Array:
    """R with R'R = X'X, shape (p, p). It replaces X where only X'X matters.

    Parameters
    ----------
    products : CrossProducts
    scaling : ndarray, shape (p, p)
        From inner coefficients to those of the data.
    """
    p = products.p
    inner = np.linalg.cholesky(products.fixed[:p, :p])
    return np.asarray(np.linalg.solve(scaling.T, inner).T)


def containing(design: Design, state: State) -> list[list[int]]:
    """The terms that contain each term.

    They have all its variables and others beside, and the same numbers: ``a`` is contained in
    ``a:b`` for categories, but not in ``a:x`` for a number x. `state` tells which is which.
    """
    terms = []
    for term in design.encoding.terms:
        variables = frozenset(to_text(factor) for factor in term.factors)
        numbers = frozenset(v for v in variables if v not in state.categories)
        terms.append(_Term(variables, numbers))
    return [
        [
            j
            for j, other in enumerate(terms)
            if term.variables < other.variables and term.numbers == other.numbers
        ]
        for term in terms
    ]


def _unit_triangle(x: Array) -> Array:
    """R of X = QR with a diagonal of ones: row j asks about column j after those before it."""
    r = np.linalg.qr(x, mode="r")
    return np.asarray(r / np.diag(r)[:, None])


def _type_two(x: Array, columns: Sequence[list[int]], k: int, above: Sequence[int]) -> Array:
    p, own = x.shape[1], columns[k]
    if not above:
        return np.eye(p)[own]
    later = [column for j in above for column in columns[j]]
    before = [column for column in range(p) if column not in {*own, *later}]
    order = [*before, *own, *later]
    rows = np.zeros((len(own), p))
    rows[:, order] = _unit_triangle(x[:, order])[len(before) : len(before) + len(own)]
    return rows
