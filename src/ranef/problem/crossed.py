"""How crossed factors are eliminated: by a factorisation, or by iterations.

A factorisation is exact, and its cost follows from the order of elimination. It is small if levels
occur together with few others, and grows with the cube of their number if all occur together.
Iterations cost a few passes over the pairs of levels that occur. They leave an error, which the fit
reports.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ranef.core import CrossedSolver, Estimation, crossed_shape, order_of_tail
from ranef.errors import OptionError
from ranef.page.phrases import count
from ranef.problem.memory import available_memory
from ranef.problem.problem import Problem

__all__ = ["MOST_WORK", "with_path", "with_probes"]

MOST_WORK = 2e10
"""Multiplications of one factorisation with its inverse, up to which "auto" is exact: a few seconds
for a fit. A dense tail of 3,400 columns takes as many."""

DEFLATED, PROBES = 16, 8
"""Deflated directions and probes that iterations begin with."""

LIKELIHOOD_ERROR = 0.05
"""Largest error of minus twice the log-likelihood that a search may end with, deviance units."""

DEVIANCE_PER_ERROR = 5.0
"""This times ``Control(error=)`` takes its place if it is smaller."""

GB = 1e9


@dataclass(frozen=True, slots=True)
class _Cost:
    """Of a factorisation: multiplications, and bytes without and for second derivatives."""

    work: float
    factor: float
    second: float


def with_path(problem: Problem, crossed: str, error: float) -> Problem:
    """The problem with the way in which its crossed factors are eliminated.

    Parameters
    ----------
    problem : Problem
    crossed : {"auto", "exact", "iterative"}
    error : float
        See :class:`~ranef.Control`.

    Raises
    ------
    OptionError
        Iterations are asked for where they are not possible.
    """
    if problem.solver is not None or problem.path:
        return problem
    if not problem.terms:
        return problem
    shape = crossed_shape(problem.products)
    if not shape.columns:
        return problem
    against = _against(problem)
    if against and crossed == "iterative":
        raise OptionError(
            "crossed factors cannot be solved by iterations here",
            found=against,
            fix="use crossed='auto', or leave out what needs the exact factorisation",
        )
    columns = count(shape.columns, "crossed column")
    criterion = min(LIKELIHOOD_ERROR, DEVIANCE_PER_ERROR * error)
    solver = CrossedSolver(0, DEFLATED, PROBES, error, criterion)
    if crossed == "iterative":
        return replace(problem, solver=solver, path=f"{columns}, iterations as asked for")
    dense = 0.5 * float(shape.columns) ** 3
    if dense <= MOST_WORK:
        asked = ", as asked for" if crossed == "exact" else ", few enough for a factorisation"
        return replace(problem, path=columns + asked)
    cost = _cost(problem, shape.columns, shape.one_left)
    free = available_memory()
    free = float("inf") if free is None else free
    average = cost.factor + cost.second > free
    work = f"{columns}, of which a factorisation takes {cost.work:.1g} multiplications"
    if crossed == "exact" or against or (cost.work <= MOST_WORK and cost.factor <= free):
        why = "as asked for" if crossed == "exact" else against or f"of {MOST_WORK:.0g} at most"
        second = "; no memory for exact second derivatives" if average else ""
        return replace(problem, path=f"{work}, {why}{second}", average=average)
    if cost.work <= MOST_WORK:
        work += f" and {cost.factor / GB:.1f} GB, with {free / GB:.1f} GB available"
    return replace(problem, solver=solver, path=f"{work}: iterations")


def with_probes(problem: Problem, found: Estimation | None) -> Problem:
    """The problem with the probes that a search ended with, for kernels that are made later."""
    if problem.solver is None or found is None:
        return problem
    solver = problem.solver._replace(deflated=found.deflated, probes=found.probes)
    return replace(problem, solver=solver)


def _against(problem: Problem) -> str:
    """What rules out iterations; empty if nothing does."""
    if problem.searched is not None:
        return "parameters of the residuals that are searched for"
    if problem.rows is not None:
        return "a response so much larger than its residuals that they are summed over the rows"
    return ""


def _cost(problem: Problem, columns: int, one_left: bool) -> _Cost:
    work, entries = order_of_tail(problem.products)
    scalar = one_left and all(q == 1 for _, q in problem.sizes)
    widest = max(q for _, q in problem.sizes)
    matrices = 2 if scalar else 9 + 2 * widest * (widest + 1)
    return _Cost(work, 8.0 * 4.0 * entries, 8.0 * matrices * float(columns) ** 2)
