"""Responses that the model fits without residuals: nothing is left to estimate a variance from."""

from __future__ import annotations

import numpy as np

from ranef.core import Kernel
from ranef.design import Design
from ranef.errors import DataError, DesignError
from ranef.page.phrases import count
from ranef.problem.left import left_of_response
from ranef.problem.problem import Problem
from ranef.types import Array

__all__ = [
    "FEW_DIGITS",
    "NOTHING",
    "check_digits_of_residuals",
    "check_fixed_part",
    "check_residual_variance",
    "hardly_explained",
]

# Residual mean square over that of the response: below it, cross-products hold rounding error only.
NOTHING = 1e-14

# The same ratio where cross-products hold eight digits of what is left, and rows cannot be asked.
FEW_DIGITS = 1e-8

# Root mean square of residuals, in spacings of the largest response among doubles, that rounding
# error alone may leave.
SPACINGS = 8.0


def check_fixed_part(problem: Problem, design: Design, y: Array, weights: Array | None) -> None:
    """Raise where the fixed part alone fits the response exactly.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Response less offset.
    weights : ndarray or None, shape (n,)
    """
    if problem.n <= problem.p:
        raise DesignError(
            "there are no more rows than coefficients",
            found=f"{count(problem.n, 'row')}, {count(problem.p, 'coefficient')} in the fixed part",
            fix="use fewer predictors or more rows",
        )
    if not hardly_explained(problem) or not _only_rounding(
        _left_by_x(design.X, y, weights), y, design.y
    ):
        return
    raise DesignError(
        f"the fixed part fits '{design.response}' exactly",
        found="no residual variation is left for random effects or errors",
        fix=f"see whether '{design.response}' was computed from the predictors",
    )


def hardly_explained(problem: Problem) -> bool:
    """Whether cross-products cannot tell what X leaves of the response from nothing."""
    products = problem.products
    return bool(products.fixed_part[1] <= NOTHING * products.fixed[problem.p, problem.p])


def check_residual_variance(
    problem: Problem, design: Design, y: Array, variance: float, kernel: Kernel
) -> None:
    """Raise where fixed and random effects together fit the response exactly.

    Parameters
    ----------
    variance : float
        Estimated residual variance on the inner scale, where the response has size 1.
    kernel : Kernel
        Its last evaluation was at the solution.
    """
    if variance > NOTHING:
        return
    rows = problem.rows
    if rows is not None:
        left = problem.scaling.y_scale * left_of_response(rows, kernel.beta, kernel.modes())
        if not _only_rounding(left, y, design.y):
            return
    for term in design.terms:
        first = np.zeros(term.n_levels)
        first[term.codes] = y
        if np.array_equal(first[term.codes], y):
            raise DesignError(
                f"'{design.response}' never varies within a level of '{term.factor}'",
                found="a residual variance of zero",
                fix=f"analyse one row for each level of '{term.factor}'",
            )
    raise DesignError(
        f"fixed and random effects together fit '{design.response}' exactly",
        found="a residual variance of zero",
        fix=f"use fewer random effects, or see whether '{design.response}' was computed from "
        "the predictors",
    )


def _only_rounding(left: Array, *responses: Array) -> bool:
    """Whether residuals are no larger than the spacing of doubles in the response makes them."""
    largest = max(float(np.abs(y).max(initial=0.0)) for y in responses)
    return bool(np.sqrt(np.mean(left**2)) <= SPACINGS * np.spacing(largest))


def _left_by_x(x: Array, y: Array, weights: Array | None) -> Array:
    """Residuals of least squares; a second step takes off what rounding has left in the first."""
    root = np.ones(y.size) if weights is None else np.sqrt(weights)
    sizes = np.linalg.norm(x, axis=0)
    x = x / np.where(sizes > 0.0, sizes, 1.0)
    left = np.asarray(y, dtype=np.float64)
    for _ in range(2):
        left = left - x @ np.linalg.lstsq(x * root[:, None], left * root, rcond=None)[0]
    return left


def check_digits_of_residuals(sigma: float, size: float, formula: str) -> None:
    """Refuse residuals of which sums of products hold too few digits, if rows cannot be asked.

    Parameters
    ----------
    sigma : float
        Residual standard deviation.
    size : float
        Root mean square of the response that was summed.
    formula : str

    Raises
    ------
    DataError
    """
    if (sigma / size) ** 2 <= FEW_DIGITS:
        raise DataError(
            "the residuals are too small beside the response for sums of products",
            where=formula,
            found=f"a residual SD of {sigma:.2g}, and a response of about {size:.2g}",
            fix="use a formula with an intercept, take a constant off the response, or read the "
            "data into memory",
        )
