"""Replicates of a generalised fit and their refits.

Responses are drawn by the family, the model is fitted to them in the core, over threads, and each
refit is judged by the rules of a fit's certificate. A refit may have no finite maximum, as where
all rows of a category are successes: then it is told apart by a proof.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ranef.core.columns import available_cores
from ranef.core.generalised import GeneralisedRefits, RefitPlan, drawn_levels
from ranef.covariance import structure_of
from ranef.errors import OptionError
from ranef.family import Psi
from ranef.inference.bootstrap import GAIN, BootstrapDraws, BootstrapPlan, lifted_start
from ranef.inference.generalised.simulate import simulate_generalised
from ranef.inference.generalised.unbounded import has_no_maximum
from ranef.inference.parameters import Parameter, values_of
from ranef.inference.simulate import SimulatedTerm, draw_key
from ranef.options import one_of, shown
from ranef.problem import nearest
from ranef.problem.generalised import GeneralisedProblem
from ranef.solve import Control
from ranef.solve.certificate import ENOUGH_GAIN, ENOUGH_STEP
from ranef.solve.generalised import GeneralisedSolution
from ranef.types import Array

__all__ = ["Origin", "Refitted", "Search", "at_once", "generalised_bootstrap", "refitted"]

KINDS = ("parametric", "conditional", "cluster")
AT_ONCE = 2_000_000  # numbers: of the responses that are drawn together
MOST_AT_ONCE = 2_000  # responses: the bar moves between
OUTLYING = 8.0
"""From the estimate, for inner coefficients, whose columns are of size one: a refit there may have
gone on towards infinity."""
START = 0.25  # variance, for an inner column, where a search begins again


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """A fit as something to draw responses from and to fit again.

    Attributes
    ----------
    solution : GeneralisedSolution
    x : ndarray, shape (n, p)
    mean : ndarray, shape (n,)
        Linear predictor with random effects of zero.
    terms : tuple of SimulatedTerm
        With the conditional modes held, for responses given the random effects.
    psi : sequence
    weights : ndarray or None, shape (n,)
    """

    solution: GeneralisedSolution
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
    certified : ndarray of bool, shape (count,)
        At an optimum.
    unbounded : ndarray of bool, shape (count,)
        Proven to have no finite maximum.
    singular : ndarray of bool, shape (count,)
    """

    refits: GeneralisedRefits
    certified: NDArray[np.bool_]
    unbounded: NDArray[np.bool_]
    singular: NDArray[np.bool_]


def generalised_bootstrap(
    origin: Origin, parameters: tuple[Parameter, ...], control: Control, plan: BootstrapPlan
) -> BootstrapDraws:
    """Draw replicates of a fit and refit each.

    ``parametric``: new random effects and responses. ``conditional``: new responses, the random
    effects kept at their modes, which `origin` has. ``cluster`` (also ``cases``): whole levels of
    the only grouping factor drawn with replacement.

    Raises
    ------
    OptionError
        Another kind, or clusters of a model with several grouping factors.
    """
    kind = "cluster" if plan.kind == "cases" else plan.kind
    what = f"there is no bootstrap of kind {shown(plan.kind)} of a generalised model"
    one_of("kind", kind, KINDS, what=what)
    problem = origin.solution.problem
    if kind == "cluster" and len(problem.sizes) != 1:
        factors = ", ".join(f"'{label.factor}'" for label in problem.labels)
        raise OptionError(
            "clusters are drawn from a single grouping factor",
            found=f"grouping factors {factors}",
            fix="use kind='parametric'",
        )
    key, n = draw_key(plan.seed), int(plan.n)
    threads = int(plan.threads or control.threads or available_cores())
    made: list[Refitted] = []
    for first in range(0, n, size := at_once(problem.n)):
        count = min(size, n - first)

        def tick(done: int, before: int = first) -> None:
            plan.tick(before + done)

        search = Search(control, threads, tick)
        if kind == "cluster":
            made.append(_drawn(origin, key, first, count, search))
        else:
            made.append(refitted(origin, origin.draw(count, key, first), search))
        tick(count)
    refits = GeneralisedRefits(
        *(np.concatenate(column) for column in zip(*(m.refits for m in made), strict=True))
    )
    coefficients = origin.solution.whole(refits.coefficients @ problem.change.T)
    unbounded = np.concatenate([m.unbounded for m in made])
    return BootstrapDraws(
        parameters=parameters,
        values=values_of(parameters, coefficients, _blocks(problem, refits.covariances)),
        criterion=refits.criterion,
        singular=np.concatenate([m.singular for m in made]),
        converged=np.concatenate([m.certified for m in made]) & ~unbounded,
        evaluations=refits.evaluations,
        kind=kind,
        seed=key,
        unbounded=unbounded,
    )


def at_once(rows: int) -> int:
    """How many responses of so many rows are drawn together."""
    return max(1, min(MOST_AT_ONCE, AT_ONCE // max(rows, 1)))


@dataclass(frozen=True, slots=True)
class Search:
    """How replicates are searched: over how many threads, and who is told how far they are."""

    control: Control
    threads: int
    tick: Callable[[int], None] = field(repr=False)


def _plan(
    solution: GeneralisedSolution, search: Search, count: int, key: int = 0, first: int = 0
) -> tuple[Array, RefitPlan]:
    """Where searches begin again, and the plan: they begin at the estimates."""
    problem, coefficients = solution.problem, solution.inner_coefficients
    middling = nearest(problem.terms, [START * np.eye(term.q) for term in problem.terms])
    plan = RefitPlan(
        seed=key,
        first=first,
        count=count,
        threads=search.threads,
        start=np.concatenate([lifted_start(problem, solution.inner), coefficients]),
        max_evaluations=search.control.max_evaluations,
        gain=max(GAIN, search.control.gain),
        tick=search.tick,
    )
    return np.concatenate([middling, coefficients]), plan


def refitted(origin: Origin, responses: Array, search: Search) -> Refitted:
    """The model of a fit fitted to responses, shape (n, count), as the family takes them."""
    problem = origin.solution.problem
    again, plan = _plan(origin.solution, search, responses.shape[1])
    kernel = problem.kernel()
    refits = kernel.refit(problem.scaling.core, responses, problem.ordered, again, plan)

    def no_maximum(k: int) -> bool:
        y = responses[:, k]
        return has_no_maximum(problem.family, origin.x, origin.terms, y, problem.n_psi)

    return _judged(origin.solution, refits, no_maximum)


def _drawn(origin: Origin, key: int, first: int, count: int, search: Search) -> Refitted:
    problem = origin.solution.problem
    again, plan = _plan(origin.solution, search, count, key, first)
    refits = problem.kernel().refit_drawn(problem.scaling.core, again, plan)
    codes, n_levels = origin.terms[0].codes, origin.terms[0].n_levels
    by_level = np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1])

    def no_maximum(k: int) -> bool:
        parts = [by_level[level] for level in drawn_levels(key, first + k, n_levels)]
        rows = np.concatenate(parts)
        levels = np.repeat(np.arange(n_levels, dtype=np.int32), [part.size for part in parts])
        terms = [SimulatedTerm(levels, term.z[rows], n_levels) for term in origin.terms]
        y = np.asarray(problem.rows.y)[rows]
        return has_no_maximum(problem.family, origin.x[rows], terms, y, problem.n_psi)

    return _judged(origin.solution, refits, no_maximum)


def _judged(
    solution: GeneralisedSolution, refits: GeneralisedRefits, no_maximum: Callable[[int], bool]
) -> Refitted:
    enough = refits.converged & (refits.gain <= ENOUGH_GAIN) & (refits.step <= ENOUGH_STEP)
    certified = enough & (refits.flat == 0)
    moved = np.abs(refits.coefficients - solution.inner_coefficients).max(axis=1, initial=0.0)
    far = moved > OUTLYING
    far |= np.abs(refits.theta).max(axis=1, initial=0.0) > OUTLYING
    suspects = np.flatnonzero(~certified | far)
    unbounded = np.zeros(certified.size, dtype=np.bool_)
    for k in suspects:
        unbounded[k] = no_maximum(int(k))
    most = [structure_of(term).most_rank for term in solution.problem.terms]
    return Refitted(refits, certified, unbounded, np.any(refits.rank < most, axis=1))


def _blocks(problem: GeneralisedProblem, covariances: Array) -> list[Array]:
    """By term, shape (count, q, q)."""
    out, start = [], 0
    for term in problem.terms:
        end = start + term.q**2
        out.append(covariances[:, start:end].reshape(-1, term.q, term.q))
        start = end
    return out
