"""Predictions with the variances integrated out.

Given the relative covariances and flat laws of beta and log sigma, a prediction has a t law with
n - p degrees of freedom around its best linear unbiased predictor. The interval is made of the
quantiles of their mixture over the values that the data allow.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ranef.errors import OptionError
from ranef.inference.conditional import conditional_modes
from ranef.inference.inner_rows import Blocks, inner_rows
from ranef.inference.predict import Prediction
from ranef.inference.prediction_options import PredictionOptions
from ranef.inference.prediction_target import Target
from ranef.inference.prediction_variance import new_groups, relative_variances
from ranef.inference.rows import random_part
from ranef.inference.variance_draws import variance_draws
from ranef.problem import Problem
from ranef.problem.parameters import group_lambdas
from ranef.solve import Solution
from ranef.solve.solution import evaluate_at
from ranef.types import Array

__all__ = ["predict_integrated"]

STEPS = 60
CHUNK = 1 << 14


def predict_integrated(
    target: Target, problem: Problem, solution: Solution, options: PredictionOptions
) -> Prediction:
    """Standard deviations and equal-tailed intervals of the mixture.

    The estimate is that of the fit, not the mixture's mean.

    Raises
    ------
    OptionError
        A fit with a prior, or factors with fewer than four levels.
    """
    if problem.prior is not None:
        raise OptionError(
            "integration over the variances takes its own prior",
            found="method='integrated' for a fit with prior=",
            fix="use method='wald', or fit without prior=",
        )
    problem = problem.with_reml(True)
    kernel = problem.kernel()
    draws = variance_draws(problem, kernel, solution.inner, options.draws, options.seed)
    kept = draws.weights > 1e-12
    thetas, weights = draws.inner[kept], draws.weights[kept]
    n = target.mean.size
    low, high, error = np.empty(n), np.empty(n), np.empty(n)
    size = max(1, CHUNK * 64 // weights.size)
    for start in range(0, n, size):
        part = slice(start, start + size)
        chunk = _rows(target, part)
        rows = inner_rows(problem, chunk.x, chunk.blocks)
        fresh = None if chunk.fresh is None else inner_rows(problem, chunk.x, chunk.fresh)
        means = np.empty((chunk.mean.size, weights.size))
        variances, more = np.empty_like(means), np.zeros_like(means)
        for k, theta in enumerate(thetas):
            evaluate_at(problem, kernel, theta)
            sigma2 = problem.scaling.y_scale**2 * kernel.r2 / problem.nu
            modes = conditional_modes(problem, solution, kernel)
            means[:, k] = chunk.x @ problem.scaling.beta(kernel.beta)
            means[:, k] += random_part(chunk.blocks, modes)
            relative = [t @ t.T for t in group_lambdas(problem, theta)]
            variances[:, k] = relative_variances(problem, kernel, relative, rows)
            variances[:, k] *= sigma2
            if fresh is not None:
                more[:, k] = sigma2 * (chunk.spread + new_groups(fresh, relative))
        means += np.broadcast_to(chunk.offset, chunk.mean.shape)[:, None]
        centre = means @ weights
        tail = problem.nu / (problem.nu - 2.0) if problem.nu > 2.0 else np.inf
        error[part] = np.sqrt((tail * variances + (means - centre[:, None]) ** 2) @ weights)
        if options.interval is not None:
            scales = np.sqrt(np.maximum(variances + more, 0.0))
            upper = 0.5 + 0.5 * options.confidence
            low[part] = _quantile(means, scales, weights, problem.nu, 1.0 - upper)
            high[part] = _quantile(means, scales, weights, problem.nu, upper)
    missing = np.isnan(target.mean)
    low[missing] = high[missing] = error[missing] = np.nan
    asked = options.interval is not None
    return Prediction(
        target.estimate,
        error if options.se else None,
        low if asked else None,
        high if asked else None,
        target.broken,
    )


def _rows(target: Target, part: slice) -> Target:
    def taken(blocks: Blocks) -> Blocks:
        return [(code[part], z[part]) for code, z in blocks]

    offset, spread = target.offset, target.spread
    return replace(
        target,
        mean=target.mean[part],
        x=target.x[part],
        offset=offset if isinstance(offset, float) else offset[part],
        blocks=taken(target.blocks),
        fresh=None if target.fresh is None else taken(target.fresh),
        spread=spread if isinstance(spread, float) else spread[part],
    )


def _quantile(means: Array, scales: Array, weights: Array, nu: float, p: float) -> Array:
    """Quantiles of mixtures of t laws, one a row, by Newton's steps within brackets."""
    from scipy import special

    ends = means + scales * special.stdtrit(nu, p)
    low, high = ends.min(axis=1), ends.max(axis=1)
    at = ends @ weights
    safe = np.where(scales > 0.0, scales, 1.0)
    constant = np.exp(special.gammaln(0.5 * (nu + 1.0)) - special.gammaln(0.5 * nu)) / np.sqrt(
        np.pi * nu
    )
    for _ in range(STEPS):
        z = (at[:, None] - means) / safe
        below = np.where(scales > 0.0, special.stdtr(nu, z), at[:, None] >= means) @ weights - p
        density = (constant / safe * (1.0 + z**2 / nu) ** (-0.5 * (nu + 1.0))) @ weights
        high = np.where(below >= 0.0, at, high)
        low = np.where(below < 0.0, at, low)
        with np.errstate(divide="ignore", invalid="ignore"):
            step = at - below / density
        inside = (step > low) & (step < high)
        new = np.where(inside, step, 0.5 * (low + high))
        done = ~(np.abs(new - at) > 1e-10 * (np.abs(at) + (high - low) + scales.max(axis=1)))
        at = new
        if done.all():
            break
    return np.asarray(at)
