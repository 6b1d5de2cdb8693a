"""Whether the data identify the variances: a model is refused only if they do not.

The exact test is the rank of a linear map (`ranef.design.variance_map`). It is made for one
grouping factor at a time and only if something is suspicious, since two facts settle the usual
case. Let z_i (n_i x Q) be the rows of Z in level i, and suppose that a change (dD, ds) leaves V as
it is, so that z_i dD z_i' + ds W_i^-1 = 0 in each level.

1. If some level has more rows than random effects (n_i > Q), the first summand is singular there
   and W_i^-1 is not: ds = 0.
2. If z_i has rank Q in some level and ds = 0, then dD = 0.

So nothing is suspicious if one level has more rows than random effects, and one level, the same or
another, has Q independent columns. For a random intercept the first implies the second; for an
intercept and a slope the second says that the slope's column varies within some level.

Factors that make the same groups under two names are not refused: all but the split between the
two variances is determined, and the certificate names these.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ranef.design.design import Design
from ranef.formula.model import Formula
from ranef.types import Array, Codes, ModelColumns, RandomTerm

if TYPE_CHECKING:
    from ranef.design.variance_map import FlatDirection

__all__ = ["check_identifiable", "is_identified"]

_WINDOW = 1 << 13
"""Rows among which a level is looked for first."""

_MOST_ROWS = 64
"""Of a level, whose rank is looked at."""

_TRIES = 4

_CLEAR = 1e-6
"""Smallest relative singular value of columns that are independent beyond doubt."""


def check_identifiable(design: Design, formula: Formula, weights: Array | None = None) -> None:
    """Raise if the variances of a linear model are not identified.

    Parameters
    ----------
    design : Design
    formula : Formula
        What the design was built from.
    weights : ndarray, shape (n,), optional
        Precision weights. If they differ, they can tell the residual variance from a variance
        between single rows.

    Raises
    ------
    DesignError
        Different variances and covariances of the random effects on one grouping factor, or of
        these and the residuals, give the response the same variance. The error names them, and the
        nearest model that is identified.
    """
    for members in by_factor(design.terms):
        terms = [design.terms[k] for k in members]
        found = () if _is_clear(terms) else _flat(terms, weights)
        if found:
            from ranef.design.unidentified import refusal

            raise refusal(design, formula, members, found, weights)


def is_identified(terms: Sequence[RandomTerm], weights: Array | None = None) -> bool:
    """Whether the data identify the variances of the terms on one grouping factor."""
    return _is_clear(terms) or not _flat(terms, weights)


def _flat(terms: Sequence[RandomTerm], weights: Array | None) -> tuple[FlatDirection, ...]:
    from ranef.design.variance_map import flat_directions

    first = terms[0]
    blocks = [term.columns for term in terms]
    return flat_directions(blocks, first.codes, first.n_levels, weights)


def by_factor(terms: Sequence[RandomTerm]) -> list[list[int]]:
    """Positions of the terms on each grouping factor."""
    found: dict[int, list[int]] = {}
    for k, term in enumerate(terms):
        found.setdefault(id(term.codes), []).append(k)
    return list(found.values())


def _is_clear(terms: Sequence[RandomTerm]) -> bool:
    """The two facts above; False where they are not seen at once."""
    first = terms[0]
    q = sum(term.q for term in terms)
    if q * first.n_levels >= first.codes.size and np.bincount(first.codes).max() <= q:
        return False
    if any(term.constant for term in terms):
        return False
    intercepts = sum(column is None for term in terms for column in term.columns.columns)
    if q == 1 or (q == 2 and intercepts == 1):
        return True
    columns = tuple(column for term in terms for column in term.columns.columns)
    return _some_level_has_full_rank(ModelColumns(columns, first.codes.size), first.codes)


def _some_level_has_full_rank(columns: ModelColumns, codes: Codes) -> bool:
    for row in range(0, codes.size, max(1, codes.size // _TRIES)):
        near = slice(max(0, row - _WINDOW // 2), row + _WINDOW // 2)
        rows = np.flatnonzero(codes[near] == codes[row])[:_MOST_ROWS] + near.start
        if rows.size < min(_MOST_ROWS, 2 * len(columns)) and codes.size > _WINDOW:
            rows = np.flatnonzero(codes == codes[row])[:_MOST_ROWS]
        if rows.size >= len(columns) and _independent(columns, rows):
            return True
    return False


def _independent(columns: ModelColumns, rows: Codes) -> bool:
    """Whether the columns are far from dependent in some rows."""
    made = []
    constants = 0
    for column in columns.columns:
        constants += column is None
        if column is not None:
            made.append(column[rows])
    if constants > 1:
        return False
    Z = np.column_stack(made)
    if constants:
        Z -= Z.mean(axis=0)
    sizes = np.abs(Z).max(axis=0)
    if not sizes.all() or Z.shape[0] - constants < Z.shape[1]:
        return False
    return bool(np.linalg.svd(Z / sizes, compute_uv=False)[-1] > _CLEAR)
