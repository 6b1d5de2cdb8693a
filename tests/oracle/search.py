"""Search, certificate and restarts in NumPy, over any kernel: the oracle of the compiled solver."""

from __future__ import annotations

from itertools import pairwise
from time import perf_counter

import numpy as np
from tests.oracle.evidence import evidence
from tests.oracle.kernel import kernel_of
from tests.oracle.valleys import other_valleys

from ranef.core import Evidence, Kernel
from ranef.problem import Problem
from ranef.problem.parameters import group_lambdas, to_data
from ranef.solve.canonical import SAME_BASIN, canonical
from ranef.solve.certificate import ENOUGH_GAIN, ENOUGH_STEP
from ranef.solve.control import Control
from ranef.solve.found import Found
from ranef.solve.solution import Solution, computed
from ranef.solve.start import other_starts
from ranef.types import Array

__all__ = ["search", "solve"]

# Numbers read by one evaluation times parameters, up to which a certified boundary optimum is
# searched for again from elsewhere; a doubtful one always is.
CHEAP = 2_000_000


def solve(problem: Problem) -> Solution:
    """Minimise the criterion with the dense kernel and certify the result."""
    return computed(Solution(problem, search(problem, kernel_of(problem), None, Control())))


def search(problem: Problem, kernel: Kernel, start: Array | None, control: Control) -> Found:
    """Minimise, judge, and look from elsewhere where the end is on the boundary or in doubt."""
    clock = perf_counter()
    first = kernel.moment_start(problem.terms) if start is None else start
    limits = (control.max_evaluations, control.gain, control.method)
    best = kernel.optimise(problem.terms, first, *limits)
    assert best.status != "broke down"
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
