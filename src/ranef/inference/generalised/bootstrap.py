"""Replicates of a generalised fit: responses drawn by the family, or groups drawn again."""

from __future__ import annotations

import numpy as np

from ranef.core.columns import available_cores
from ranef.core.generalised import GeneralisedRefits
from ranef.errors import OptionError
from ranef.inference.bootstrap import BootstrapDraws, BootstrapPlan
from ranef.inference.generalised.refits import (
    Origin,
    Refitted,
    Search,
    drawn_refits,
    refitted,
)
from ranef.inference.parameters import Parameter, values_of
from ranef.inference.simulate import draw_key
from ranef.options import one_of, shown
from ranef.problem.generalised import GeneralisedProblem
from ranef.solve import Control
from ranef.types import Array

__all__ = ["at_once", "generalised_bootstrap"]

KINDS = ("parametric", "conditional", "cluster")
AT_ONCE = 2_000_000  # numbers: of the responses that are drawn together
MOST_AT_ONCE = 2_000  # responses: the bar moves between


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
    problem = origin.problem
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
            made.append(drawn_refits(origin, key, first, count, search))
        else:
            made.append(refitted(origin, origin.draw(count, key, first), search))
        tick(count)
    refits = GeneralisedRefits(
        *(np.concatenate(column) for column in zip(*(m.refits for m in made), strict=True))
    )
    coefficients = refits.coefficients @ problem.change.T
    ended = np.concatenate([m.ended for m in made])
    coefficients[ended] = np.copysign(np.inf, coefficients[ended])
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


def _blocks(problem: GeneralisedProblem, covariances: Array) -> list[Array]:
    """By term, shape (count, q, q)."""
    out, start = [], 0
    for term in problem.terms:
        end = start + term.q**2
        out.append(covariances[:, start:end].reshape(-1, term.q, term.q))
        start = end
    return out
