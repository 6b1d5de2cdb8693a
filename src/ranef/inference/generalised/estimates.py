"""Point estimates of a generalised model on the data's scale."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ranef.core.generalised import GeneralisedKernel
from ranef.inference.generalised.joint import Joint, joint_covariance
from ranef.solve.generalised import GeneralisedSolution
from ranef.types import Array

__all__ = ["GeneralisedEstimates", "estimate_generalised"]


@dataclass(frozen=True, slots=True, eq=False)
class GeneralisedEstimates:
    """What was estimated.

    Attributes
    ----------
    coefficients : ndarray, shape (m,)
        beta, then the coefficients of the family's other predictors.
    beta : ndarray, shape (p,)
    vcov : ndarray, shape (p, p)
        Of beta: the block of the inverse of the exact Hessian in all parameters, so that the
        uncertainty of the variances is in it.
    joint : Joint
        The covariance of all estimates.
    covariances : tuple of ndarray, shape (q, q)
        Of each term's random effects, in units of the linear predictor.
    loglik : float
        The approximate log-likelihood with all constants.
    deviance : float
        -2 loglik.
    criterion : float
        What was minimised: -2 loglik, with priors -2 their log density on top.
    n : int
    n_parameters : int
        Fixed effects, theta, and the coefficients of the family's other predictors.
    """

    coefficients: Array
    beta: Array
    vcov: Array
    joint: Joint = field(repr=False)
    covariances: tuple[Array, ...]
    loglik: float
    criterion: float
    n: int
    n_parameters: int

    @property
    def sigma(self) -> None:
        """There is no residual standard deviation beside the family's dispersion."""
        return None

    @property
    def deviance(self) -> float:
        return -2.0 * self.loglik

    @property
    def aic(self) -> float:
        return -2.0 * self.loglik + 2.0 * self.n_parameters

    @property
    def bic(self) -> float:
        return -2.0 * self.loglik + float(np.log(self.n)) * self.n_parameters


def estimate_generalised(
    solution: GeneralisedSolution, kernel: GeneralisedKernel
) -> GeneralisedEstimates:
    """Estimates at a solution, where the kernel stands."""
    problem = solution.problem
    joint = joint_covariance(solution, kernel)
    coefficients = solution.coefficients
    p = problem.p
    return GeneralisedEstimates(
        coefficients=coefficients,
        beta=coefficients[:p],
        vcov=joint.coefficients[:p, :p],
        joint=joint,
        covariances=solution.covariances,
        loglik=-0.5 * _alone(solution, kernel),
        criterion=solution.criterion,
        n=problem.n,
        n_parameters=solution.n_coefficients + problem.n_theta,
    )


def _alone(solution: GeneralisedSolution, kernel: GeneralisedKernel) -> float:
    """-2 log-likelihood without the priors' part."""
    if solution.problem.prior is None:
        return solution.criterion
    with GeneralisedSolution(solution.problem.with_prior(None), solution.found).standing.ask() as k:
        return k.value
