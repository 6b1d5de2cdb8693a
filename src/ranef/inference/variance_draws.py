"""Values of the relative covariances with the weights that the data give them.

The density is exp(-f / 2), f the REML criterion with sigma profiled out, flat in the standard
deviations over sigma and in the correlations (of which all positive definite matrices are equally
likely: Lewandowski, Kurowicka and Joe 2009). A single standard deviation is integrated on a grid.
Several are drawn: from t laws around the fit first, then around earlier draws chosen by their
weights (population Monte Carlo: Cappe, Guillin, Marin and Robert 2004).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ranef.core import Kernel
from ranef.errors import ApproximationWarning, OptionError, warn
from ranef.inference.flat_law import FlatLaw, flat_law
from ranef.inference.simulate import draw_key
from ranef.page.phrases import count
from ranef.problem import Problem, roots
from ranef.problem.parameters import group_lambdas, to_inner
from ranef.types import Array

__all__ = ["WeightedDraws", "variance_draws"]

GRID = 120
COARSE = 41
STAGES = 12
ENOUGH = 0.4  # of the draws are effective: no better proposals are looked for
TEMPERED = 0.15  # of the draws keep weight in a stage, by a power of the weights below 1
T_DF = 5.0
LEAST_SD = 0.1  # of the first proposals, over sigma for columns of unit size
FEW = 40.0
LEAST_LEVELS = 4
"""With J levels the density falls like sd^-(J - 1): a standard deviation has a mean from 4 on."""


class WeightedDraws(NamedTuple):
    """Inner thetas, shape (draws, k), and weights that add up to 1."""

    inner: Array
    weights: Array


def variance_draws(
    problem: Problem, kernel: Kernel, inner: Array, n: int, seed: int | None
) -> WeightedDraws:
    """Draws for a problem by REML; a grid if there is a single standard deviation.

    Parameters
    ----------
    problem : Problem
    kernel : Kernel
        Of the problem; it is left wherever the last evaluation was.
    inner : ndarray
        Theta of the fit.
    n : int
    seed : int or None

    Raises
    ------
    OptionError
        A grouping factor with fewer than four levels.
    """
    for label in problem.labels:
        if label.n_levels < LEAST_LEVELS:
            raise OptionError(
                "integration over the variances needs at least four levels of each factor",
                found=f"{count(label.n_levels, 'level')} of '{label.factor}'",
                fix="method='wald' has no such limit",
            )
    if inner.size == 1:
        return _grid(problem, kernel)
    return _drawn(problem, kernel, inner, n, draw_key(seed))


def _criterion(problem: Problem, kernel: Kernel, inner: Array) -> float:
    return float(kernel.value) if kernel.evaluate(group_lambdas(problem, inner)) else np.inf


def _grid(problem: Problem, kernel: Kernel) -> WeightedDraws:
    """The midpoint rule in u, sd = s u / (1 - u), with s where the density of log sd is largest."""
    coarse = np.geomspace(1e-3, 1e3, COARSE)
    f = np.array([_criterion(problem, kernel, np.array([sd])) for sd in coarse])
    s = float(coarse[np.argmax(np.log(coarse) - 0.5 * f)])
    u = (np.arange(GRID) + 0.5) / GRID
    sds = s * u / (1.0 - u)
    f = np.array([_criterion(problem, kernel, np.array([sd])) for sd in sds])
    logs = -0.5 * f - 2.0 * np.log(1.0 - u)
    return WeightedDraws(sds[:, None], _weights(logs))


def _drawn(problem: Problem, kernel: Kernel, inner: Array, n: int, seed: int) -> WeightedDraws:
    rng = np.random.Generator(np.random.Philox(key=np.array([seed, 1], dtype=np.uint64)))
    laws = [flat_law(term) for term in problem.terms]
    centre, scales = _first(problem, inner)
    k = centre.size
    centres: Array = centre[None, :]
    root: Array = np.diag(scales)
    thetas = np.empty((n, inner.size))
    for _ in range(STAGES):
        chosen = rng.integers(0, centres.shape[0], n)
        chi = np.sqrt(rng.chisquare(T_DF, n) / T_DF)
        points = centres[chosen] + (rng.standard_normal((n, k)) @ root.T) / chi[:, None]
        logs = -_mixture(points, centres, root)
        for i, point in enumerate(points):
            data, log_density = _theta(point, laws)
            thetas[i] = to_inner(problem, data)
            logs[i] += log_density - 0.5 * _criterion(problem, kernel, thetas[i])
        weights = _weights(logs)
        if _effective(weights) >= ENOUGH * n:
            break
        tempered = _tempered(logs, n)
        mean = tempered @ points
        apart = points - mean
        spread = apart.T @ (tempered[:, None] * apart) + 1e-6 * np.diag(scales**2)
        root = 0.6 * np.linalg.cholesky(spread).astype(np.float64, copy=False)
        centres = points[rng.choice(n, n, p=tempered)] * 0.8 + 0.2 * mean
    effective = _effective(weights)
    if effective < FEW:
        warn(
            ApproximationWarning,
            "few draws of the variances carry the weight: the intervals are rough",
            found=f"{effective:.0f} effective draws of {n}",
            fix=f"predict(..., n={4 * n})",
        )
    return WeightedDraws(thetas, weights)


def _first(problem: Problem, inner: Array) -> tuple[Array, Array]:
    """Centre and scales of the first proposals."""
    centre, scales = [], []
    for block, t, b in zip(
        problem.terms, roots(problem.terms, inner), problem.scaling.B, strict=True
    ):
        covariance = b @ (t @ t.T + LEAST_SD**2 * np.eye(t.shape[0])) @ b.T
        own_centre, own_scales = flat_law(block).first(covariance)
        centre.append(own_centre)
        scales.append(own_scales)
    return np.concatenate(centre), np.concatenate(scales)


def _theta(point: Array, laws: Sequence[FlatLaw]) -> tuple[Array, float]:
    """Theta on the data's scale, and the log density of the flat law in these coordinates."""
    own, start, total = [], 0, 0.0
    for law in laws:
        parameters, density = law.parameters(point[start : start + law.size])
        own.append(parameters)
        total += density
        start += law.size
    return np.concatenate(own), total


def _mixture(points: Array, centres: Array, root: Array) -> Array:
    """Log density of the proposals, up to a constant."""
    inverse = np.linalg.inv(root)
    a, b = points @ inverse.T, centres @ inverse.T
    k = points.shape[1]
    squares = np.sum(a**2, axis=1)[:, None] + np.sum(b**2, axis=1) - 2.0 * a @ b.T
    logs = -0.5 * (T_DF + k) * np.log1p(np.maximum(squares, 0.0) / T_DF)
    top = logs.max(axis=1)
    return np.asarray(top + np.log(np.exp(logs - top[:, None]).mean(axis=1)))


def _weights(logs: Array) -> Array:
    weights = np.exp(logs - np.max(logs))
    return np.asarray(weights / weights.sum())


def _effective(weights: Array) -> float:
    return 1.0 / float(np.sum(weights**2))


def _tempered(logs: Array, n: int) -> Array:
    """Weights to the largest power up to 1 at which enough draws count."""
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = 0.5 * (low + high)
        enough = _effective(_weights(middle * logs)) >= TEMPERED * n
        low, high = (middle, high) if enough else (low, middle)
    return _weights(low * logs)
