"""The log of a fit, from what its record keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ranef.present.results.fit_log import FactorShape, FitLog

if TYPE_CHECKING:
    from ranef.fit.record import FitRecord

__all__ = ["log_of"]


def log_of(record: FitRecord) -> FitLog:
    """Structure, path, steps of the search and time by phase."""
    problem, solution = record._problem, record._solution
    found = solution.found
    names = {
        block.group: label.factor
        for block, label in zip(problem.terms, problem.labels, strict=True)
    }
    return FitLog(
        formula=record._formula.text,
        criterion="REML" if problem.reml else "ML",
        factors=tuple(
            FactorShape(names[group], levels, columns)
            for group, (levels, columns) in enumerate(problem.products.sizes)
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
        start_moved=solution.start_moved,
        seconds=dict(record._seconds),
    )
