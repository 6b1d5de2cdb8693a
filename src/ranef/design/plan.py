"""Which columns a model reads, and where they stand: each array once, as the core takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ranef.core import TermBlock, TermLabel
from ranef.design.matrix import ModelColumns
from ranef.design.terms import RandomTerm
from ranef.types import INTERCEPT, Array, Codes

__all__ = ["ColumnPlan", "plan_columns"]


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """The columns of a model, each array once, and who uses which; -1 is the constant 1.

    Attributes
    ----------
    columns : tuple of ndarray, shape (n,)
        Contiguous.
    centred : tuple of bool
        Whether an intercept stands beside a column, so that its origin does not matter.
    groups : tuple of (ndarray of int32, shape (n,), int)
        Level of each row, number of levels, of the grouping factors.
    random : tuple of (int, tuple of int)
        Group and columns of each random-effects term.
    fixed : tuple of int
        Columns of X.
    blocks : tuple of TermBlock
    labels : tuple of TermLabel
    """

    columns: tuple[Array, ...] = field(repr=False)
    centred: tuple[bool, ...]
    groups: tuple[tuple[Codes, int], ...] = field(repr=False)
    random: tuple[tuple[int, tuple[int, ...]], ...]
    fixed: tuple[int, ...]
    blocks: tuple[TermBlock, ...]
    labels: tuple[TermLabel, ...]

    @property
    def core(self) -> tuple[Any, ...]:
        """What the core is handed."""
        return (self.columns, self.centred, self.groups, self.random, self.fixed)

    def values(self, used: Sequence[int]) -> tuple[Array | None, ...]:
        """The arrays behind some columns; None is the constant 1."""
        return tuple(None if k < 0 else self.columns[k] for k in used)


def plan_columns(
    x: ModelColumns, x_names: Sequence[str], terms: Sequence[RandomTerm]
) -> ColumnPlan:
    """Lay out the columns of X and Z.

    Terms on one grouping factor share a group, side by side. A column that several matrices use
    with the same origin is read once.
    """
    places: dict[tuple[int, bool], int] = {}
    columns: list[Array] = []

    def use(matrix: ModelColumns, names: Sequence[str]) -> tuple[int, ...]:
        centred = INTERCEPT in names
        used = []
        for column, name in zip(matrix.columns, names, strict=True):
            if column is None or name == INTERCEPT:  # which no column of the data is called
                used.append(-1)
                continue
            place = places.setdefault((id(column), centred), len(columns))
            if place == len(columns):
                columns.append(np.ascontiguousarray(column, dtype=np.float64))
            used.append(place)
        return tuple(used)

    fixed = use(x, x_names)
    groups: dict[str, int] = {}
    codes: list[tuple[Codes, int]] = []
    widths: list[int] = []
    random, blocks = [], []
    for term in terms:
        group = groups.setdefault(term.factor, len(groups))
        if group == len(codes):
            codes.append((term.codes, term.n_levels))
            widths.append(0)
        random.append((group, use(term.columns, term.names)))
        place = (group, widths[group], term.q)
        blocks.append(TermBlock(*place, term.structure, term.rank, term.positions))
        widths[group] += term.q
    return ColumnPlan(
        columns=tuple(columns),
        centred=tuple(centred for _, centred in places),
        groups=tuple(codes),
        random=tuple(random),
        fixed=fixed,
        blocks=tuple(blocks),
        labels=tuple(TermLabel(t.label, t.factor, t.names, t.n_levels, t.structure) for t in terms),
    )
