"""Responses that the model fits without residuals: nothing is left to estimate a variance from."""

from __future__ import annotations

import numpy as np

from ranef.design import Design
from ranef.errors import DesignError
from ranef.problem.problem import Problem
from ranef.types import Array

__all__ = ["NOTHING", "check_fixed_part", "check_residual_variance"]

# Residual mean square over that of the response: below it, only rounding error is left.
NOTHING = 1e-14


def check_fixed_part(problem: Problem, design: Design) -> None:
    """Raise where the fixed part alone fits the response exactly."""
    if problem.n <= problem.p:
        raise DesignError(
            "there are no more rows than coefficients",
            found=f"{problem.n} rows, {problem.p} coefficients in the fixed part",
            fix="use fewer predictors or more rows",
        )
    products = problem.products
    if products.fixed_part[1] <= NOTHING * products.fixed[problem.p, problem.p]:
        raise DesignError(
            f"the fixed part fits '{design.response}' exactly",
            found="no residual variation is left for random effects or errors",
            fix=f"see whether '{design.response}' was computed from the predictors",
        )


def check_residual_variance(problem: Problem, design: Design, y: Array, variance: float) -> None:
    """Raise where fixed and random effects together fit the response exactly.

    Parameters
    ----------
    variance : float
        Estimated residual variance on the inner scale, where the response has size 1.
    """
    if variance > NOTHING:
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
