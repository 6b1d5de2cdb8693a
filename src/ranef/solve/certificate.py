"""The certificate: whether a point is an optimum, of which kind, and what is left to gain.

The criterion is minimised over relative covariances D_k that are positive semidefinite. A point is
a local minimum when (Karush, Kuhn and Tucker on the semidefinite cone)

1. along the face it lies on, the Newton decrement g'H^-1 g / 2 with the exact Hessian is nil;
2. out of the face, Gamma_k = df/dD_k has no negative eigenvalue on the null space of D_k;
3. H is positive definite on the face.

A theta-gradient sees only the first: the criterion is even in a zero pivot of the Cholesky factor,
so its theta-gradient vanishes at saddles too. All three are judged in deviance units and standard
errors, so that neither units of measurement nor the number of rows play a part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ranef.kernel import Direction, Kernel
from ranef.problem import Problem
from ranef.solve.direction_names import flat_direction, null_directions
from ranef.solve.face import Face, face_of, gamma_of_term, gradient, hessian
from ranef.types import Array

__all__ = ["GAIN", "STEP", "Certificate", "certify"]

GAIN = 1e-6  # deviance units
STEP = 1e-3  # standard errors
FLAT = 1e-6  # deviance units per squared relative change of a standard deviation
MOST_NOISE = 1e-4  # the same: curvature that a slope of nearly nothing may stand for


@dataclass(frozen=True, slots=True)
class Certificate:
    """The verdict on a fit, with its evidence.

    Attributes
    ----------
    verdict : str
        ``"interior optimum"``, ``"boundary optimum"``, ``"flat"`` or ``"not at an optimum"``.
    certified : bool
        Whether the fit is at an optimum: interior or on the boundary.
    gain : float
        Predicted decrease of the criterion that is left, deviance units.
    step_se : float
        Largest step to the predicted optimum, in standard errors of the parameter.
    rank : mapping of str to int
        Rank of the covariance matrix of each random-effects term.
    dims : mapping of str to int
        Its size.
    dual_min_eig : float
        Smallest eigenvalue of Gamma on the null space of the covariances, in the data's units;
        NaN in the interior. Positive: any variance in that direction would raise the criterion.
    complementarity : float
        Largest element of D Gamma over the terms; 0 at an optimum.
    min_curvature : float
        Smallest eigenvalue of the Hessian on the face, coordinates in relative SDs.
    directions : tuple of str
        Null or flat directions in the user's names.
    evaluations : int
        Evaluations of the criterion by all searches.
    starts, basins : int
        Searches made, and how many different optima they ended in.
    """

    verdict: str
    certified: bool
    gain: float
    step_se: float
    rank: Mapping[str, int]
    dims: Mapping[str, int]
    dual_min_eig: float
    complementarity: float
    min_curvature: float
    directions: tuple[str, ...]
    evaluations: int
    starts: int = 1
    basins: int = 1

    def __str__(self) -> str:
        return sentence(self)


def sentence(c: Certificate) -> str:
    """The certificate in one sentence."""
    # Below a billionth of a deviance unit the figure is rounding error.
    size = "less than 1e-9" if c.gain < 1e-9 else f"{c.gain:.1g}"
    left = f"{size} deviance units left to gain"
    if c.verdict == "interior optimum":
        return f"interior optimum, certified: {left}, all covariance matrices of full rank"
    if c.verdict == "boundary optimum":
        ranks = ", ".join(
            f"rank {c.rank[k]} of {c.dims[k]} for {k}" for k in c.rank if c.rank[k] < c.dims[k]
        )
        return (
            f"boundary optimum, certified: {ranks} ({'; '.join(c.directions)}); {left}, "
            f"dual eigenvalue {c.dual_min_eig:+.3g}"
        )
    if c.verdict == "flat":
        return f"flat, not identified: {'; '.join(c.directions)}; {left}"
    return f"not at an optimum: at least {c.gain:.3g} deviance units can be gained"


def certify(problem: Problem, theta: Array, kernel: Kernel, evaluations: int) -> Certificate:
    """Judge an inner theta that `kernel` has just evaluated.

    References
    ----------
    Boyd and Vandenberghe (2004), Convex Optimization, section 5.9 (conic KKT conditions);
    Self and Liang (1987) on maximum likelihood at a boundary.
    """
    face = face_of(problem, theta)
    g = gradient(problem, face, kernel)
    h, _ = hessian(problem, face, kernel)
    scales = face.scales() if g.size else np.zeros(0)
    values, vectors = np.linalg.eigh(h * np.outer(scales, scales)) if g.size else (g, h)
    gammas = kernel.gamma()
    dual, dual_gain, complementarity = _dual(problem, face, kernel, gammas)
    # What is left of the slope bends the criterion too: 2 Gamma d^2T, of the size of D Gamma.
    noise = min(4.0 * complementarity, MOST_NOISE)
    flat = max(FLAT, noise, 1e-12 * float(values[-1])) if g.size else FLAT
    inner_g = vectors.T @ (g * scales) if g.size else g
    steep = values > flat
    gain = 0.5 * float(np.sum(inner_g[steep] ** 2 / values[steep]))
    # Where the criterion is flat or bends down, what the slope alone promises for a small change.
    gain += float(np.sum(np.abs(inner_g[~steep]))) * 1e-2
    gain += float(np.sum(-values[values < -flat])) * 0.5
    step_se = float(np.max(np.abs(inner_g[steep]) / np.sqrt(2.0 * values[steep]), initial=0.0))

    gain += dual_gain
    if dual_gain > 0.0:
        step_se = max(step_se, float(np.sqrt(dual_gain)))

    rank = {label.label: t.rank for label, t in zip(problem.labels, face.terms, strict=True)}
    dims = {label.label: len(label.names) for label in problem.labels}
    directions: tuple[str, ...] = ()
    if gain > GAIN or step_se > STEP:
        verdict = "not at an optimum"
    elif bool(np.any(~steep)):
        verdict = "flat"
        directions = tuple(
            flat_direction(problem, face, scales * vectors[:, j]) for j in np.flatnonzero(~steep)
        )
    elif any(rank[k] < dims[k] for k in rank):
        verdict = "boundary optimum"
        directions = null_directions(problem, face)
    else:
        verdict = "interior optimum"
    return Certificate(
        verdict=verdict,
        certified=verdict.endswith(" optimum") and verdict != "not at an optimum",
        gain=gain,
        step_se=step_se,
        rank=rank,
        dims=dims,
        dual_min_eig=dual,
        complementarity=complementarity,
        min_curvature=float(values[0]) if g.size else float("nan"),
        directions=directions,
        evaluations=evaluations,
    )


def _dual(
    problem: Problem, face: Face, kernel: Kernel, gammas: list[Array]
) -> tuple[float, float, float]:
    """Smallest dual eigenvalue (data's units), gain by leaving the face, complementarity."""
    smallest, gain, complementarity = float("nan"), 0.0, 0.0
    for k, term in enumerate(face.terms):
        gamma = gamma_of_term(problem, gammas, k)
        complementarity = max(complementarity, float(np.max(np.abs(term.covariance @ gamma))))
        if term.null.shape[1] == 0:
            continue
        values, vectors = np.linalg.eigh(term.null.T @ gamma @ term.null)
        if values[0] < 0.0:
            gain += _gain_by_leaving(problem, kernel, k, term.null @ vectors[:, 0], values[0])
        eig = _in_data_units(problem, k, gamma, term.null)
        smallest = eig if np.isnan(smallest) else min(smallest, eig)
    return smallest, gain, complementarity


def _gain_by_leaving(problem: Problem, kernel: Kernel, k: int, v: Array, slope: float) -> float:
    """Decrease that D + t v v' promises: slope^2 / (2 curvature), for a negative slope."""
    block = problem.terms[k]
    width = problem.products.sizes[block.group][1]
    d = np.zeros((width, width))
    s = slice(block.offset, block.offset + block.q)
    d[s, s] = np.outer(v, v)
    curvature = float(kernel.hessian([Direction(block.group, d)]).hessian[0, 0])
    if curvature <= 0.0:
        return -slope
    return min(-slope, slope**2 / (2.0 * curvature))


def _in_data_units(problem: Problem, k: int, gamma: Array, null: Array) -> float:
    """Smallest eigenvalue of Gamma on the null space, both on the data's scale."""
    b = problem.scaling.B[k]
    inverse = np.linalg.inv(b)
    outer_gamma = inverse.T @ gamma @ inverse
    # v'D v = 0 on the inner scale for v in the null space; on the data's scale for B^-T v.
    basis, _ = np.linalg.qr(inverse.T @ null)
    return float(np.linalg.eigvalsh(basis.T @ outer_gamma @ basis)[0])
