"""Point estimates and criteria on the data's scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ranef.core import Kernel
from ranef.problem import Problem
from ranef.solve import Solution
from ranef.solve.solution import at_solution, evaluate_at
from ranef.types import Array

__all__ = ["Estimates", "estimate"]


@dataclass(frozen=True, slots=True)
class Estimates:
    """What was estimated.

    Attributes
    ----------
    beta : ndarray, shape (p,)
    vcov : ndarray, shape (p, p)
        sigma^2 (X'V^-1 X)^-1.
    sigma : float
        Residual standard deviation (of a row with weight 1).
    covariances : tuple of ndarray, shape (q, q)
        Covariance of each term's random effects.
    loglik : float
        Log-likelihood, or the REML log-likelihood under REML.
    deviance : float
        -2 log-likelihood (ML) at these theta, beta and sigma profiled.
    criterion : float
        What was minimised: -2 loglik, with priors -2 their log density on top.
    n_parameters : int
        Fixed effects, theta, sigma, and what structures the residuals.
    """

    beta: Array
    vcov: Array
    sigma: float
    covariances: tuple[Array, ...]
    loglik: float
    deviance: float
    criterion: float
    n: int
    n_parameters: int

    @property
    def aic(self) -> float:
        return -2.0 * self.loglik + 2.0 * self.n_parameters

    @property
    def bic(self) -> float:
        return -2.0 * self.loglik + float(np.log(self.n)) * self.n_parameters


def estimate(problem: Problem, solution: Solution, kernel: Kernel | None = None) -> Estimates:
    """Estimates at a solution (Bates, Maechler, Bolker & Walker 2015, section 3.4).

    `kernel` is one whose last evaluation was at the solution.
    """
    if kernel is None:
        with at_solution(problem, solution) as own:
            return estimate(problem, solution, own)
    scaling = problem.scaling
    sigma = scaling.y_scale * float(np.sqrt(kernel.r2 / problem.nu))
    loglik, deviance = -0.5 * solution.criterion, _deviance(problem, kernel)
    if problem.prior is not None:
        plain = problem.with_prior(None)
        alone = plain.kernel()
        evaluate_at(plain, alone, solution.inner)
        loglik = _loglik(plain, alone, kernel.beta, sigma)
        deviance = _deviance(plain, alone)
    return Estimates(
        beta=scaling.beta(kernel.beta),
        vcov=sigma**2 * (scaling.R @ kernel.xx_inverse @ scaling.R.T),
        sigma=sigma,
        covariances=tuple(sigma**2 * c for c in solution.covariances),
        loglik=loglik,
        deviance=deviance,
        criterion=solution.criterion,
        n=problem.n,
        n_parameters=problem.p + problem.n_theta + problem.n_residual + 1,
    )


def _loglik(problem: Problem, kernel: Kernel, beta: Array, sigma: float) -> float:
    """Log-likelihood at an inner beta and sigma that are not its own profiles.

    REML's does not depend on beta: it has been integrated out.
    """
    variance = (sigma / problem.scaling.y_scale) ** 2
    r2 = kernel.r2
    if not problem.reml:
        step = beta - kernel.beta
        r2 += float(step @ np.linalg.solve(kernel.xx_inverse, step)) if step.size else 0.0
    profile = problem.nu * (1.0 + np.log(kernel.r2 / problem.nu))
    return -0.5 * float(kernel.value - profile + problem.nu * np.log(variance) + r2 / variance)


def _deviance(problem: Problem, kernel: Kernel) -> float:
    n = float(problem.n)
    r2 = problem.scaling.y_scale**2 * kernel.r2
    return float(
        kernel.log_determinant
        + n * (1.0 + np.log(2.0 * np.pi * r2 / n))
        - problem.products.sum_log_weights
    )
