"""Rows that are in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ranef.core import CrossProducts, Rows, RowsGroup, cross_products, from_cells, scaling_of
from ranef.design import Design
from ranef.design.matrix import Cells, ModelColumns
from ranef.residual import ResidualStructure
from ranef.source.scaling import Scaling, checked
from ranef.types import Array

__all__ = ["MemorySource", "in_memory", "rows_of"]

# With so many columns or more, summing by cell of X is cheaper.
MANY_COLUMNS = 8


@dataclass(frozen=True, slots=True)
class MemorySource:
    """The arrays of a design: see :class:`~ranef.source.Source`.

    Attributes
    ----------
    rows : Rows
        Under the scaling.
    scaling : Scaling
    cells : Cells or None
        The rows of X that differ, if sums by them are less work than those of its columns.
    threads : int
        They pass over the rows; the sums have the same bits whatever their number.
    """

    rows: Rows = field(repr=False)
    scaling: Scaling = field(repr=False)
    cells: Cells | None = field(default=None, repr=False)
    threads: int = 1

    @property
    def n(self) -> int:
        return int(self.rows.y.size)

    def gather(self, point: Sequence[float] = ()) -> list[CrossProducts]:
        if len(point):
            raise ValueError("the weights of rows in memory are known")
        if self.cells is None:
            return [cross_products(self.rows, self.threads)]
        return [_by_cell(self.rows, self.scaling, self.cells, self.threads)]

    def gather_basis(self, residual: ResidualStructure) -> list[CrossProducts]:
        return residual.basis(self.rows, self.threads)


def in_memory(
    design: Design,
    y: Array,
    weights: Array | None,
    threads: int = 1,
    scaling: Scaling | None = None,
) -> MemorySource:
    """The source of a design.

    Parameters
    ----------
    design : Design
    y : ndarray, shape (n,)
        Response less offset.
    weights : ndarray or None, shape (n,)
    threads : int
    scaling : Scaling, optional
        By the sizes of the columns, if not given.

    Raises
    ------
    DataError
        A column whose values are too small or too large to be squared.
    """
    if scaling is None:
        rows = _plain(design, y, weights)
        scaling = checked(design, scaling_of(rows, design.plan.blocks, threads))
        rows = rows.scaled(scaling.core)
    else:
        rows = rows_of(design, scaling, y, weights)
    by_cell = design.p >= MANY_COLUMNS and scaling.orthogonal is None
    return MemorySource(rows, scaling, design.cells if by_cell else None, threads)


def rows_of(design: Design, scaling: Scaling, y: Array, weights: Array | None) -> Rows:
    """The rows as a kernel reads them: the design's arrays under a scaling of their columns."""
    return _plain(design, y, weights, scaling.orthogonal).scaled(scaling.core)


def _plain(
    design: Design, y: Array, weights: Array | None, orthogonal: Array | None = None
) -> Rows:
    """The rows as the data have them, without shifts and scales; `orthogonal` instead of X."""
    plan = design.plan
    x = plan.fixed if orthogonal is None else ModelColumns.of(orthogonal).columns
    return Rows(groups=plan.groups, x=x, y=y, weights=weights)


def _by_cell(rows: Rows, scaling: Scaling, cells: Cells, threads: int) -> CrossProducts:
    """Sums by the rows of X that differ, which X then multiplies."""
    by_cell = RowsGroup(codes=cells.codes, n_levels=cells.columns.n_rows, columns=[None])
    without_x = rows.replace(groups=[*rows.groups, by_cell], x=[], x_shifts=None, x_scales=None)
    sums = cross_products(without_x, threads)
    return from_cells(sums, (cells.columns.matrix() - scaling.x_shifts) / scaling.x_scales)
