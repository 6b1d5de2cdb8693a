"""Conditional covariances of the random effects given the data and the parameters."""

from __future__ import annotations

import numpy as np

from ranef.problem import Problem
from ranef.solve import Solution
from ranef.solve.solution import evaluate_at
from ranef.types import Array

__all__ = ["conditional_covariances"]


def conditional_covariances(problem: Problem, solution: Solution) -> tuple[Array, ...]:
    """sigma^2 Lambda M^-1 Lambda' level by level, (levels, q, q) for each term.

    The fixed effects and variances are taken as known, as in lme4's ``ranef(condVar = TRUE)``
    (Bates, Maechler, Bolker & Walker 2015, eq. 58).
    """
    kernel = problem.kernel()
    evaluate_at(problem, kernel, solution.inner)
    variance = problem.scaling.y_scale**2 * kernel.r2 / problem.nu
    by_group = kernel.conditional_variances()
    out = []
    for term, b in zip(problem.terms, problem.scaling.B, strict=True):
        s = slice(term.offset, term.offset + term.q)
        out.append(variance * np.einsum("ab,jbc,dc->jad", b, by_group[term.group][:, s, s], b))
    return tuple(out)
