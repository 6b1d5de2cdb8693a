"""Cross-products of rows that are in memory."""

from __future__ import annotations

import numpy as np

from ranef.design import Design
from ranef.kernel import CrossProducts, Rows, RowsGroup, TermBlock, cross_products
from ranef.source.scaling import INTERCEPT, Scaling
from ranef.types import Array, RandomTerm

__all__ = ["gather", "place_terms", "rows_of"]


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
            columns += [
                None if name == INTERCEPT else _contiguous(term.Z[:, j])
                for j, name in enumerate(term.names)
            ]
        groups.append(
            RowsGroup(
                codes=first.codes,
                n_levels=first.n_levels,
                columns=tuple(columns),
                shifts=tuple(float(s) for k in members for s in scaling.z_shifts[k]),
                scales=tuple(float(s) for k in members for s in scaling.z_scales[k]),
            )
        )
    x = design.X if scaling.orthogonal is None else scaling.orthogonal
    constant = scaling.intercept if scaling.orthogonal is None else None
    return Rows(
        groups=tuple(groups),
        x=tuple(None if j == constant else _contiguous(x[:, j]) for j in range(design.p)),
        x_shifts=tuple(scaling.x_shifts.tolist()),
        x_scales=tuple(scaling.x_scales.tolist()),
        y=_contiguous(y),
        y_shift=scaling.y_shift,
        y_scale=scaling.y_scale,
        weights=None if weights is None else _contiguous(weights),
    )


def gather(design: Design, scaling: Scaling, y: Array, weights: Array | None) -> CrossProducts:
    """One pass over the rows."""
    return cross_products(rows_of(design, scaling, y, weights))


def _contiguous(column: Array) -> Array:
    return np.ascontiguousarray(column, dtype=np.float64)
