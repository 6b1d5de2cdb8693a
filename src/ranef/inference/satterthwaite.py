"""Satterthwaite degrees of freedom from exact derivatives.

For a contrast c'beta with variance v(theta, sigma) = c' vcov c, moment matching of the scaled
chi-square gives df = 2 v^2 / (grad v' A grad v), A the asymptotic covariance matrix of
(theta, sigma): twice the inverse Hessian of the deviance or REML criterion
(Fai & Cornelius 1996; Kuznetsova, Brockhoff & Christensen 2017, eq. 6). The derivatives are exact;
at a boundary optimum they are taken along the face, where theta can move.
"""

from __future__ import annotations

from dataclasses import field

import numpy as np

from ranef.problem import Problem
from ranef.record import record
from ranef.solve import Solution
from ranef.solve.face import face_of, hessian
from ranef.solve.solution import evaluate_at
from ranef.types import Array

__all__ = ["VarianceDerivatives", "satterthwaite_df", "variance_derivatives", "with_log_sigma"]


@record(frozen=True, slots=True)
class VarianceDerivatives:
    """How vcov moves with the variance parameters, and how well these are known.

    Attributes
    ----------
    vcov : ndarray, shape (p, p)
    jacobian : ndarray, shape (k, p, p)
        Derivatives of vcov along the coordinates of the face and log sigma (last).
    covariance : ndarray, shape (k, k)
        Asymptotic covariance matrix of those parameters.
    """

    vcov: Array
    jacobian: Array = field(repr=False)
    covariance: Array = field(repr=False)


def variance_derivatives(problem: Problem, solution: Solution) -> VarianceDerivatives:
    """Derivatives of vcov and the information of the variance parameters at a solution."""
    kernel = problem.kernel()
    evaluate_at(problem, kernel, solution.inner)
    face = face_of(problem, solution.inner)
    profile, curvature = hessian(problem, face, kernel)
    nu, k = problem.nu, len(face.coordinates)
    variance = problem.scaling.y_scale**2 * kernel.r2 / nu
    change = np.sqrt(variance) * problem.scaling.R
    inverse = kernel.xx_inverse
    vcov = change @ inverse @ change.T
    moved = -np.einsum("ab,kbc,cd->kad", inverse, curvature.xx, inverse)
    jacobian = np.empty((k + 1, problem.p, problem.p))
    jacobian[:k] = np.einsum("ab,kbc,dc->kad", change, moved, change)
    jacobian[k] = 2.0 * vcov  # vcov is proportional to sigma^2
    full = with_log_sigma(profile, curvature.r2 / kernel.r2, nu)
    values, vectors = np.linalg.eigh(full)
    known = values > 1e-10 * values[-1]
    covariance = 2.0 * (vectors[:, known] / values[known]) @ vectors[:, known].T
    return VarianceDerivatives(vcov, jacobian, covariance)


def with_log_sigma(profile: Array, relative: Array, nu: float) -> Array:
    """Hessian of the criterion before sigma is profiled out, log sigma last.

    The criterion is then nu log sigma^2 + r2 / sigma^2 + ...

    Parameters
    ----------
    profile : ndarray, shape (k, k)
        Hessian of the profiled criterion.
    relative : ndarray, shape (k,)
        Derivatives of log r2.
    nu : float
    """
    k = relative.size
    full = np.empty((k + 1, k + 1))
    full[:k, :k] = profile + nu * np.outer(relative, relative)
    full[:k, k] = full[k, :k] = -2.0 * nu * relative
    full[k, k] = 4.0 * nu
    return full


def satterthwaite_df(derivatives: VarianceDerivatives, contrasts: Array) -> Array:
    """Degrees of freedom of single contrasts.

    Parameters
    ----------
    derivatives : VarianceDerivatives
    contrasts : ndarray, shape (m, p)

    Returns
    -------
    ndarray, shape (m,)
    """
    variances = np.einsum("ma,ab,mb->m", contrasts, derivatives.vcov, contrasts)
    gradients = np.einsum("ma,kab,mb->mk", contrasts, derivatives.jacobian, contrasts)
    spread = np.einsum("mk,kl,ml->m", gradients, derivatives.covariance, gradients)
    return np.asarray(2.0 * variances**2 / spread)
