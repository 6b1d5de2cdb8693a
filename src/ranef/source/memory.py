"""Cross-products of rows that are in memory."""

from __future__ import annotations

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
    """The rows as a kernel reads them: the design's arrays under a scaling of their columns."""
    return plain_rows(design, y, weights, scaling.orthogonal).scaled(scaling.core)


def plain_rows(
    design: Design, y: Array, weights: Array | None, orthogonal: Array | None = None
) -> Rows:
    """The rows as the data have them, without shifts and scales; `orthogonal` instead of X."""
    plan = design.plan
    x = plan.fixed if orthogonal is None else ModelColumns.of(orthogonal).columns
    return Rows(groups=plan.groups, x=x, y=y, weights=weights)


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
    rows = plain_rows(design, y, weights)
    if summed_by_cell(design):
        scaling = checked(design, scaling_of(rows, design.plan.blocks, threads))
        return scaling, _gather_by_cell(design, scaling, rows, threads)
    core, products = core_gather(rows, design.plan.blocks, threads)
    return checked(design, core), products


def summed_by_cell(design: Design) -> bool:
    """Whether sums by the rows of X that differ are less work than those of its columns."""
    return design.cells is not None and design.p >= MANY_COLUMNS


def gather_scaled(
    design: Design, scaling: Scaling, y: Array, weights: Array | None, threads: int = 1
) -> CrossProducts:
    """One pass over the rows under a given scaling."""
    return cross_products(rows_of(design, scaling, y, weights), threads)


def _gather_by_cell(design: Design, scaling: Scaling, rows: Rows, threads: int) -> CrossProducts:
    """Sums by the rows of X that differ, which X then multiplies."""
    cells = design.cells
    assert cells is not None
    scaled = rows.scaled(scaling.core)
    by_cell = RowsGroup(codes=cells.codes, n_levels=cells.columns.n_rows, columns=[None])
    without_x = scaled.replace(groups=[*scaled.groups, by_cell], x=[], x_shifts=None, x_scales=None)
    sums = cross_products(without_x, threads)
    return from_cells(sums, (cells.columns.matrix() - scaling.x_shifts) / scaling.x_scales)
