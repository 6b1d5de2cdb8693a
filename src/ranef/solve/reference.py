"""Search, certificate and restarts in NumPy, over any kernel: the oracle of the compiled solver."""

from __future__ import annotations

from itertools import pairwise
from time import perf_counter
from typing import NamedTuple

import numpy as np

from ranef.core import Direction, Evidence, Kernel
from ranef.errors import NumericalError
from ranef.problem import Problem, lower_triangles
from ranef.problem.parameters import group_lambdas, theta_of_blocks, to_data
from ranef.solve.certificate import ENOUGH_GAIN, ENOUGH_STEP
from ranef.solve.control import Control
from ranef.solve.face import Face, face_of, gamma_of_term, gradient, hessian
from ranef.solve.start import other_starts
from ranef.solve.valleys import other_valleys
from ranef.types import Array

__all__ = ["SAME_BASIN", "canonical", "evidence", "search"]

FLAT = 1e-6  # deviance units per squared relative change of a standard deviation
MOST_NOISE = 1e-4  # the same: curvature that a slope of nearly nothing may stand for
NIL = 1e-9  # deviance units: what a dual eigenvalue of nil could gain
BOUND = 1e-6  # share of a way's curvature that the face cannot take up
SAME_BASIN = 1e-6  # deviance units

# Numbers read by one evaluation times parameters, up to which a certified boundary optimum is
# searched for again from elsewhere; a doubtful one always is.
CHEAP = 2_000_000


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
    # What is left of the slope bends the criterion too: 2 Gamma d^2T, of the size of D Gamma.
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


class Found(NamedTuple):
    """A :class:`~ranef.core.Solved`."""

    inner: Array
    criterion: float
    status: str
    evaluations: int
    escapes: int
    method: str
    log: Array
    theta: Array
    covariances: list[Array]
    evidence: Evidence
    starts: int
    elsewhere: int
    basins: int
    loses_digits: bool
    search_seconds: float
    certificate_seconds: float


def search(problem: Problem, kernel: Kernel, start: Array | None, control: Control) -> Found:
    """Minimise, judge, and look from elsewhere where the end is on the boundary or in doubt."""
    clock = perf_counter()
    first = kernel.moment_start(problem.terms) if start is None else start
    limits = (control.max_evaluations, control.gain, control.method)
    best = kernel.optimise(problem.terms, first, *limits)
    if best.status == "broke down":
        raise NumericalError("the criterion cannot be computed at the start values")
    evaluations, ends = best.evaluations, [best.criterion]  # of all searches
    found = evidence(problem, best.theta, kernel)
    if control.max_evaluations > 1:
        elsewhere: list[Array] = []
        if _worth_a_restart(problem, kernel, found):
            elsewhere += other_starts(problem.terms, control.restarts)
        if control.restarts and kernel.work * problem.n_theta < CHEAP:
            elsewhere += other_valleys(problem, kernel, best.theta)
        for other_start in elsewhere:
            other = kernel.optimise(problem.terms, other_start, *limits)
            evaluations += other.evaluations
            if other.status == "broke down":
                continue
            ends.append(other.criterion)
            if other.criterion < best.criterion - SAME_BASIN:
                best = other
    searched = perf_counter()
    inner = canonical(problem, best.theta)
    kernel.evaluate(group_lambdas(problem, inner))
    found = evidence(problem, inner, kernel)
    theta, covariances = to_data(problem, inner)
    ends.sort()
    return Found(
        inner,
        best.criterion,
        best.status,
        best.evaluations,
        best.escapes,
        best.method,
        np.array(best.log, dtype=np.float64).reshape(-1, 4),
        theta,
        covariances,
        found,
        len(ends),
        evaluations - best.evaluations,
        1 + sum(b - a > SAME_BASIN for a, b in pairwise(ends)),
        False,
        searched - clock,
        perf_counter() - searched,
    )


def _worth_a_restart(problem: Problem, kernel: Kernel, found: Evidence) -> bool:
    doubtful = not (found.gain <= ENOUGH_GAIN and found.step <= ENOUGH_STEP) or found.flat.size > 0
    on_boundary = any(r < t.q for r, t in zip(found.rank, problem.terms, strict=True))
    return doubtful or (on_boundary and kernel.work * problem.n_theta < CHEAP)


def canonical(problem: Problem, inner: Array) -> Array:
    """The same covariances with non-negative diagonals: signs of columns are free."""
    blocks = []
    for t in lower_triangles(inner, [t.q for t in problem.terms]):
        signs = np.where(np.diag(t) < 0.0, -1.0, 1.0)
        blocks.append(t * signs + 0.0)
    return theta_of_blocks(blocks)
