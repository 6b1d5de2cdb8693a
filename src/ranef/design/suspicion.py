"""Grouping factors whose variances may not be identified: two facts that settle the usual case.

Let z_i (n_i x Q) be the rows in level i of all random-effects columns on a factor, and suppose that
a change (dD, ds) of their covariances and of the residual variance leaves the variance of the
response as it is, so that z_i dD z_i' + ds W_i^-1 = 0 in each level.

1. If some level has more rows than random effects (n_i > Q), the first summand is singular there
   and W_i^-1 is not: ds = 0.
2. If z_i has rank Q in some level and ds = 0, then dD = 0.

So nothing is suspicious if one level has more rows than random effects, and one level, the same or
another, has Q independent columns. For a random intercept the first implies the second; for an
intercept and a slope the second says that the slope's column varies within some level. Where this
is not seen at once, `ranef.design.variance_map` has the exact answer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ranef.design.matrix import ModelColumns
from ranef.design.terms import RandomTerm
from ranef.types import Codes

__all__ = ["suspicious_factors"]

_WINDOW = 1 << 13
"""Rows among which a level is looked for first."""

_MOST_ROWS = 64
"""Of a level, whose rank is looked at."""

_TRIES = 4

_CLEAR = 1e-6
"""Smallest singular value of columns, each at most 1, that are independent beyond doubt."""


def suspicious_factors(terms: Sequence[RandomTerm]) -> tuple[tuple[int, ...], ...]:
    """Positions of the terms on each factor for which the two facts are not seen at once."""
    factors: dict[int, list[int]] = {}
    for k, term in enumerate(terms):
        factors.setdefault(id(term.codes), []).append(k)
    return tuple(tuple(ks) for ks in factors.values() if not _is_clear([terms[k] for k in ks]))


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


def _independent(columns: ModelColumns, rows: NDArray[np.intp]) -> bool:
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
