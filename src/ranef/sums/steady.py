"""Which variables have one value in each level of a grouping factor."""

from __future__ import annotations

import numpy as np

from ranef.design.grouping import learn_grouping
from ranef.formula.nodes import Name, walk
from ranef.sums.cells import Cells
from ranef.sums.record import Moments
from ranef.sums.sums import column_of_sums

__all__ = ["constant_within"]

CONSTANT = 1e-12
"""Of a column's mean square: what varies less within levels is rounding of the sums."""


def constant_within(moments: Moments, factor: tuple[str, ...]) -> frozenset[str]:
    """Variables that do not vary within any level.

    A variable that stands in functions alone is constant if all of them are.

    Parameters
    ----------
    moments : Moments
    factor : tuple of str
        Columns of a grouping factor that is summed by.
    """
    plan = moments.plan
    place = [frozenset(own) for own in plan.factors].index(frozenset(factor))
    cells = Cells(moments.cells[place], plan.cell_keys(place), moments.orders)
    grouping, codes = learn_grouping(tuple(plan.factors[place]), cells.table)
    steady = {*factor}
    for name in plan.keys:
        column = cells.table[name].values
        first = np.zeros(len(grouping), dtype=column.dtype)
        first[codes] = column
        if np.array_equal(first[codes], column):
            steady.add(name)
    held: dict[str, list[bool]] = {}
    weight = np.bincount(codes, cells.sum(0, 0), len(grouping))
    for k, product in enumerate(plan.columns[1:], start=1):
        if len(product.factors) != 1:
            continue
        one, two = (column_of_sums(cells.sums, *pair) for pair in ((0, k), (k, k)))
        assert one is not None
        assert two is not None
        first = np.bincount(codes, one, len(grouping))
        second = np.bincount(codes, two, len(grouping))
        flat = bool(np.all(second - first**2 / weight <= CONSTANT * float(second.sum())))
        for name in {n.name for n in walk(product.factors[0]) if isinstance(n, Name)}:
            held.setdefault(name, []).append(flat)
    return frozenset(steady | {name for name, flat in held.items() if all(flat)})
