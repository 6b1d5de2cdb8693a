"""The certificate's numbers in NumPy, from any kernel: the oracle of the compiled certificate."""

from __future__ import annotations

import numpy as np

from ranef.core import Direction, Evidence, Kernel
from ranef.problem import Problem
from ranef.solve.face import Face, face_of, gamma_of_term, gradient, hessian
from ranef.types import Array

__all__ = ["evidence"]

FLAT = 1e-6  # deviance units per squared relative change of a standard deviation
MOST_NOISE = 1e-4  # the same: largest curvature that a residual gradient may explain
NIL = 1e-9  # deviance units: what a dual eigenvalue of nil could gain
BOUND = 1e-6  # share of a way's curvature that the face cannot take up


def evidence(problem: Problem, theta: Array, kernel: Kernel) -> Evidence:
    """The certificate's numbers at an inner theta that `kernel` has just evaluated.

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
    dual, dual_gain, complementarity, nil = _dual(problem, face, kernel)
    # An unconverged gradient adds 2 Gamma d^2T to the Hessian. Eigenvalues below that size are
    # called flat.
    noise = min(4.0 * complementarity, MOST_NOISE)
    flat = max(FLAT, noise, 1e-12 * float(values[-1])) if g.size else FLAT
    inner_g = vectors.T @ (g * scales) if g.size else g
    steep = values > flat
    gain = 0.5 * float(np.sum(inner_g[steep] ** 2 / values[steep]))
    # Where the criterion is flat or bends down, what the slope alone promises for a small change.
    gain += float(np.sum(np.abs(inner_g[~steep]))) * 1e-2
    gain += float(np.sum(-values[values < -flat])) * 0.5
    scaled = scales[:, None] * vectors if g.size else np.zeros((0, 0))
    inverse = (scaled[:, steep] / values[steep]) @ scaled[:, steep].T if g.size else h
    flat_steps = scaled[:, ~steep] if g.size else np.zeros((0, 0))
    loose: list[int] = []
    for k, v in nil if g.size else ():
        part = _following(problem, face, kernel, _way_out(problem, k, v), inverse)
        if part is not None:
            flat_steps, loose = np.column_stack([flat_steps, part]), [*loose, k]
    step = float(np.max(np.abs(inner_g[steep]) / np.sqrt(2.0 * values[steep]), initial=0.0))
    return Evidence(
        gain=gain + dual_gain,
        step=max(step, float(np.sqrt(dual_gain))),
        dual=dual,
        complementarity=complementarity,
        curvature=float(values[0]) if g.size else float("nan"),
        rank=[term.rank for term in face.terms],
        flat=flat_steps,
        loose=loose,
        rounding=kernel.rounding,
    )


def _following(
    problem: Problem, face: Face, kernel: Kernel, way: Direction, inverse: Array
) -> Array | None:
    """How the face follows a way out of it at no cost, where it does."""
    h = kernel.hessian([*face.directions, way]).hessian
    own, cross = h[-1, -1], h[:-1, -1]
    part = -inverse @ cross
    return None if own > 0.0 and own + cross @ part > BOUND * own else part


def _dual(
    problem: Problem, face: Face, kernel: Kernel
) -> tuple[float, float, float, list[tuple[int, Array]]]:
    """Smallest dual eigenvalue (data's units), gain by leaving the face, complementarity.

    And the ways out, term and direction, that the first order says nothing about.
    """
    gammas = kernel.gamma()
    smallest, gain, complementarity = float("nan"), 0.0, 0.0
    nil: list[tuple[int, Array]] = []
    for k, term in enumerate(face.terms):
        gamma = gamma_of_term(problem, gammas, k)
        complementarity = max(complementarity, float(np.max(np.abs(term.covariance @ gamma))))
        if term.null.shape[1] == 0:
            continue
        values, vectors = np.linalg.eigh(term.null.T @ gamma @ term.null)
        v = term.null @ vectors[:, 0]
        promise = _gain_by_leaving(problem, kernel, k, v, -abs(values[0]))
        if values[0] < 0.0:
            gain += promise
        if promise < NIL:
            nil.append((k, v))
        eig = _in_data_units(problem, k, gamma, term.null)
        smallest = eig if np.isnan(smallest) else min(smallest, eig)
    return smallest, gain, complementarity, nil


def _gain_by_leaving(problem: Problem, kernel: Kernel, k: int, v: Array, slope: float) -> float:
    """Decrease that D + t v v' promises: slope^2 / (2 curvature), for a negative slope."""
    curvature = float(kernel.hessian([_way_out(problem, k, v)]).hessian[0, 0])
    if curvature <= 0.0:
        return -slope
    return min(-slope, slope**2 / (2.0 * curvature))


def _way_out(problem: Problem, k: int, v: Array) -> Direction:
    """The change v v' of D_k."""
    block = problem.terms[k]
    width = problem.products.sizes[block.group][1]
    d = np.zeros((width, width))
    s = slice(block.offset, block.offset + block.q)
    d[s, s] = np.outer(v, v)
    return Direction(block.group, d)


def _in_data_units(problem: Problem, k: int, gamma: Array, null: Array) -> float:
    """Smallest eigenvalue of Gamma on the null space, both on the data's scale."""
    b = problem.scaling.B[k]
    inverse = np.linalg.inv(b)
    outer_gamma = inverse.T @ gamma @ inverse
    # v'D v = 0 on the inner scale for v in the null space; on the data's scale for B^-T v.
    basis, _ = np.linalg.qr(inverse.T @ null)
    return float(np.linalg.eigvalsh(basis.T @ outer_gamma @ basis)[0])
