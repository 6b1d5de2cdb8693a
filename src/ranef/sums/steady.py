"""Which variables have one value in each level of a grouping factor."""

from __future__ import annotations

import numpy as np

from ranef.design.grouping import learn_grouping
from ranef.formula.nodes import Name, walk
from ranef.sums.cells import Cells
from ranef.sums.record import MomentsRecord
from ranef.sums.sums import column_of_sums
from ranef.types import Array, Codes

__all__ = ["constant_within", "level_means"]

CONSTANT = 1e-12
"""Share of a column's mean square; less variation within levels is rounding of the sums."""


def constant_within(moments: MomentsRecord, factor: tuple[str, ...]) -> frozenset[str]:
    """Variables that do not vary within any level.

    A variable that stands in functions alone is constant if all of them are.

    Parameters
    ----------
    moments : MomentsRecord
    factor : tuple of str
        Columns of a grouping factor that is summed by.
    """
    plan = moments.plan
    cells, codes, n_levels = _levels(moments, factor)
    steady = {*factor}
    for name in plan.keys:
        column = cells.table[name].values
        first = np.zeros(n_levels, dtype=column.dtype)
        first[codes] = column
        if np.array_equal(first[codes], column):
            steady.add(name)
    held: dict[str, list[bool]] = {}
    weight = np.bincount(codes, cells.sum(0, 0), n_levels)
    for k, product in enumerate(plan.columns[1:], start=1):
        if len(product.factors) != 1:
            continue
        one, two = (column_of_sums(cells.sums, *pair) for pair in ((0, k), (k, k)))
        assert one is not None
        assert two is not None
        first = np.bincount(codes, one, n_levels)
        second = np.bincount(codes, two, n_levels)
        flat = bool(np.all(second - first**2 / weight <= CONSTANT * float(second.sum())))
        for name in {n.name for n in walk(product.factors[0]) if isinstance(n, Name)}:
            held.setdefault(name, []).append(flat)
    return frozenset(steady | {name for name, flat in held.items() if all(flat)})


def level_means(moments: MomentsRecord, name: str, factor: tuple[str, ...]) -> Array | None:
    """The mean of a number in each level, less its shift and over its scale; None if not summed."""
    k = next((k for k, p in enumerate(moments.plan.columns) if p.text == name), None)
    if k is None:
        return None
    cells, codes, n_levels = _levels(moments, factor)
    total = np.bincount(codes, cells.sum(0, k), n_levels)
    means = total / np.bincount(codes, cells.sum(0, 0), n_levels)
    return np.asarray(moments.scales[k] * means)


def _levels(moments: MomentsRecord, factor: tuple[str, ...]) -> tuple[Cells, Codes, int]:
    """The cells of a grouping factor, with the level of each."""
    plan = moments.plan
    place = [frozenset(own) for own in plan.factors].index(frozenset(factor))
    cells = Cells(moments.cells[place], plan.cell_keys(place), moments.orders)
    grouping, codes = learn_grouping(tuple(plan.factors[place]), cells.table)
    return cells, codes, len(grouping)
