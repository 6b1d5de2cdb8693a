"""Cross-products of rows that are in memory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ranef.design import Design
from ranef.kernel import CrossProducts, Rows, RowsGroup, TermBlock, cross_products, from_cells
from ranef.scan import available_cores, row_threads
from ranef.source.scaling import Scaling
from ranef.types import Array, ModelColumns, RandomTerm

__all__ = ["available_cores", "gather", "place_terms", "row_threads", "rows_of"]

# From here on sums by cell and their pairs with every factor are less work than those of columns.
MANY_COLUMNS = 8


def place_terms(terms: tuple[RandomTerm, ...]) -> tuple[TermBlock, ...]:
    """Where each term stands: terms on one grouping factor share a group, side by side."""
    groups: dict[str, int] = {}
    widths: list[int] = []
    blocks = []
    for term in terms:
        group = groups.setdefault(term.factor, len(groups))
        if group == len(widths):
            widths.append(0)
        blocks.append(TermBlock(group, widths[group], term.q))
        widths[group] += term.q
    return tuple(blocks)


def rows_of(design: Design, scaling: Scaling, y: Array, weights: Array | None) -> Rows:
    """The rows as a kernel reads them; columns are views of the design's arrays."""
    blocks = place_terms(design.terms)
    n_groups = 1 + max((block.group for block in blocks), default=-1)
    groups = []
    for g in range(n_groups):
        members = [k for k, block in enumerate(blocks) if block.group == g]
        first = design.terms[members[0]]
        columns: list[Array | None] = []
        for k in members:
            term = design.terms[k]
            columns += [None if c is None else _contiguous(c) for c in term.columns.columns]
        groups.append(
            RowsGroup(
                codes=first.codes,
                n_levels=first.n_levels,
                columns=tuple(columns),
                shifts=tuple(float(s) for k in members for s in scaling.z_shifts[k]),
                scales=tuple(float(s) for k in members for s in scaling.z_scales[k]),
            )
        )
    x = design.columns if scaling.orthogonal is None else ModelColumns.of(scaling.orthogonal)
    return Rows(
        groups=tuple(groups),
        x=tuple(None if c is None else _contiguous(c) for c in x.columns),
        x_shifts=tuple(scaling.x_shifts.tolist()),
        x_scales=tuple(scaling.x_scales.tolist()),
        y=_contiguous(y),
        y_shift=scaling.y_shift,
        y_scale=scaling.y_scale,
        weights=None if weights is None else _contiguous(weights),
    )


def gather(
    design: Design, scaling: Scaling, y: Array, weights: Array | None, threads: int = 1
) -> CrossProducts:
    """One pass over the rows; the sums have the same bits whatever the number of threads."""
    rows = rows_of(design, scaling, y, weights)
    cells = design.cells
    if cells is None or scaling.orthogonal is not None or design.p < MANY_COLUMNS:
        return cross_products(rows, threads)
    by_cell = RowsGroup(cells.codes, cells.columns.n_rows, (None,), (0.0,), (1.0,))
    sums = cross_products(
        replace(rows, groups=(*rows.groups, by_cell), x=(), x_shifts=(), x_scales=()), threads
    )
    return from_cells(sums, (cells.columns.matrix() - scaling.x_shifts) / scaling.x_scales)


def _contiguous(column: Array) -> Array:
    return np.ascontiguousarray(column, dtype=np.float64)
