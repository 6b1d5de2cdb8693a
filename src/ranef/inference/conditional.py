"""Random effects given the data and the parameters: conditional modes and covariances."""

from __future__ import annotations

import numpy as np

from ranef.core import Kernel
from ranef.problem import Problem
from ranef.solve import Solution
from ranef.solve.solution import at_solution
from ranef.types import Array

__all__ = ["conditional_covariances", "conditional_modes", "conditional_sd_errors"]


def conditional_modes(
    problem: Problem, solution: Solution, kernel: Kernel | None = None
) -> tuple[Array, ...]:
    """Lambda M^-1 Lambda'Z'(y - X beta), (levels, q) for each term.

    Best linear unbiased predictors (Bates, Maechler, Bolker & Walker 2015, eq. 56). `kernel` is one
    that stands at the solution.
    """
    if kernel is None:
        with at_solution(problem, solution) as own:
            return conditional_modes(problem, solution, own)
    by_group = kernel.modes()
    out = []
    for term, b in zip(problem.terms, problem.scaling.B, strict=True):
        inner = by_group[term.group][:, term.offset : term.offset + term.q]
        # Not by BLAS, which starts threads for a product as narrow as this one.
        out.append(np.einsum("li,ki->lk", inner, problem.scaling.y_scale * b))
    return tuple(out)


def conditional_covariances(problem: Problem, solution: Solution) -> tuple[Array, ...]:
    """sigma^2 Lambda M^-1 Lambda' level by level, (levels, q, q) for each term.

    The fixed effects and variances are taken as known, as in lme4's ``ranef(condVar = TRUE)``
    (Bates, Maechler, Bolker & Walker 2015, eq. 58).
    """
    with at_solution(problem, solution) as kernel:
        variance = problem.scaling.y_scale**2 * kernel.r2 / problem.nu
        by_group = kernel.conditional_variances()
    out = []
    for term, b in zip(problem.terms, problem.scaling.B, strict=True):
        s = slice(term.offset, term.offset + term.q)
        out.append(variance * (b @ by_group[term.group][:, s, s] @ b.T))
    return tuple(out)


def conditional_sd_errors(
    problem: Problem, solution: Solution, covariances: tuple[Array, ...]
) -> tuple[Array, ...]:
    """How far conditional standard deviations may be from the exact ones, (levels, q) by term.

    Half-widths of 95% intervals, by the spread of the probes and by what the error of theta can
    change; zero unless crossed factors were solved by iterations. `covariances` are those of
    :func:`conditional_covariances`. Where columns are combined, errors of covariances count as if
    each were as large as it can be.
    """
    if problem.solver is None:
        return tuple(np.zeros(c.shape[:2]) for c in covariances)
    with at_solution(problem, solution) as kernel:
        variance = problem.scaling.y_scale**2 * kernel.r2 / problem.nu
        moved = kernel.covariance_error(problem.terms, solution.inner)
        by_group = kernel.conditional_variance_errors()
    out = []
    for term, b, own in zip(problem.terms, problem.scaling.B, covariances, strict=True):
        errors = by_group[term.group][:, term.offset : term.offset + term.q]
        whole = variance * (np.sqrt(errors) @ np.abs(b).T) ** 2
        sd = np.sqrt(np.einsum("lkk->lk", own))
        noise = np.divide(0.98 * whole, sd, out=np.zeros_like(sd), where=sd > 0.0)
        out.append(noise + 0.5 * moved * sd)
    return tuple(out)
