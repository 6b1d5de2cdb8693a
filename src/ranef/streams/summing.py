"""From a source to moments: what is asked of it, in which order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ranef.errors import DataError
from ranef.formula import Formula
from ranef.streams.checks import check_columns, no_complete_rows, refuse_missing
from ranef.streams.fixed_point import Bounds
from ranef.streams.must_be_numbers import check_numbers
from ranef.streams.same_rows import check_same_rows
from ranef.streams.schema import kinds_of
from ranef.streams.source import RawSums, Source, Watch, silent
from ranef.streams.sql import Queries
from ranef.sums.moments import Moments
from ranef.sums.plan import Plan, make_plan
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
    watch: Watch = silent,
) -> Moments:
    """Sum the rows of a source for a formula.

    Parameters
    ----------
    source : Source
    formula : Formula
    weights, offset : str, optional
        Columns.
    missing : {"drop", "raise"}
    watch : callable
        Is told how many rows have been read.

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
    check_numbers(source, formula, weights, offset)
    engine = source.name if isinstance(source, Queries) else None
    check_columns(formula, schema, weights, offset, engine)
    truth = [name for name, column in schema.items() if column.text.lower().startswith("bool")]
    plan = make_plan(formula, kinds_of(schema), weights, offset, truth)
    if missing == "raise":
        n_total, counts = source.incomplete(plan)
        refuse_missing(counts, n_total)
    bounds = source.bounds(plan, watch) if source.exact else None
    if bounds is None:
        shifts, scales = _steady(plan, *source.middle(plan))
    else:
        shifts, scales = _within(plan, bounds, bounds.middle())
    raw = source.sums(plan, shifts, scales, bounds, watch)
    made = _moments(plan, shifts, scales, raw, missing)
    means, sds = _means_and_sds(made)
    far = np.abs(means) > FAR * np.maximum(sds, 1e-300)
    if not far.any():
        return made
    if not source.repeatable:
        raise _far(plan, source, far, means, sds)
    if bounds is None:
        shifts, scales = _steady(plan, shifts + scales * means, scales * sds)
    else:
        shifts, scales = _within(plan, bounds, shifts + scales * means)
    raw = source.sums(plan, shifts, scales, bounds, watch)
    return _moments(plan, shifts, scales, raw, missing)


def _steady(plan: Plan, means: Array, sds: Array) -> tuple[Array, Array]:
    """Shifts, and scales that are not zero; the constant stays as it is."""
    shifts = np.where(np.isfinite(means), means, 0.0)
    usable = np.isfinite(sds) & (sds > 0.0)
    scales = np.where(usable, sds, np.maximum(np.abs(shifts), 1.0))
    scales = np.exp2(np.rint(np.log2(scales)))  # a power of two rounds nothing
    return _of_products(plan, shifts, scales)


def _within(plan: Plan, bounds: Bounds, shifts: Array) -> tuple[Array, Array]:
    """Shifts, and scales that bring every value to [-1, 1]."""
    return _of_products(plan, shifts, bounds.scales(shifts))


def _of_products(plan: Plan, shifts: Array, scales: Array) -> tuple[Array, Array]:
    """A product has no shift of its own, and the scales of its factors."""
    shifts, scales = shifts.copy(), scales.copy()
    shifts[0], scales[0] = 0.0, 1.0
    for k in range(1, len(plan.columns)):
        singles = list(plan.singles(k))
        if len(singles) > 1:
            shifts[k], scales[k] = 0.0, float(np.prod(scales[singles]))
    return shifts, scales


def _moments(plan: Plan, shifts: Array, scales: Array, raw: RawSums, missing: str) -> Moments:
    used = sum(raw.cells[0].column(COUNT).to_pylist()) if raw.cells[0].num_rows else 0
    left_out = raw.n_total - used
    if missing == "raise":
        refuse_missing(raw.missing, raw.n_total, left_out)
    if not used:
        raise no_complete_rows(raw.n_total, raw.missing)
    _check_finite(plan, raw.cells)
    check_same_rows(plan, raw, used)
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


def _far(plan: Plan, source: Source, far: NDArray[np.bool_], means: Array, sds: Array) -> DataError:
    k = int(np.flatnonzero(far)[0])
    return DataError(
        f"'{plan.columns[k].text}' is far from its mean in the first rows, so sums about that mean "
        "lose digits",
        found=f"a mean that is {abs(means[k]) / max(sds[k], 1e-300):.3g} standard deviations away "
        f"from that in the first rows; {source.name} can be read only once",
        fix="give a list of frames, a data set or files, which can be read again",
    )


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
