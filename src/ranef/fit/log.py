"""The log of a fit, from what its record keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ranef.fit.parts import AnyProblem, AnySolution
from ranef.present.results.fit_log import EXACT, ITERATIVE, FactorShape, FitLog
from ranef.problem import Problem
from ranef.solve import Solution

if TYPE_CHECKING:
    from ranef.fit.generalised.record import GeneralisedRecord
    from ranef.fit.record import FitRecord

__all__ = ["log_of", "log_of_generalised"]


def log_of(record: FitRecord) -> FitLog:
    """Structure, path, steps of the search and time by phase."""
    problem = record._problem
    return _log(record, "REML" if problem.reml else "ML", record._solution.start_moved)


def log_of_generalised(record: GeneralisedRecord) -> FitLog:
    """The same of a generalised model."""
    nodes = record._problem.n_agq
    return _log(record, "Laplace" if nodes == 1 else f"quadrature, {nodes} nodes", False)


def _log(record: FitRecord | GeneralisedRecord, criterion: str, start_moved: bool) -> FitLog:
    problem, solution = record._problem, record._solution
    found = solution.found
    names = {
        block.group: label.factor
        for block, label in zip(problem.terms, problem.labels, strict=True)
    }
    return FitLog(
        formula=record._formula.text,
        criterion=criterion,
        factors=tuple(
            FactorShape(names[group], levels, columns)
            for group, (levels, columns) in enumerate(problem.sizes)
        ),
        layout=record._layout,
        status=found.status,
        steps=solution.log,
        evaluations=found.evaluations,
        starts=found.starts,
        elsewhere=found.elsewhere,
        basins=found.basins,
        method=found.method,
        escapes=found.escapes,
        start_moved=start_moved,
        seconds=dict(record._seconds),
        crossed=crossed_words(problem, solution),
    )


def crossed_words(problem: AnyProblem, solution: AnySolution) -> str:
    """How crossed factors were eliminated, and why; empty without them."""
    if not isinstance(problem, Problem) or not problem.path:
        return ""
    assert isinstance(solution, Solution)
    if problem.solver is None:
        return f"{EXACT}: {problem.path}"
    error = solution.certificate
    return (
        f"{ITERATIVE}: {problem.path}; {error.deflated} deflated directions, "
        f"{error.probes} probes, theta within {error.error_se:.1g} SE, log-likelihood within "
        f"{0.5 * error.error_criterion:.1g}"
    )
