r"""A search for either proof: Newton's method on a function with the same recession directions.

    f(gamma) = sum log S(s_i x_i'gamma)  -  (K/2) sum (x_i'gamma)^2,   S logistic,

the first sum over rows with a sign, the second over the others. f is concave and has a maximum if
and only if there is no recession direction. At the maximum its scores s_i S(-s_i x_i'gamma) are
Stiemke's numbers; if there is none, the steps turn into a recession direction.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ranef.problem.separation.blocks import Signs, row_blocks
from ranef.problem.separation.certificate import orthonormal
from ranef.types import Array

__all__ = ["Iterate", "ascent"]

_STILL = 1e4
"""K: rows that have no sign hardly move."""

_SETTLED = 0.5
"""Change of a predictor in one step below which the scores are tried as a proof."""

_SAMPLE = 131_072
"""Rows above which the search begins with a part of them."""

_SAMPLE_STEPS = 8


@dataclass(frozen=True, slots=True)
class Iterate:
    """Attributes
    ----------
    scores : ndarray, shape (n,)
    position, step : ndarray, shape (p,)
        Coefficients, and their next step.
    settled : bool
        Whether it is so short that the scores may be a proof.
    """

    scores: Array
    position: Array
    step: Array
    settled: bool


def ascent(X: Array, s: Signs, steps: int) -> Iterator[Iterate]:
    """The iterates, `steps` at most."""
    yield from _ascent(X, s, steps, _first(X, s))


def _first(X: Array, s: Signs) -> Array:
    """Where to begin: 0, or where the search in every k-th row ends."""
    every = len(X) // _SAMPLE
    position = np.zeros(X.shape[1])
    if every > 1:
        part = slice(None, None, every)
        for iterate in _ascent(X[part], s[part], _SAMPLE_STEPS, position):
            position = iterate.position
    return position


def _ascent(X: Array, s: Signs, steps: int, start: Array) -> Iterator[Iterate]:
    signed = s != 0
    weights = np.where(signed, 0.25, _STILL)
    T = orthonormal(X, weights, np.zeros(len(X)), signed)[0]
    if T.shape[1] == 0:
        return
    position = np.linalg.lstsq(T, start, rcond=None)[0]
    height = _height(X @ (T @ position), s)
    for _ in range(steps):
        eta = X @ (T @ position)
        # 1 - S(s eta); where there is no sign the score of the second sum
        away = 1.0 / (1.0 + np.exp(np.clip(s * eta, -700.0, 700.0)))
        scores = np.where(signed, s * away, -_STILL * eta)
        curvature = np.where(signed, away * (1.0 - away), _STILL)
        H, slope = _sums(X, T, curvature, scores)
        H += 1e-12 * np.trace(H) / len(H) * np.eye(len(H))
        step = np.linalg.lstsq(H, slope, rcond=None)[0]
        change = X @ (T @ step)
        longest = float(np.abs(change[signed]).max()) if np.any(signed) else 0.0
        yield Iterate(scores, T @ position, T @ step, longest < _SETTLED)
        size = 1.0
        while size > 1e-6:
            risen = _height(eta + size * change, s)
            if risen > height:
                break
            size /= 2.0
        else:
            return
        position, height = position + size * step, risen


def _height(eta: Array, s: Signs) -> float:
    signed = s != 0
    up = s[signed] * eta[signed]
    return float(-np.logaddexp(0.0, -up).sum() - _STILL / 2.0 * np.sum(eta[~signed] ** 2))


def _sums(X: Array, T: Array, weights: Array, scores: Array) -> tuple[Array, Array]:
    H, slope = np.zeros((T.shape[1], T.shape[1])), np.zeros(T.shape[1])
    for rows in row_blocks(len(X)):
        Y = X[rows] @ T
        H += (Y.T * weights[rows]) @ Y
        slope += Y.T @ scores[rows]
    return H, slope
