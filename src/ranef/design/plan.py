"""Which columns a model reads, and where they stand: each array once, as the core takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ranef.core import RowsGroup, TermBlock, TermLabel
from ranef.design.matrix import ModelColumns
from ranef.design.terms import RandomTerm
from ranef.types import INTERCEPT, Array, Codes

__all__ = ["ColumnPlan", "plan_columns"]


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """The columns of a model as the data have them, neither shifted nor scaled.

    Attributes
    ----------
    groups : tuple of RowsGroup
        Columns of Z by grouping factor.
    fixed : tuple of (ndarray, shape (n,), or None)
        Columns of X; None is the constant 1.
    blocks : tuple of TermBlock
        Where each random-effects term stands.
    labels : tuple of TermLabel
    """

    groups: tuple[RowsGroup, ...] = field(repr=False)
    fixed: tuple[Array | None, ...] = field(repr=False)
    blocks: tuple[TermBlock, ...]
    labels: tuple[TermLabel, ...]


def plan_columns(
    x: ModelColumns, x_names: Sequence[str], terms: Sequence[RandomTerm]
) -> ColumnPlan:
    """Lay out the columns of X and Z.

    Terms on one grouping factor share a group, side by side. A column that several matrices use
    is one array, which the core then reads once.
    """
    contiguous: dict[int, Array] = {}

    def use(matrix: ModelColumns, names: Sequence[str]) -> list[Array | None]:
        used: list[Array | None] = []
        for column, name in zip(matrix.columns, names, strict=True):
            if column is None or name == INTERCEPT:  # which no column of the data is called
                used.append(None)
                continue
            if id(column) not in contiguous:
                contiguous[id(column)] = np.ascontiguousarray(column, dtype=np.float64)
            used.append(contiguous[id(column)])
        return used

    fixed = use(x, x_names)
    groups: dict[str, int] = {}
    codes: list[tuple[Codes, int]] = []
    columns: list[list[Array | None]] = []
    blocks = []
    for term in terms:
        group = groups.setdefault(term.factor, len(groups))
        if group == len(codes):
            codes.append((term.codes, term.n_levels))
            columns.append([])
        place = (group, len(columns[group]), term.q)
        blocks.append(TermBlock(*place, term.structure, term.rank, term.positions))
        columns[group] += use(term.columns, term.names)
    return ColumnPlan(
        groups=tuple(
            RowsGroup(codes=c, n_levels=n_levels, columns=own)
            for (c, n_levels), own in zip(codes, columns, strict=True)
        ),
        fixed=tuple(fixed),
        blocks=tuple(blocks),
        labels=tuple(TermLabel(t.label, t.factor, t.names, t.n_levels, t.structure) for t in terms),
    )
