r"""Does the likelihood rise for ever as the variances of the random effects grow?

Let beta = t beta_0 and D = t^2 D_0, and t go to infinity. Given random effects b = t b_0 a row on
its side, s_i (x_i'beta_0 + z_i'b_0) > 0, has likelihood 1 in the limit and any other row 0, so that
the likelihood tends to the probability that all rows are on their sides. It is above 0 for some D_0
if and only if there are beta_0, b_0 with

    s_i (x_i'beta_0 + z_i'b_0) > 0 in all rows,

that is, if [X Z] separates all rows completely. That is so if every level of a factor with a random
intercept has only successes or only failures. Otherwise a linear programme in [X Z] tells: if some
rows cannot be separated, neither can all, so levels with both signs are taken a few at a time. Its
dual variables l >= 0, sum l = 1, prove that it cannot: whatever the coefficients in the box
|gamma_k| <= 1, some row has a margin of at most |[X Z]'(l s)|_1.

Laplace's method does not show this: at large variances it is not the likelihood.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranef.page import phrases
from ranef.problem.separation.blocks import Mask, Signs, largest
from ranef.types import Array, Codes

__all__ = ["InfiniteVariances", "RandomPart", "infinite_variances"]

_FIRST_ROWS = 300
"""Rows of the first linear programme; each next one has four times as many."""

_MARGIN = 1e-7
"""In units in which columns are at most 1: below it a margin may be an error of the solver."""

_PROVEN = 1e-9


@dataclass(frozen=True, slots=True)
class RandomPart:
    """Random effects of one grouping factor.

    Attributes
    ----------
    name : str
    codes : ndarray of int32, shape (n,)
    n_levels : int
    Z : ndarray, shape (n, q)
    """

    name: str
    codes: Codes
    n_levels: int
    Z: Array


@dataclass(frozen=True, slots=True)
class InfiniteVariances:
    """Whether the likelihood stays above 0 as the variances go to infinity.

    Attributes
    ----------
    possible : bool or None
        True: it does, so there may be no finite maximum. False: it falls to 0. None: not decided.
    proof : str
    factor : str or None
        The factor whose levels are all homogeneous, if that is the reason.
    margin : float
        The smallest margin of a row, or the upper bound of it, in units in which columns and
        coefficients are at most 1.
    """

    possible: bool | None
    proof: str
    factor: str | None
    margin: float


def infinite_variances(X: Array, parts: Sequence[RandomPart], signs: Signs) -> InfiniteVariances:
    """Decide whether [X Z] separates all rows.

    Parameters
    ----------
    X : ndarray, shape (n, p)
    parts : sequence of RandomPart
    signs : ndarray of int8, shape (n,)
        See :func:`separation`.

    Examples
    --------
    >>> import numpy as np
    >>> codes = np.repeat(np.arange(4, dtype=np.int32), 5)
    >>> signs = np.where(codes % 2 == 0, 1, -1).astype(np.int8)
    >>> found = infinite_variances(
    ...     np.ones((20, 1)), [RandomPart("g", codes, 4, np.ones((20, 1)))], signs
    ... )
    >>> found.possible, found.factor
    (True, 'g')
    """
    if not np.all(signs):
        count = int(np.count_nonzero(signs == 0))
        own = phrases.count(count, "row has", "rows have")
        why = (
            f"{own} a maximum of {phrases.one_of_them(count, 'its', 'their')} own: none can be at "
        )
        return InfiniteVariances(False, f"{why}infinity", None, 0.0)
    for part in parts:
        if _has_constant(part.Z) and not np.any(_mixed(part, signs)):
            return InfiniteVariances(
                True,
                f"every level of {part.name} has only successes or only failures",
                part.name,
                1.0,
            )
    return _by_program(X, parts, signs)


def _has_constant(Z: Array) -> bool:
    """Whether one column of Z is the same number, not 0, in all rows."""
    return bool(np.any((np.ptp(Z, axis=0) == 0.0) & (Z[0] != 0.0)))


def _mixed(part: RandomPart, signs: Signs) -> Mask:
    """Levels that have rows of both signs."""
    ups = np.bincount(part.codes[signs > 0], minlength=part.n_levels)
    downs = np.bincount(part.codes[signs < 0], minlength=part.n_levels)
    return np.asarray((ups > 0) & (downs > 0))


def _by_program(X: Array, parts: Sequence[RandomPart], signs: Signs) -> InfiniteVariances:
    first = max(parts, key=lambda part: part.n_levels)
    # Rows of levels with both signs first, level by level: few of them often settle it.
    order = np.lexsort((first.codes, ~_mixed(first, signs)[first.codes]))
    count = min(_FIRST_ROWS, order.size)
    while True:
        rows = np.sort(order[:count])
        margin, bound = _margin(X[rows], [_part(part, rows) for part in parts], signs[rows])
        if bound <= _PROVEN:
            return InfiniteVariances(
                False,
                "no choice of coefficients and random effects predicts "
                f"{phrases.count(rows.size, 'row')} of levels with both outcomes: one of them has "
                f"a margin of at most {bound:.1e}",
                None,
                bound,
            )
        if margin <= _MARGIN:
            return InfiniteVariances(
                None,
                "it was not decided whether fixed and random effects separate all rows",
                None,
                margin,
            )
        if count == order.size:
            return InfiniteVariances(
                True,
                "some fixed and random effects together put every row on its side, by a margin "
                f"of at least {margin:.1e}",
                None,
                margin,
            )
        count = min(4 * count, order.size)


def _part(part: RandomPart, rows: NDArray[np.int64]) -> RandomPart:
    levels, codes = np.unique(part.codes[rows], return_inverse=True)
    return RandomPart(part.name, codes.astype(np.int32), levels.size, part.Z[rows])


def _margin(X: Array, parts: Sequence[RandomPart], signs: Signs) -> tuple[float, float]:
    """The largest margin of all rows, and an upper bound of it from dual variables.

    The margin is computed from the solution, and has an error of 1e-15.
    """
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, hstack

    blocks = [csr_array(X / largest(X))]
    for part in parts:
        n, q = part.Z.shape
        columns = part.codes[:, None] * q + np.arange(q)
        pointers = np.arange(0, n * q + 1, q)
        unit = part.Z / largest(part.Z)
        shape = (n, part.n_levels * q)
        blocks.append(csr_array((unit.ravel(), columns.ravel(), pointers), shape=shape))
    design: Any = csr_array(hstack(blocks)).multiply(signs[:, None]).tocsr()
    n, width = design.shape
    found = linprog(
        np.append(np.zeros(width), -1.0),
        A_ub=hstack([-design, csr_array(np.ones((n, 1)))]),
        b_ub=np.zeros(n),
        bounds=[(-1.0, 1.0)] * width + [(0.0, 1.0)],
        method="highs",
    )
    if found.x is None:
        return 0.0, np.inf
    dual = np.maximum(-found.ineqlin.marginals, 0.0)
    total = float(dual.sum())
    bound = float(np.abs(design.T @ (dual / total)).sum()) if total > 0.0 else np.inf
    return float((design @ found.x[:-1]).min()), bound
