"""A fit handed to its diagnosis, with the means to fit variants of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ranef.design import build, check_identifiable
from ranef.design.contrasts import to_argument
from ranef.diagnose.subject import Subject
from ranef.fit.record import FitRecord
from ranef.formula import parse
from ranef.frame import Table
from ranef.solve import Control
from ranef.types import Array

__all__ = ["subject_of"]


def subject_of(record: FitRecord) -> Subject:
    """The parts of a fit that a diagnosis reads, and ``refit``."""

    def refit(
        formula: str | None = None,
        *,
        reml: bool | None = None,
        start: Array | None = None,
        rows: NDArray[np.bool_] | None = None,
        control: Control | None = None,
    ) -> Subject:
        parsed = record._formula if formula is None else parse(formula)
        table = record._table if rows is None else _rows_of(record._table, rows)
        weights, offset = (_of_rows(values, rows) for values in (record._weights, record._offset))
        state = record._design.encoding.state
        design = build(parsed, table, to_argument(state, parsed.variables()))
        check_identifiable(design, weighted=weights is not None and bool(np.ptp(weights) > 0.0))
        return subject_of(
            FitRecord.of_design(
                parsed,
                table,
                design,
                record.missing_rows,
                reml=record._problem.reml if reml is None else reml,
                weights=weights,
                offset=offset,
                control=control or Control(),
                start=start,
            )
        )

    return Subject(
        formula=record._formula,
        table=record._table,
        missing=record.missing_rows,
        design=record._design,
        problem=record._problem,
        solution=record._solution,
        estimates=record._estimates,
        weights=record._weights,
        offset=record._offset,
        refit=refit,
    )


def _rows_of(table: Table, rows: NDArray[np.bool_]) -> Table:
    columns = {
        name: replace(column, values=column.values[rows]) for name, column in table.columns.items()
    }
    return Table(columns, int(np.count_nonzero(rows)))


def _of_rows(values: Array | None, rows: NDArray[np.bool_] | None) -> Array | None:
    return values if values is None or rows is None else values[rows]
