"""The joint covariance matrix of all estimates, from the exact Hessian.

Let phi be the variance parameters and beta(phi) the fixed effects that are best for them. The
inverse of the Hessian of the log-likelihood in (beta, phi) is, by blocks,

    Cov(phi) = inverse Hessian of the profiled criterion,
    Cov(beta, phi) = J Cov(phi),    Cov(beta) = vcov + J Cov(phi) J',    J = d beta(phi) / d phi,

because the rows of the Hessian that belong to beta say H_bb J = -H_bp. J is exact too: along a
change E of the relative covariance, d beta = -(X'V^-1 X)^-1 X'V^-1 Z E Z'V^-1 (y - X beta), and
beta does not move with sigma. By REML the criterion has no beta in it; the same blocks are then
the moments of beta given phi, put together by the laws of total variance and covariance.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ranef.inference.estimates import Estimates
from ranef.inference.parameters import Parameter
from ranef.inference.satterthwaite import VarianceDerivatives
from ranef.problem import Problem
from ranef.solve import Solution
from ranef.solve.face import Face, face_of
from ranef.solve.solution import at_solution
from ranef.types import Array

__all__ = ["BOUNDARY", "full_covariance", "slopes_of"]

# A correlation this close to 1, or a variance this small beside the residual's, is on the boundary.
BOUNDARY = 1e-9


def full_covariance(
    problem: Problem,
    solution: Solution,
    estimates: Estimates,
    derivatives: VarianceDerivatives,
    parameters: Sequence[Parameter],
) -> Array:
    """Covariance matrix of the estimates of `parameters`, shape (m, m).

    NaN for a standard deviation of zero, for a correlation at a bound or with an effect that does
    not vary, and for all parameters of variances if the criterion is flat in some direction.

    Parameters
    ----------
    derivatives : VarianceDerivatives
        Its `covariance` is that of the coordinates of the face and log sigma.
    parameters : sequence of Parameter
    """
    face = face_of(problem, solution.inner)
    own = derivatives.covariance
    if solution.flat_directions:
        own = np.full_like(own, np.nan)
    moves = _of_beta(problem, solution, face)
    size = problem.p
    joint = np.empty((size + own.shape[0],) * 2)
    joint[:size, :size] = estimates.vcov
    if not solution.flat_directions:
        joint[:size, :size] += moves @ own @ moves.T
    joint[:size, size:] = moves @ own
    joint[size:, :size] = joint[:size, size:].T
    joint[size:, size:] = own
    rows = np.zeros((len(parameters), joint.shape[0]))
    changes = _of_covariances(problem, estimates, face)
    for row, parameter in zip(rows, parameters, strict=True):
        if parameter.kind == "fixed":
            row[parameter.i] = 1.0
        elif parameter.kind == "sigma":
            row[-1] = estimates.sigma
        else:
            covariance = estimates.covariances[parameter.term]
            least = np.full(len(covariance), (BOUNDARY * estimates.sigma) ** 2)
            row[size:] = slopes_of(parameter, covariance, least, changes[parameter.term])
    known = [k for k, row in enumerate(rows) if np.isfinite(row).all()]
    if solution.flat_directions:
        known = [k for k in known if parameters[k].kind == "fixed"]
    out = np.full((len(parameters),) * 2, np.nan)
    kept = rows[known]
    if solution.flat_directions:
        kept, joint = kept[:, :size], joint[:size, :size]
    out[np.ix_(known, known)] = kept @ joint @ kept.T
    return np.asarray(0.5 * (out + out.T))


def _of_beta(problem: Problem, solution: Solution, face: Face) -> Array:
    """d beta along the coordinates of the face in their natural sizes, and log sigma; (p, k)."""
    out = np.zeros((problem.p, len(face.coordinates) + 1))
    if not face.coordinates:
        return out
    with at_solution(problem, solution) as kernel:
        scores = kernel.workspace.scores()
        rest = kernel.residual_scores()
        back = -problem.scaling.y_scale * problem.scaling.R @ kernel.xx_inverse
        for s, (direction, scale) in enumerate(zip(face.directions, face.scales(), strict=True)):
            of_x = scores[direction.group][:, :, :-1]
            moved = rest[direction.group] @ (scale * np.asarray(direction.d))
            out[:, s] = back @ np.einsum("lqp,lq->p", of_x, moved)
        return out


def _of_covariances(problem: Problem, estimates: Estimates, face: Face) -> list[Array]:
    """dC of each term, data's scale, along the coordinates and log sigma; (k, q, q) each."""
    scales = face.scales() if face.coordinates else np.zeros(0)
    out = []
    for k, (term, b) in enumerate(zip(problem.terms, problem.scaling.B, strict=True)):
        changes = np.zeros((len(face.coordinates) + 1, term.q, term.q))
        own = slice(term.offset, term.offset + term.q)
        for s, at in enumerate(face.coordinates):
            if at.term == k:
                d = scales[s] * np.asarray(face.directions[s].d)[own, own]
                changes[s] = estimates.sigma**2 * (b @ d @ b.T)
        changes[-1] = 2.0 * estimates.covariances[k]
        out.append(changes)
    return out


def slopes_of(parameter: Parameter, c: Array, least: Array, changes: Array) -> Array:
    """Derivatives of a standard deviation or correlation; NaN where it is on the boundary.

    Parameters
    ----------
    parameter : Parameter
    c : ndarray, shape (q, q)
        The covariance of its term.
    least : ndarray, shape (q,)
        Variances that count as zero.
    changes : ndarray, shape (k, q, q)
        Derivatives of the covariance along k coordinates.
    """
    variances = np.diag(c)
    nothing = np.full(changes.shape[0], np.nan)
    if parameter.kind == "sd":
        variance = variances[parameter.i]
        if not variance > least[parameter.i]:
            return nothing
        return np.asarray(changes[:, parameter.i, parameter.i] / (2.0 * np.sqrt(variance)))
    i, j = max(parameter.pairs, key=lambda pair: float(variances[pair[0]] * variances[pair[1]]))
    if not (variances[i] > 0.0 and variances[j] > 0.0):
        return nothing
    size = np.sqrt(variances[i] * variances[j])
    r = c[i, j] / size
    value = np.copysign(abs(r) ** (1.0 / parameter.power), r)
    if min(1.0 - value, value - parameter.lowest) < BOUNDARY:
        return nothing
    relative = changes[:, i, i] / variances[i] + changes[:, j, j] / variances[j]
    change = changes[:, i, j] / size - 0.5 * r * relative
    if parameter.power == 1:
        return np.asarray(change)
    return np.asarray(change / (parameter.power * value ** (parameter.power - 1)))
