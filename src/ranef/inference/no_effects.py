"""The criterion of a problem whose random effects are all zero."""

from __future__ import annotations

import numpy as np

from ranef.problem import Problem
from ranef.solve.solution import evaluate_at
from ranef.types import Array

__all__ = ["criterion_without_effects"]


def criterion_without_effects(problem: Problem) -> float:
    """The smallest criterion with all variances of random effects zero.

    Parameters of the residuals, if there are any, are estimated again: they take up some of what
    the random effects have left.
    """
    part = problem.residual
    if part is None or part.phi is None:
        return _value(problem)
    from scipy import optimize

    def at(phi: Array) -> float:
        return _value(problem.at_residual(np.asarray(phi)))

    return min(float(optimize.minimize(at, start, method="BFGS").fun)
               for start in (part.phi, part.start()))  # fmt: skip


def _value(problem: Problem) -> float:
    kernel = problem.kernel()
    evaluate_at(problem, kernel, np.zeros(problem.n_theta))
    return kernel.value
