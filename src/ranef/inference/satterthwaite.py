"""Satterthwaite degrees of freedom from exact derivatives.

For a contrast c'beta with variance v(theta, sigma) = c' vcov c, moment matching of the scaled
chi-square gives df = 2 v^2 / (grad v' A grad v), A the asymptotic covariance matrix of
(theta, sigma): twice the inverse Hessian of the deviance or REML criterion
(Fai & Cornelius 1996; Kuznetsova, Brockhoff & Christensen 2017, eq. 6). The derivatives are exact;
at a boundary optimum they are taken along the face, where theta can move.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ranef.inference.quadratic import quadratic_forms
from ranef.problem import Problem
from ranef.solve import Solution
from ranef.solve.face import face_of, hessian
from ranef.solve.solution import at_solution
from ranef.types import Array

__all__ = [
    "VarianceDerivatives",
    "covariance_with_log_sigma",
    "satterthwaite_df",
    "variance_derivatives",
]


@dataclass(frozen=True, slots=True)
class VarianceDerivatives:
    """How vcov moves with the variance parameters, and how well these are known.

    Attributes
    ----------
    vcov : ndarray, shape (p, p)
    jacobian : ndarray, shape (k, p, p)
        Derivatives of vcov along the coordinates of the face, each in its natural size (a
        relative change of a standard deviation), and along log sigma (last).
    covariance : ndarray, shape (k, k)
        Asymptotic covariance matrix of those parameters.
    """

    vcov: Array
    jacobian: Array = field(repr=False)
    covariance: Array = field(repr=False)


def variance_derivatives(problem: Problem, solution: Solution) -> VarianceDerivatives:
    """Derivatives of vcov and the information of the variance parameters at a solution.

    The directions that the certificate calls flat are left out of the information: the data say
    nothing about them. No other direction is, however small its curvature beside the others.
    """
    with at_solution(problem, solution) as kernel:
        face = face_of(problem, solution.inner)
        profile, curvature = hessian(problem, face, kernel)
        nu, k = problem.nu, len(face.coordinates)
        variance = problem.scaling.y_scale**2 * kernel.r2 / nu
        change = np.sqrt(variance) * problem.scaling.R
        scales = face.scales() if k else np.zeros(0)
        root = change @ kernel.xx_inverse
        vcov = root @ change.T
        jacobian = np.empty((k + 1, problem.p, problem.p))
        for out, xx, scale in zip(jacobian, curvature.xx, scales, strict=False):
            out[:] = (-scale * root) @ xx @ root.T
        jacobian[k] = 2.0 * vcov  # vcov is proportional to sigma^2
        values, vectors = np.linalg.eigh(profile * np.outer(scales, scales))
        # Eigenvalues ascend: the flat ones come first.
        curved = slice(solution.flat_directions, None)
        inverse = (vectors[:, curved] / values[curved]) @ vectors[:, curved].T
        relative = scales * curvature.r2 / kernel.r2
        return VarianceDerivatives(
            vcov, jacobian, 2.0 * covariance_with_log_sigma(inverse, relative, nu)
        )


def covariance_with_log_sigma(inverse: Array, relative: Array, nu: float) -> Array:
    """Inverse Hessian of the criterion before sigma is profiled out, log sigma last.

    The criterion is then nu log sigma^2 + r2 / sigma^2 + ..., and its Hessian

        [ H + nu r r'   -2 nu r ]
        [ -2 nu r'        4 nu  ]

    with H that of the profiled criterion, the Schur complement of 4 nu. So the inverse needs only
    that of H, and a row count nu of any size hides no direction of H.

    Parameters
    ----------
    inverse : ndarray, shape (k, k)
        Inverse of H; a pseudo-inverse where the criterion is flat.
    relative : ndarray, shape (k,)
        r, the derivatives of log r2.
    nu : float
    """
    k = relative.size
    across = 0.5 * inverse @ relative
    full = np.empty((k + 1, k + 1))
    full[:k, :k] = inverse
    full[:k, k] = full[k, :k] = across
    full[k, k] = 0.25 / nu + 0.5 * float(relative @ across)
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
    variances = quadratic_forms(contrasts, derivatives.vcov)
    gradients = np.stack([quadratic_forms(contrasts, d) for d in derivatives.jacobian], axis=1)
    spread = quadratic_forms(gradients, derivatives.covariance)
    return np.asarray(2.0 * variances**2 / spread)
