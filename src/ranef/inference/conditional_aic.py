"""The conditional AIC, which asks how well the random effects of these groups are predicted.

    cAIC = -2 log f(y | b, beta, sigma) + 2 (rho + c + 1)

rho = tr(d fitted / d y) with the variances known counts the coefficients and random effects; c is
what the trace has on top because the variances are estimated from the same response; 1 is for
sigma. With V = W^-1 + Z D Z' over sigma^2, P = V^-1 - V^-1 X Q^-1 X'V^-1, Q = X'V^-1 X, z = Z'P y,
E_t the change of D along coordinate t, x_t = E_t z, w_t = z'x_t, G = Z'P Z and r2 = y'P y,

    rho = tr(D G) + p,
    c = (2 nu / r2) sum of [H^-1]_tu (x_t'(G - G D G) x_u - (w_t / r2) x_u'(z - G D z)),

H the Hessian of the profiled criterion along the face of the estimates (nu = n, or n - p by REML).
All of it comes from cross-products. It is the derivative of the fitted values: rho + c equals the
trace found by fitting the model again to a response with one value changed after the other.

Vaida and Blanchard (2005), Conditional Akaike information for mixed-effects models, Biometrika 92,
351-370; Greven and Kneib (2010), On the behaviour of marginal and conditional AIC in linear mixed
models, Biometrika 97, 773-789, theorem 3. (cAIC4 1.0 takes half of w_t.)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ranef.core import CoreKernel
from ranef.inference.ddf.gram import Gram, gram
from ranef.problem import Problem
from ranef.problem.parameters import group_lambdas
from ranef.solve import Solution
from ranef.solve.face import face_of, hessian
from ranef.solve.solution import at_solution
from ranef.types import Array

__all__ = ["ConditionalAIC", "conditional_aic", "without_effects"]


class ConditionalAIC(NamedTuple):
    """The parts of the conditional AIC.

    Attributes
    ----------
    loglik : float
        Log density of the response given the random effects.
    rho : float
        Degrees of freedom with the variances known.
    moved, shrunk : float
        c is the first less the second: the two terms of its sum.
    """

    loglik: float
    rho: float
    moved: float = 0.0
    shrunk: float = 0.0

    @property
    def correction(self) -> float:
        """c: what the estimation of the variances adds."""
        return self.moved - self.shrunk

    @property
    def df(self) -> float:
        """Degrees of freedom, sigma's among them."""
        return self.rho + self.correction + 1.0

    @property
    def value(self) -> float:
        return -2.0 * self.loglik + 2.0 * self.df


def conditional_aic(problem: Problem, solution: Solution) -> ConditionalAIC:
    """From cross-products, at a solution.

    Raises
    ------
    TooLargeError
        Several crossed factors with too many levels.
    """
    with at_solution(problem, solution) as kernel:
        lambdas = group_lambdas(problem, solution.inner)
        covariances = [t @ t.T for t in lambdas]
        found = gram(
            problem, covariances, "the conditional AIC", "compare the models by fit.aic instead"
        )
        z = kernel.residual_scores()
        nu, r2 = problem.nu, kernel.r2
        spread = [e @ d for e, d in zip(z, covariances, strict=True)]  # D z
        errors = r2 - _dot(z, spread)  # weighted sum of squared residuals
        sigma2 = r2 / nu
        n = problem.n
        loglik = -0.5 * (
            n * np.log(2.0 * np.pi * sigma2 * problem.scaling.y_scale**2)
            - problem.products.sum_log_weights
            + errors / sigma2
        )
        phi = kernel.xx_inverse
        rho = problem.p + sum(
            float(np.sum(blocks * covariances[g])) for g, blocks in found.diagonal().items()
        )
        dh1 = covariances[found.largest] @ found.h1
        dh2 = np.zeros_like(found.h2)
        for part in found.parts:
            own = found.h2[part.place].reshape(part.levels, part.q, -1)
            dh2[part.place] = (covariances[part.group] @ own).reshape(-1, found.h2.shape[1])
        inner = np.tensordot(found.h1, dh1, ((0, 1), (0, 1))) + found.h2.T @ dh2
        rho -= float(np.sum(phi * inner))
        moved, shrunk = _correction(problem, solution, kernel, found, covariances, z)
        return ConditionalAIC(float(loglik), float(rho), moved, shrunk)


def _correction(
    problem: Problem,
    solution: Solution,
    kernel: CoreKernel,
    found: Gram,
    covariances: list[Array],
    z: list[Array],
) -> tuple[float, float]:
    """The two sums of c."""
    face = face_of(problem, solution.inner)
    if not face.coordinates:
        return 0.0, 0.0
    nu, r2, phi = problem.nu, kernel.r2, kernel.xx_inverse
    curved = slice(solution.flat_directions, None)
    scales = face.scales()
    second = hessian(problem, face, kernel)[0] * np.outer(scales, scales)
    values, vectors = np.linalg.eigh(second)
    inverse = (vectors[:, curved] / values[curved]) @ vectors[:, curved].T

    def across(x: list[Array]) -> list[Array]:
        """G x."""
        first, second = found.split(x)
        y1, y2 = found.times(first, second)
        met = np.tensordot(found.h1, first, ((0, 1), (0, 1))) + found.h2.T @ second
        back = phi @ met
        return found.joined(y1 - found.h1 @ back, y2 - found.h2 @ back)

    def times_d(x: list[Array]) -> list[Array]:
        return [a @ d for a, d in zip(x, covariances, strict=True)]

    moved, w = [], np.empty(len(face.directions))
    for t, direction in enumerate(face.directions):
        x = [np.zeros_like(a) for a in z]
        x[direction.group] = scales[t] * (z[direction.group] @ direction.d)
        moved.append(x)
        w[t] = _dot(z, x)
    g = [across(x) for x in moved]
    gd = [times_d(a) for a in g]
    dz = times_d(z)
    aa = np.array([[_dot(x, b) - _dot(a, c) for b, c in zip(g, gd, strict=True)]
                   for x, a in zip(moved, g, strict=True)])  # fmt: skip
    ea = np.array([_dot(x, z) - _dot(a, dz) for x, a in zip(moved, g, strict=True)])
    scale = 2.0 * nu / r2
    return float(scale * np.vdot(inverse, aa)), float(scale / r2 * (w @ inverse @ ea))


def _dot(a: list[Array], b: list[Array]) -> float:
    return float(sum(np.vdot(x, y) for x, y in zip(a, b, strict=True)))


def without_effects(
    residuals: Array, weights: Array | None, sigma: float, p: int
) -> ConditionalAIC:
    """Of a model without random effects, from its residuals, shape (n,)."""
    n = residuals.size
    scaled = residuals if weights is None else residuals * np.sqrt(weights)
    logs = 0.0 if weights is None else float(np.sum(np.log(weights)))
    loglik = -0.5 * (n * np.log(2.0 * np.pi * sigma**2) - logs + float(scaled @ scaled) / sigma**2)
    return ConditionalAIC(float(loglik), float(p))
