"""Fixed effects of a linear mixed model for a design, without a fit."""

from __future__ import annotations

from ranef.design import Data
from ranef.inference.ddf import Method
from ranef.inference.ddf.auto import moves_of
from ranef.inference.ddf.satterthwaite import Satterthwaite
from ranef.inference.estimates import estimate
from ranef.inference.satterthwaite import variance_derivatives
from ranef.problem import problem_of
from ranef.problem.crossed import with_path
from ranef.solve import Control, solve
from ranef.types import Array

__all__ = ["fixed_effects"]


def fixed_effects(data: Data, reml: bool, control: Control) -> tuple[Array, Method]:
    """Estimates, shape (p,), and Satterthwaite's method; no prior plays a part.

    Parameters
    ----------
    data : Data
        Of a fit, perhaps with another design.
    reml : bool
    control : Control
        How crossed factors are eliminated; the search has its defaults.
    """
    problem = with_path(problem_of(data, reml), control.crossed, control.error)
    kernel = problem.kernel()
    solution = solve(problem, None, None, kernel)
    if problem.solver is not None:  # with the probes that the search ended with
        problem = solution.problem
    found = estimate(problem, solution, kernel)
    moves = moves_of(
        problem, solution, found.sigma, lambda: variance_derivatives(problem, solution)
    )
    return found.beta, Satterthwaite(found.vcov, moves, "auto")
