"""Rows that stand in for those of the data where only levels, means and spans are asked for.

Marginal means read levels and means from the rows of a fit, and tests of terms the space that the
rows of X span. Rows with the same categories, the same means of numbers and the same span answer
that as well. They are no data: nothing that belongs to single rows is computed from them.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from ranef.design import Encoding
from ranef.design.means import mean_column
from ranef.formula.functions import CENTRING
from ranef.formula.nodes import Call, walk
from ranef.formula.render import to_text
from ranef.frame import Table, take_rows
from ranef.frame.table import Column
from ranef.sums.cells import Cells
from ranef.sums.held import Held
from ranef.sums.numbers import NumberSums
from ranef.types import Array

__all__ = ["stand_in"]

MOST_PAIRS = 6
MOST_ROWS = 200_000


def stand_in(moments: Held, encoding: Encoding, cells: Cells) -> Table:
    """Rows for a fit from moments.

    Parameters
    ----------
    moments : Moments
    encoding : Encoding
    cells : Cells
        Those of the first grouping factor.
    """
    categories = _categories(encoding, cells)
    names = [name for name in moments.numbers if name in encoding.variables]
    pairs = [name for name in names if moments.numbers[name].is_pair][:MOST_PAIRS]
    others = [name for name in names if name not in pairs]
    points = _points(pairs, others, moments)
    n_cells = categories.n_rows
    repeated = take_rows(categories, np.repeat(np.arange(n_cells), points.shape[0]))
    columns = dict(repeated.columns)
    every = np.tile(points, (n_cells, 1))[: n_cells * points.shape[0]]
    for j, name in enumerate([*pairs, *others]):
        kind = "bool" if name in moments.plan.truth else "float64"
        values = np.ascontiguousarray(every[:, j])
        columns[name] = Column(name, "number", values, source_type=kind, private=True)
    n = n_cells * points.shape[0]
    for call in _centred(encoding):
        means = encoding.state.means[to_text(call)]
        average = _average(moments.numbers, call, means.means)
        name = mean_column(call)
        columns[name] = Column(name, "number", np.full(n, average), source_type="float64")
    return Table(columns, n)


def _categories(encoding: Encoding, cells: Cells) -> Table:
    """The combinations of the categories of the fixed part that occur."""
    fixed = {
        category.column
        for text, category in encoding.state.categories.items()
        if any(text == to_text(factor) for term in encoding.terms for factor in term.factors)
    }
    chosen = [name for name in cells.keys if name in fixed]
    if not chosen:
        return Table({}, 1)
    table = cells.table.only(chosen)
    stacked = np.column_stack([column.values for column in table.columns.values()])
    _, first = np.unique(stacked, axis=0, return_index=True)
    return take_rows(table, np.sort(first))


def _points(pairs: list[str], others: list[str], moments: Held) -> Array:
    """Values of the numbers, whose means are those of the data: pairs first."""
    ends = [(moments.numbers[n].low, moments.numbers[n].high) for n in pairs]
    corners = np.array(list(product(*ends))).reshape(2 ** len(pairs), len(pairs))
    k = len(others)
    # Any three values span what a square and a cube span; noise breaks ties between variables.
    count = max(4, k + 3)
    rng = np.random.Generator(np.random.Philox(2026))
    noise = rng.standard_normal((count, k)) if k else np.zeros((1, 0))
    noise -= noise.mean(axis=0)
    sizes = [moments.numbers[n] for n in others]
    widest = np.abs(noise).max(axis=0) if k else np.zeros(0)  # within the range on both sides
    room = np.array([min(s.mean - s.low, s.high - s.mean) for s in sizes])
    values = np.array([s.mean for s in sizes]) + noise / np.where(widest > 0, widest, 1.0) * room
    left = np.repeat(corners, values.shape[0], axis=0)
    right = np.tile(values, (corners.shape[0], 1))
    return np.hstack([left, right])


def _centred(encoding: Encoding) -> list[Call]:
    return [
        node
        for term in encoding.terms
        for factor in term.factors
        for node in walk(factor)
        if isinstance(node, Call) and node.function in CENTRING
    ]


def _average(numbers: object, call: Call, means: Array) -> float:
    """The mean over rows of a group mean: that of the variable, if it is a column."""
    name = to_text(call.args[0])
    known = numbers.get(name) if isinstance(numbers, dict) else None
    if isinstance(known, NumberSums):
        return known.mean
    return float(np.nanmean(means))
