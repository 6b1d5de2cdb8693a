"""Cross-products of rows that are in memory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ranef.core import (
    CrossProducts,
    Rows,
    RowsGroup,
    core_gather,
    cross_products,
    from_cells,
    scaling_of,
)
from ranef.design import Design
from ranef.design.matrix import ModelColumns
from ranef.source.scaling import Scaling, checked
from ranef.types import Array

__all__ = ["gather", "gather_scaled", "rows_of", "summed_by_cell"]

# From here on sums by cell and their pairs with every factor are less work than those of columns.
MANY_COLUMNS = 8


def rows_of(design: Design, scaling: Scaling, y: Array, weights: Array | None) -> Rows:
    """The rows as a kernel reads them; columns are views of the design's arrays."""
    plan = design.plan
    shifts, scales = scaling.z_shifts, scaling.z_scales
    groups = []
    for g, (codes, n_levels) in enumerate(plan.groups):
        members = [k for k, (group, _) in enumerate(plan.random) if group == g]
        groups.append(
            RowsGroup(
                codes=codes,
                n_levels=n_levels,
                columns=tuple(c for k in members for c in plan.values(plan.random[k][1])),
                shifts=tuple(float(s) for k in members for s in shifts[k]),
                scales=tuple(float(s) for k in members for s in scales[k]),
            )
        )
    inner = scaling.orthogonal
    return Rows(
        groups=tuple(groups),
        x=plan.values(plan.fixed) if inner is None else ModelColumns.of(inner).columns,
        x_shifts=tuple(scaling.x_shifts.tolist()),
        x_scales=tuple(scaling.x_scales.tolist()),
        y=_contiguous(y),
        y_shift=scaling.y_shift,
        y_scale=scaling.y_scale,
        weights=None if weights is None else _contiguous(weights),
    )


def gather(
    design: Design, y: Array, weights: Array | None, threads: int = 1
) -> tuple[Scaling, CrossProducts]:
    """The sizes of the columns, and one pass over the rows.

    The sums have the same bits whatever the number of threads.

    Parameters
    ----------
    design : Design
    y : ndarray, shape (n,)
        Response less offset.
    weights : ndarray or None, shape (n,)
    threads : int

    Raises
    ------
    DataError
        A column whose values are too small or too large to be squared.
    """
    y = _contiguous(y)
    if summed_by_cell(design):
        scaling = checked(design, scaling_of(design.plan.core, y, threads))
        return scaling, _gather_by_cell(design, scaling, y, weights, threads)
    core, products = core_gather(
        design.plan.core, y, None if weights is None else _contiguous(weights), threads
    )
    return checked(design, core), products


def summed_by_cell(design: Design) -> bool:
    """Whether sums by the rows of X that differ are less work than those of its columns."""
    return design.cells is not None and design.p >= MANY_COLUMNS


def gather_scaled(
    design: Design, scaling: Scaling, y: Array, weights: Array | None, threads: int = 1
) -> CrossProducts:
    """One pass over the rows under a given scaling."""
    return cross_products(rows_of(design, scaling, y, weights), threads)


def _gather_by_cell(
    design: Design, scaling: Scaling, y: Array, weights: Array | None, threads: int
) -> CrossProducts:
    """Sums by the rows of X that differ, which X then multiplies."""
    cells = design.cells
    assert cells is not None
    rows = rows_of(design, scaling, y, weights)
    by_cell = RowsGroup(cells.codes, cells.columns.n_rows, (None,), (0.0,), (1.0,))
    sums = cross_products(
        replace(rows, groups=(*rows.groups, by_cell), x=(), x_shifts=(), x_scales=()), threads
    )
    return from_cells(sums, (cells.columns.matrix() - scaling.x_shifts) / scaling.x_scales)


def _contiguous(column: Array) -> Array:
    return np.ascontiguousarray(column, dtype=np.float64)
