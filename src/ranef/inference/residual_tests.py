"""Tests of the distribution of residuals, with p values by refits of simulated responses.

Estimated parameters make residuals look better than they should: the textbook laws of these
statistics leave almost no power (Lilliefors 1967, On the Kolmogorov-Smirnov test for normality with
mean and variance unknown, JASA 62, 399-402). So each response drawn from the fitted model, with new
random effects, is fitted again, and the statistics of its residuals are compared with those of the
data. One set of refits serves all tests.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ranef.core import CoreKernel, Rows
from ranef.covariance import semidefinite_cholesky
from ranef.design import Design
from ranef.inference.bootstrap import lifted_start
from ranef.inference.estimates import Estimates
from ranef.inference.group_residuals import standardized_modes
from ranef.inference.residual_laws import Parts, ResidualTest, tests_of
from ranef.inference.rows import leverages_at
from ranef.inference.simulate import SimulatedTerm, draw_key, noise_of, simulate_response
from ranef.problem import Problem
from ranef.problem.left import left_of_response, weighted
from ranef.solve import Control, Solution
from ranef.solve.solution import at_solution
from ranef.types import Array

__all__ = ["ResidualTests", "p_value_of", "residual_tests", "standardized_residuals"]

# A row whose leverage is 1 is fitted whatever its response is: it has no residual.
FITTED = 1e-9


@dataclass(frozen=True, slots=True)
class ResidualTests:
    """Statistics of the data and their p values.

    Attributes
    ----------
    names, measures : tuple of str
    conservative : tuple of bool
        Whether the textbook law gives too large p values.
    values, p_values : ndarray, shape (tests,)
    refits : int
        That converged; 0 where the p values are those of the textbook laws.
    failed : int
    seed : int or None
    residuals : ndarray, shape (n,)
        Standardised.
    """

    names: tuple[str, ...]
    measures: tuple[str, ...]
    conservative: tuple[bool, ...]
    values: Array
    p_values: Array
    refits: int = 0
    failed: int = 0
    seed: int | None = None
    residuals: Array = field(default_factory=lambda: np.zeros(0), repr=False)


def residual_tests(
    problem: Problem,
    solution: Solution,
    estimates: Estimates,
    design: Design,
    y: Array,
    weights: Array | None,
    control: Control,
    n: int | None,
    seed: int | None,
    tick: Callable[[int], None],
) -> ResidualTests:
    """Test the residuals of a fit.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Response less offset.
    n : int or None
        Refits; None takes the textbook laws.
    """
    rows = problem.rows_of(design, y, weights)
    tests = tests_of(problem, rows, estimates.covariances)
    with at_solution(problem, solution) as kernel:
        own = _parts(problem, kernel, rows, solution.inner)
    values = np.array([test.value(own) for test in tests])
    told = (
        tuple(t.name for t in tests),
        tuple(t.measure for t in tests),
        tuple(t.conservative for t in tests),
    )
    if n is None:
        p_values = np.array([t.textbook(own, v) for t, v in zip(tests, values, strict=True)])
        return ResidualTests(*told, values, p_values, residuals=own.residuals)
    key = draw_key(seed)
    start = lifted_start(problem, solution.inner)
    plain, mean = replace(problem, rows=None), design.X @ estimates.beta
    noise = noise_of(problem, estimates.sigma, weights)
    terms = [SimulatedTerm(t.codes, t.Z, t.n_levels) for t in design.terms]
    roots = [semidefinite_cholesky(c) for c in estimates.covariances]
    drawn = []
    for k in range(n):
        response = simulate_response(terms, mean, roots, noise, key, k)
        drawn.append(_refitted(tests, plain, design, response, weights, start, control))
        tick(k + 1)
    found = np.array([d for d in drawn if d is not None]).reshape(-1, len(tests))
    p_values = np.array(
        [
            p_value_of(value, column[~np.isnan(column)], test.two_sided)
            for value, column, test in zip(values, found.T, tests, strict=True)
        ]
    )
    refits = found.shape[0]
    return ResidualTests(*told, values, p_values, refits, n - refits, key, own.residuals)


def p_value_of(value: float, drawn: Array, two_sided: bool) -> float:
    """The share of draws that is as extreme, the data counted in (Davison & Hinkley 1997, 4.2)."""
    if np.isnan(value):
        return np.nan
    slack = 1e-12 * abs(value)
    above = (1.0 + np.count_nonzero(drawn >= value - slack)) / (drawn.size + 1.0)
    if not two_sided:
        return float(above)
    below = (1.0 + np.count_nonzero(drawn <= value + slack)) / (drawn.size + 1.0)
    return float(min(1.0, 2.0 * min(above, below)))


def standardized_residuals(problem: Problem, kernel: CoreKernel, rows: Rows) -> Array:
    """Conditional residuals over their own standard deviations, sigma (1 - leverage)^1/2.

    Rows count with the roots of their weights. NaN where the leverage is 1.
    """
    left = left_of_response(rows, kernel.beta, kernel.modes())
    return _standardized(problem, kernel, rows, left)


def _standardized(problem: Problem, kernel: CoreKernel, rows: Rows, left: Array) -> Array:
    room = 1.0 - leverages_at(kernel, rows, "a test of residuals")
    scale = np.sqrt(kernel.r2 / problem.nu * np.where(room > FITTED, room, np.nan))
    return weighted(left, rows.weights) / scale


def _parts(problem: Problem, kernel: CoreKernel, rows: Rows, inner: Array) -> Parts:
    left = left_of_response(rows, kernel.beta, kernel.modes())
    fitted = (rows.y - rows.y_shift) / rows.y_scale - left
    return Parts(
        _standardized(problem, kernel, rows, left),
        fitted,
        standardized_modes(problem, kernel, inner),
    )


def _refitted(
    tests: Sequence[ResidualTest],
    problem: Problem,
    design: Design,
    y: Array,
    weights: Array | None,
    start: Array,
    control: Control,
) -> Array | None:
    """The statistics of another response; None where its fit did not converge."""
    again = problem.with_response(design, y, weights, 1)
    kernel = again.kernel()
    found = kernel.optimise(again.terms, start, control.max_evaluations, control.gain)
    if found.status != "converged":
        return None
    rows = again.rows_of(design, y, weights)
    parts = _parts(again, kernel, rows, found.theta)
    return np.array([test.value(parts) for test in tests])
