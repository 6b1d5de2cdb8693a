"""A generalised model fitted again to many responses, in the core, with a verdict on each refit.

Refits are judged by the rules of a fit's certificate. One may have no finite maximum, as where all
rows of a category are successes: then it is told apart by a proof. Or it may come to an end of the
family, as counts that vary no more than Poisson counts: then the simpler family is fitted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranef.core.generalised import GeneralisedRefits, RefitPlan, drawn_levels
from ranef.covariance import structure_of
from ranef.family import Psi
from ranef.inference.bootstrap import GAIN, lifted_start
from ranef.inference.generalised.simulate import simulate_generalised
from ranef.inference.generalised.unbounded import has_no_maximum
from ranef.inference.simulate import SimulatedTerm
from ranef.problem import nearest
from ranef.problem.generalised import GeneralisedProblem
from ranef.solve import Control
from ranef.solve.certificate import ENOUGH_GAIN, ENOUGH_STEP
from ranef.solve.family_ends import FAR, INSIDE, Watched, watched
from ranef.solve.generalised import GeneralisedSolution
from ranef.types import Array

__all__ = ["Origin", "Refitted", "Search", "drawn_refits", "refitted"]

OUTLYING = 8.0
"""From the estimate, for inner coefficients, whose columns are of size one: a refit there may have
gone on towards infinity."""
START = 0.25  # variance, for an inner column, where a search begins again
SAME = 1e-6  # deviance units by which the simpler family may be worse at an end

Run = Callable[[GeneralisedProblem, Array, Array, NDArray[np.intp]], GeneralisedRefits]
"""Fits a problem to some of the replicates, from a start, and again from another one."""

Zeros = Callable[[NDArray[np.intp]], NDArray[np.bool_]]
"""Which of some replicates have a response of zero."""


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """A fit as something to draw responses from and to fit again.

    Attributes
    ----------
    solution : GeneralisedSolution
    problem : GeneralisedProblem
        Of the family that was asked for, which is fitted again. That of the solution may be a
        simpler one, from which responses are drawn.
    x : ndarray, shape (n, p)
    mean : ndarray, shape (n,)
        Linear predictor with random effects of zero.
    terms : tuple of SimulatedTerm
        With the conditional modes held, for responses given the random effects.
    psi : sequence
    weights : ndarray or None, shape (n,)
    """

    solution: GeneralisedSolution
    problem: GeneralisedProblem = field(repr=False)
    x: Array = field(repr=False)
    mean: Array = field(repr=False)
    terms: tuple[SimulatedTerm, ...] = field(repr=False)
    psi: Psi = field(repr=False)
    weights: Array | None = field(repr=False)

    def draw(self, n: int, key: int, first: int) -> Array:
        """Responses number `first` and on, shape (rows, n)."""
        solution = self.solution
        return simulate_generalised(
            solution.problem.family,
            self.terms,
            self.mean,
            solution.covariances,
            self.psi,
            self.weights,
            n,
            key,
            first,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Refitted:
    """Refits, with the verdict on each.

    Attributes
    ----------
    refits : GeneralisedRefits
        Coefficients are those of the family that was asked for; at its ends they are large.
    certified : ndarray of bool, shape (count,)
        At an optimum.
    unbounded : ndarray of bool, shape (count,)
        Proven to have no finite maximum.
    singular : ndarray of bool, shape (count,)
    ended : ndarray of bool, shape (count, m)
        Coefficients at an end of the family, which stand for infinite ones.
    """

    refits: GeneralisedRefits
    certified: NDArray[np.bool_]
    unbounded: NDArray[np.bool_]
    singular: NDArray[np.bool_]
    ended: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Search:
    """How replicates are searched: over how many threads, and who is told how far they are."""

    control: Control
    threads: int
    tick: Callable[[int], None] = field(repr=False)

    def plan(self, start: Array, count: int, key: int = 0, first: int = 0) -> RefitPlan:
        return RefitPlan(
            seed=key,
            first=first,
            count=count,
            threads=self.threads,
            start=start,
            max_evaluations=self.control.max_evaluations,
            gain=max(GAIN, self.control.gain),
            tick=self.tick,
        )


def refitted(origin: Origin, responses: Array, search: Search) -> Refitted:
    """The model of a fit fitted to responses, shape (n, count), as the family takes them."""

    def run(
        problem: GeneralisedProblem, start: Array, again: Array, at: NDArray[np.intp]
    ) -> GeneralisedRefits:
        own = np.asfortranarray(responses[:, at])
        plan = search.plan(start, at.size)
        limits = [end.limit for end in watched(problem)]
        core = problem.scaling.core
        return problem.kernel().refit(core, own, problem.ordered, again, plan, limits)

    def no_maximum(k: int) -> bool:
        problem, y = origin.problem, responses[:, k]
        return has_no_maximum(problem.family, origin.x, origin.terms, y, problem.n_psi)

    def zeros(at: NDArray[np.intp]) -> NDArray[np.bool_]:
        return np.asarray(np.any(responses[:, at] == 0.0, axis=0))

    return _judged(origin, responses.shape[1], run, no_maximum, zeros)


def drawn_refits(origin: Origin, key: int, first: int, count: int, search: Search) -> Refitted:
    """The model of a fit fitted to levels of its only factor drawn with replacement."""

    def run(
        problem: GeneralisedProblem, start: Array, again: Array, at: NDArray[np.intp]
    ) -> GeneralisedRefits:
        kernel, core = problem.kernel(), problem.scaling.core
        limits = [end.limit for end in watched(problem)]
        parts = np.split(at, np.flatnonzero(np.diff(at) != 1) + 1)  # numbers side by side
        plans = [search.plan(start, k.size, key, first + int(k[0])) for k in parts if k.size]
        return _joined([kernel.refit_drawn(core, again, plan, limits) for plan in plans])

    codes, n_levels = origin.terms[0].codes, origin.terms[0].n_levels
    by_level = np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1])

    def no_maximum(k: int) -> bool:
        problem = origin.problem
        parts = [by_level[level] for level in drawn_levels(key, first + k, n_levels)]
        rows = np.concatenate(parts)
        levels = np.repeat(np.arange(n_levels, dtype=np.int32), [part.size for part in parts])
        terms = [SimulatedTerm(levels, term.z[rows], n_levels) for term in origin.terms]
        y = np.asarray(problem.rows.y)[rows]
        return has_no_maximum(problem.family, origin.x[rows], terms, y, problem.n_psi)

    has_zero = np.array([bool(np.any(origin.problem.rows.y[rows] == 0.0)) for rows in by_level])

    def zeros(at: NDArray[np.intp]) -> NDArray[np.bool_]:
        drawn = [drawn_levels(key, first + int(k), n_levels) for k in at]
        return np.array([bool(np.any(has_zero[levels])) for levels in drawn], dtype=np.bool_)

    return _judged(origin, count, run, no_maximum, zeros)


def _joined(made: list[GeneralisedRefits]) -> GeneralisedRefits:
    return GeneralisedRefits(*(np.concatenate(c) for c in zip(*made, strict=True)))


def _judged(
    origin: Origin, count: int, run: Run, no_maximum: Callable[[int], bool], zeros: Zeros
) -> Refitted:
    solution, problem = origin.solution, origin.problem
    theta = lifted_start(problem, solution.inner)
    coefficients = solution.spread(solution.inner_coefficients)
    for end in watched(problem):
        if not solution.determined[end.index]:
            coefficients[end.index] = end.psi(INSIDE)
    made, certified, ended = _settled(problem, theta, coefficients, run, np.arange(count), zeros)
    moved = np.abs(made.coefficients - coefficients)
    moved[:, [end.index for end in watched(problem)]] = 0.0
    far = moved.max(axis=1, initial=0.0) > OUTLYING
    far |= np.abs(made.theta).max(axis=1, initial=0.0) > OUTLYING
    unbounded = np.zeros(count, dtype=np.bool_)
    for k in np.flatnonzero(~certified | far):
        unbounded[k] = no_maximum(int(k))
    most = [structure_of(term).most_rank for term in problem.terms]
    return Refitted(made, certified, unbounded, np.any(made.rank < most, axis=1), ended)


def _settled(
    problem: GeneralisedProblem,
    theta: Array,
    coefficients: Array,
    run: Run,
    at: NDArray[np.intp],
    zeros: Zeros,
) -> tuple[GeneralisedRefits, NDArray[np.bool_], NDArray[np.bool_]]:
    """Refits, which of them are at an optimum, and their coefficients at ends of the family."""
    middling = nearest(problem.terms, [START * np.eye(term.q) for term in problem.terms])
    start, again = (np.concatenate([t, coefficients]) for t in (theta, middling))
    made = run(problem, start, again, at)
    enough = made.converged & (made.gain <= ENOUGH_GAIN) & (made.step <= ENOUGH_STEP)
    certified = enough & (made.flat == 0)
    ended = np.zeros((at.size, coefficients.size), dtype=np.bool_)
    for end in watched(problem):
        doubtful = np.flatnonzero(~certified)
        if end.boundary.becomes.RESPONSE == "positive count":
            # Its likelihood of a zero means nothing, and can be as large as it likes.
            doubtful = doubtful[~zeros(at[doubtful])]
        if doubtful.size == 0:
            continue
        others = np.delete(np.arange(coefficients.size), end.index)
        simpler, fine, below = _settled(
            problem.at_boundary(end.boundary), theta, coefficients[others], run, at[doubtful], zeros
        )
        lower = simpler.criterion <= made.criterion[doubtful] + SAME
        better = fine & (made.at_end[doubtful] | lower)
        made = _with_simpler(made, doubtful[better], simpler, better, end, others)
        certified[doubtful[better]] = True
        ended[np.ix_(doubtful[better], others)] = below[better]
        ended[doubtful[better], end.index] = True
    return made, certified, ended


def _with_simpler(
    made: GeneralisedRefits,
    places: NDArray[np.intp],
    simpler: GeneralisedRefits,
    better: NDArray[np.bool_],
    end: Watched,
    others: NDArray[np.intp],
) -> GeneralisedRefits:
    """Refits with those of the simpler family in some places."""
    spread = np.full((simpler.criterion.size, made.coefficients.shape[1]), end.psi(FAR))
    spread[:, others] = simpler.coefficients
    evaluations = made.evaluations.copy()
    evaluations[places] += simpler.evaluations[better]
    columns: list[Any] = []
    for own, other in zip(made, simpler._replace(coefficients=spread), strict=True):
        changed = own.copy()
        changed[places] = other[better]
        columns.append(changed)
    return GeneralisedRefits(*columns)._replace(evaluations=evaluations)
