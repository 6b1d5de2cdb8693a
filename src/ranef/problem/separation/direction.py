r"""The proof that there is no maximum: a direction along which no row loses and some gain.

A row with sign s = 1 (all successes) gains as its predictor grows, a row with s = -1 (all failures,
a zero count) as it falls, and a row with s = 0 (a mixed or positive count) loses either way. If

    s_i x_i'gamma >= 0 where s_i is not 0,   x_i'gamma = 0 where it is,   some s_i x_i'gamma > 0,

the likelihood of every row, given any random effects, does not fall along gamma and that of some
rows rises: so does its mean over the random effects.

The sign of x_i'gamma = sum_k x_ik gamma_k is known in floating point where it exceeds the rounding
error, at most p u sum_k |x_ik gamma_k| with u = 1.1e-16. A row below the threshold of 1e-13 counts
as 0: then gamma is a proof for numbers that differ from those stored in the thirteenth digit. Where
exact arithmetic gives 0 too, it is a proof for these.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np

from ranef.problem.separation.blocks import Mask, Signs, null_space, row_blocks
from ranef.types import Array

__all__ = ["Gains", "gains", "prove"]

_ZERO = 1e-13
"""Of the sum of absolute terms: below it a predictor counts as unchanged."""

_GAIN = 1e-9
"""Of the sum of absolute terms: what the row that gains most must exceed, so that directions in
which X is nearly dependent are no proof."""

_SMALL = 1e-3
"""Of the largest entry: entries below it may be what a search has left of 0."""

_DENOMINATOR = 64
_RATIONAL = 1e-7
"""Ratios of entries this near to a small fraction are tried as that fraction."""

_WHOLE = 2.0**53
"""Up to here sums of whole numbers are exact."""

_MOST_EXACT = 4000
"""Different rows up to which exact arithmetic is tried."""


@dataclass(frozen=True, slots=True)
class Gains:
    """A direction that is a proof.

    Attributes
    ----------
    direction : ndarray, shape (p,)
    rows : ndarray of bool, shape (n,)
        Rows that gain.
    margin : float
        The smallest gain, relative to the sum of the absolute values of its terms.
    exact : bool
        Whether the predictors of all other rows are unchanged in exact arithmetic.
    """

    direction: Array
    rows: Mask
    margin: float
    exact: bool


def gains(X: Array, s: Signs, gamma: Array) -> Gains | None:
    """Check a direction row by row; None if it is not a proof."""
    used = np.flatnonzero(gamma)
    if used.size == 0 or not np.all(np.isfinite(gamma)):
        return None
    short = gamma[used]
    gained = np.zeros(len(X), dtype=bool)
    unchanged = np.zeros(len(X), dtype=bool)  # but for rounding: terms cancel
    margin, most = np.inf, 0.0
    for rows in row_blocks(len(X)):
        x = X[rows][:, used]
        change, size = x @ short, np.abs(x) @ np.abs(short)
        moves = np.abs(change) > _ZERO * size
        up = s[rows] * change
        if np.any(moves & (up <= 0.0)):
            return None
        gained[rows] = moves
        unchanged[rows] = ~moves & (size > 0.0)
        if np.any(moves):
            relative = up[moves] / size[moves]
            margin, most = min(margin, float(relative.min())), max(most, float(relative.max()))
    if most <= _GAIN:
        return None
    return Gains(gamma, gained, margin, _exact(X[unchanged][:, used], short))


def _exact(x: Array, gamma: Array) -> bool:
    """Whether x gamma = 0 in exact arithmetic."""
    if x.size == 0:
        return True
    whole = np.all(x == np.rint(x)) and np.all(gamma == np.rint(gamma))
    if whole and np.max(np.abs(x)) * np.abs(gamma).sum() < _WHOLE:
        return not np.any(x @ gamma)
    if np.any(np.abs(x[:_MOST_EXACT] @ gamma) > 0.0) and len(x) > _MOST_EXACT:
        return False
    different = np.unique(x, axis=0)
    if len(different) > _MOST_EXACT:
        return False
    exact = [Fraction(float(value)) for value in gamma]
    return all(
        sum((Fraction(float(v)) * g for v, g in zip(row, exact, strict=True)), Fraction(0)) == 0
        for row in different
    )


def prove(X: Array, s: Signs, gamma: Array, scale: Array, tight: float) -> Gains | None:
    """A proof near a direction that a search has found; None if there is not one.

    Parameters
    ----------
    X : ndarray, shape (n, p)
    s : ndarray, shape (n,)
    gamma : ndarray, shape (p,)
    scale : ndarray, shape (p,)
        Largest absolute value of each column.
    tight : float
        Of the largest change of a predictor: smaller changes are taken for errors of the search.
    """
    found: Gains | None = None
    for candidate in _candidates(X, gamma, scale, tight):
        proof = gains(X, s, candidate)
        if proof is not None and proof.exact:
            return proof
        found = found or proof
    return found


def _candidates(X: Array, gamma: Array, scale: Array, tight: float) -> Iterator[Array]:
    unit = gamma * scale
    if not np.all(np.isfinite(unit)) or not np.any(unit):
        return
    unit = unit / np.abs(unit).max()
    cleaned = np.where(np.abs(unit) < _SMALL, 0.0, unit)
    for part in (cleaned, unit):
        yield from _fractions(part / scale)
        yield part / scale
    change = X @ (unit / scale)
    still = X[np.abs(change) < tight * np.abs(change).max()]
    if len(still) in (0, len(X)):
        return
    basis = null_space(still, scale)
    for part in (cleaned, unit):
        projected = basis @ (basis.T @ part)
        projected[np.abs(projected) < 1e-12] = 0.0
        if np.any(projected):
            yield from _fractions(projected / scale)
            yield projected / scale


def _fractions(gamma: Array) -> Iterator[Array]:
    """Whole numbers in the ratios of the entries, if these ratios are near to fractions."""
    used = np.flatnonzero(gamma)
    if used.size == 0:
        return
    sizes = np.abs(gamma[used])
    for base in {float(sizes.min()), float(sizes.max())}:
        ratios = [float(value) / base for value in gamma[used]]
        near = [Fraction(ratio).limit_denominator(_DENOMINATOR) for ratio in ratios]
        if all(
            abs(float(fraction) - ratio) <= _RATIONAL * min(1.0, abs(ratio))
            for fraction, ratio in zip(near, ratios, strict=True)
        ):
            common = lcm(*(fraction.denominator for fraction in near))
            out = np.zeros(gamma.size)
            out[used] = [float(fraction * common) for fraction in near]
            yield out
