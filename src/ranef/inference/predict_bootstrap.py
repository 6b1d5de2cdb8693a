"""Predictions by the parametric bootstrap: new groups and rows, the model fitted again.

Each replicate draws random effects and residuals from the fit, fits the model to the response that
they make, predicts, and keeps the error over its standard error in that refit: what was drawn less
what was predicted. The interval is the prediction plus the fit's standard error times quantiles of
these (the bootstrap-t: Efron and Tibshirani 1993, section 12.5). Quantiles of the errors themselves
would cover as little as the normal law does: they too take the estimated variances as known.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ranef.core import CoreKernel
from ranef.covariance import semidefinite_cholesky
from ranef.design import Design
from ranef.errors import OptionError
from ranef.inference.conditional import conditional_modes
from ranef.inference.estimates import Estimates
from ranef.inference.inner_rows import InnerRows, inner_rows
from ranef.inference.predict import Prediction
from ranef.inference.prediction_options import PredictionOptions
from ranef.inference.prediction_target import Target
from ranef.inference.prediction_variance import new_groups, relative_variances
from ranef.inference.rows import random_part
from ranef.inference.simulate import draw_key, noise_of, residuals_from
from ranef.problem import Problem
from ranef.problem.parameters import group_lambdas
from ranef.solve import Control, Solution
from ranef.solve.solution import at_solution, solve
from ranef.types import Array

__all__ = ["predict_bootstrap"]


def predict_bootstrap(
    target: Target,
    problem: Problem,
    solution: Solution,
    design: Design,
    estimates: Estimates,
    weights: Array | None,
    control: Control,
    options: PredictionOptions,
    tick: Callable[[int], None],
) -> Prediction:
    """Standard deviations of the errors of the means, and intervals by the bootstrap-t.

    Levels that the fit has not seen are drawn anew in each replicate, independently for each row.

    Raises
    ------
    OptionError
        A fit with a prior.
    """
    if problem.prior is not None:
        raise OptionError(
            "this bootstrap is for fits without priors",
            found="method='bootstrap' for a fit with prior=",
            fix="use method='wald', or fit without prior=",
        )
    key = draw_key(options.seed)
    roots = [semidefinite_cholesky(c) for c in estimates.covariances]
    noise = noise_of(problem, estimates.sigma, weights)
    fixed = design.X @ estimates.beta
    true_mean = target.x @ estimates.beta
    random = [(term.codes, term.Z) for term in design.terms]
    rows = inner_rows(problem, target.x, target.blocks)
    fresh = None if target.fresh is None else inner_rows(problem, target.x, target.fresh)
    with at_solution(problem, solution) as standing:
        own = _scale(problem, standing, solution.inner, rows, fresh, target.spread)
    errors = np.empty((options.draws, target.mean.size))
    squares = np.zeros(target.mean.size)
    for k in range(options.draws):
        rng = np.random.Generator(np.random.Philox(key=np.array([key, k], dtype=np.uint64)))
        effects = tuple(
            rng.standard_normal((term.n_levels, term.q)) @ root.T
            for term, root in zip(design.terms, roots, strict=True)
        )
        y = fixed + random_part(random, effects)
        y = y + residuals_from(noise, rng.standard_normal(design.n))
        again = problem.with_response(design, y, weights, 1)
        kernel = again.kernel()
        refit = solve(again, control, kernel=kernel)
        modes = conditional_modes(again, refit, kernel)
        errors[k] = true_mean + random_part(target.blocks, effects)
        errors[k] -= target.x @ again.scaling.beta(kernel.beta)
        errors[k] -= random_part(target.blocks, modes)
        for (codes, z), root in zip(target.blocks, roots, strict=True):
            new = rng.standard_normal((codes.size, root.shape[0])) @ root.T
            errors[k] += np.where(codes < 0, np.einsum("ij,ij->i", z, new), 0.0)
        squares += errors[k] ** 2
        if target.fresh is not None:
            spread = estimates.sigma * np.sqrt(target.spread)
            errors[k] += spread * rng.standard_normal(target.mean.size)
            for (_, z), root in zip(target.fresh, roots, strict=True):
                new = rng.standard_normal((z.shape[0], root.shape[0])) @ root.T
                errors[k] += np.einsum("ij,ij->i", z, new)
        scale = _scale(again, kernel, refit.inner, rows, fresh, target.spread)
        errors[k] /= np.where(scale > 0.0, scale, 1.0)
        tick(k + 1)
    missing = np.isnan(target.mean)
    error = np.sqrt(squares / options.draws)
    error[missing] = np.nan
    if options.interval is None:
        return Prediction(target.estimate, error if options.se else None, None, None, target.broken)
    upper = 0.5 + 0.5 * options.confidence
    low, high = np.quantile(errors, [1.0 - upper, upper], axis=0)
    return Prediction(
        target.estimate,
        error if options.se else None,
        target.mean + low * own,
        target.mean + high * own,
        target.broken,
    )


def _scale(
    problem: Problem,
    kernel: CoreKernel,
    inner: Array,
    rows: InnerRows,
    fresh: InnerRows | None,
    spread: Array | float,
) -> Array:
    """Standard errors of what is predicted, where a kernel stands."""
    relative = [t @ t.T for t in group_lambdas(problem, inner)]
    variance = relative_variances(problem, kernel, relative, rows)
    if fresh is not None:
        variance = variance + spread + new_groups(fresh, relative)
    return np.asarray(problem.scaling.y_scale * np.sqrt(variance * kernel.r2 / problem.nu))
