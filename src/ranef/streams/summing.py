"""From a source to moments: what is asked of it, in which order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ranef.errors import DataError, UnknownColumnError, suggestion
from ranef.formula import Formula
from ranef.formula.position import pointer
from ranef.streams.schema import Schema, kinds_of
from ranef.streams.source import RawSums, Source
from ranef.sums.plan import Plan, make_plan
from ranef.sums.record import Moments
from ranef.sums.sums import COUNT, column_of_sums
from ranef.types import Array, MissingRows

__all__ = ["moments_of"]

FAR = 100.0
"""Standard deviations between a mean and a shift, beyond which the sums are made again."""


def moments_of(
    source: Source,
    formula: Formula,
    weights: str | None = None,
    offset: str | None = None,
    missing: str = "drop",
) -> Moments:
    """Sum the rows of a source for a formula.

    Parameters
    ----------
    source : Source
    formula : Formula
    weights, offset : str, optional
        Columns.
    missing : {"drop", "raise"}

    Raises
    ------
    UnknownColumnError
        A name is not a column.
    DataError
        Values that cannot be summed.
    OptionError
        Something that needs all rows at once.
    """
    schema = source.schema()
    _check_columns(formula, schema, weights, offset)
    truth = [name for name, column in schema.items() if column.text.lower().startswith("bool")]
    plan = make_plan(formula, kinds_of(schema), weights, offset, truth)
    shifts, scales = _steady(plan, *source.middle(plan))
    raw = source.sums(plan, shifts, scales)
    made = _moments(plan, shifts, scales, raw, missing)
    means, sds = _means_and_sds(made)
    if np.any(np.abs(means) > FAR * np.maximum(sds, 1e-300)) and source.repeatable:
        shifts, scales = _steady(plan, shifts + scales * means, scales * sds)
        made = _moments(plan, shifts, scales, source.sums(plan, shifts, scales), missing)
    return made


def _steady(plan: Plan, means: Array, sds: Array) -> tuple[Array, Array]:
    """Shifts, and scales that are not zero; the constant stays as it is.

    A product has no shift of its own, and the scales of its factors.
    """
    shifts = np.where(np.isfinite(means), means, 0.0)
    usable = np.isfinite(sds) & (sds > 0.0)
    scales = np.where(usable, sds, np.maximum(np.abs(shifts), 1.0))
    scales = np.exp2(np.rint(np.log2(scales)))  # a power of two rounds nothing
    shifts[0], scales[0] = 0.0, 1.0
    for k in range(1, len(plan.columns)):
        singles = list(plan.singles(k))
        if len(singles) > 1:
            shifts[k], scales[k] = 0.0, float(np.prod(scales[singles]))
    return shifts, scales


def _moments(plan: Plan, shifts: Array, scales: Array, raw: RawSums, missing: str) -> Moments:
    used = sum(raw.cells[0].column(COUNT).to_pylist()) if raw.cells[0].num_rows else 0
    left_out = raw.n_total - used
    if missing == "raise" and left_out:
        raise DataError(
            "values of the model's variables are missing",
            found=f"{left_out:,} of {raw.n_total:,} rows: {_counts(raw)}",
            fix='leave these rows out with missing="drop"',
        )
    if not used:
        raise DataError(
            "no rows are left to fit the model to",
            found=f"{raw.n_total:,} rows, each with a missing value" if raw.n_total else "0 rows",
            fix="check for missing values in the variables of the model",
        )
    _check_finite(plan, raw.cells)
    record = MissingRows(np.zeros(0, np.int64), dict(raw.missing), raw.n_total, count=left_out)
    return Moments(
        plan,
        shifts,
        scales,
        raw.cells,
        raw.pairs,
        raw.means,
        dict(raw.orders),
        record,
        raw.sum_log_weights,
        dict(raw.numbers),
    )


def _counts(raw: RawSums) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in raw.missing.items() if count)


def _means_and_sds(moments: Moments) -> tuple[Array, Array]:
    """Of the single columns, about their shifts and in their scales; 0 and 1 of products."""
    cells = moments.cells[0]

    def total(i: int, j: int) -> float:
        found = column_of_sums(cells, i, j)
        return 0.0 if found is None else float(found.sum())

    weight = total(0, 0)
    c = len(moments.plan.columns)
    means = np.array([total(0, j) / weight for j in range(c)])
    squares = np.array([total(j, j) / weight for j in range(c)])
    sds = np.sqrt(np.maximum(squares - means**2, 0.0))
    others = [k for k in range(c) if len(moments.plan.singles(k)) != 1]
    means[others], sds[others] = 0.0, 1.0
    return means, sds


def _check_finite(plan: Plan, tables: Sequence[object]) -> None:
    for j, column in enumerate(plan.columns):
        for table in tables:
            found = column_of_sums(table, j, j)
            if found is not None and not np.isfinite(found).all():
                shown = column.text
                raise DataError(
                    f"'{shown}' is infinite or not defined in some rows",
                    where=plan.formula.text,
                    found=f"sums that are not finite in {int((~np.isfinite(found)).sum()):,} of "
                    f"{found.size:,} cells",
                    fix="correct these values, or make them missing: their rows are then left out",
                )


def _check_columns(
    formula: Formula, schema: Schema, weights: str | None, offset: str | None
) -> None:
    names = tuple(schema)
    for variable in formula.variables().values():
        if variable.name not in schema:
            raise UnknownColumnError(
                f"unknown column '{variable.name}' in the {variable.role}",
                where=pointer(formula.text, variable.span),
                found="columns " + ", ".join(names[:12]) + (", ..." if len(names) > 12 else ""),
                fix=suggestion(variable.name, names) or "name a column of the data",
            )
    for what, name in (("weights", weights), ("offset", offset)):
        if name is not None and name not in schema:
            raise UnknownColumnError(
                f"unknown column '{name}'",
                where=f"{what}='{name}'",
                found="columns " + ", ".join(names[:12]),
                fix=suggestion(name, names) or "name a column of the data",
            )
    for name in (*formula.variables(), weights, offset):
        if name is not None and schema[name].kind == "other":
            raise DataError(
                f"the column '{name}' cannot be used in a model",
                found=f"values of type {schema[name].text}",
                fix="make it a column of numbers or text",
            )
