"""Rows that stand in for those of the data where only levels, means and spans are asked for.

Marginal means read levels and means from the rows of a fit, and tests of terms the space that the
rows of X span. Rows with the same categories, the same means of numbers and the same span answer
that as well. They are not data: nothing that belongs to single rows is computed from them.
"""

from __future__ import annotations

from collections.abc import Mapping
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
from ranef.sums.numbers import NumberSums
from ranef.sums.record import MomentsRecord
from ranef.types import Array

__all__ = ["stand_in"]

MOST_PAIRS = 6
MOST_ROWS = 200_000


def stand_in(moments: MomentsRecord, encoding: Encoding, cells: Cells) -> tuple[Table, Array]:
    """Rows for a fit from moments, and how many rows of the data each stands for.

    Parameters
    ----------
    moments : MomentsRecord
    encoding : Encoding
    cells : Cells
        Those of the first grouping factor.
    """
    categories, counts = _categories(encoding, cells)
    calls = {mean_column(call): call for call in _centred(encoding)}
    numbers = {
        name: own
        for name, own in moments.numbers.items()
        if name in encoding.variables and name not in categories.names  # factor(x) of a number
    }
    for name, call in calls.items():
        numbers[name] = _of_means(moments.numbers, call, encoding.state.means[to_text(call)].means)
    names = list(numbers)
    pairs = [n for n in names if n not in calls and numbers[n].is_pair][:MOST_PAIRS]
    others = [name for name in names if name not in pairs]
    points = _points(pairs, others, numbers)
    n_cells = categories.n_rows
    repeated = take_rows(categories, np.repeat(np.arange(n_cells), points.shape[0]))
    columns = dict(repeated.columns)
    every = np.tile(points, (n_cells, 1))[: n_cells * points.shape[0]]
    for j, name in enumerate([*pairs, *others]):
        kind = "bool" if name in moments.plan.truth else "float64"
        values = np.ascontiguousarray(every[:, j])
        columns[name] = Column(name, "number", values, source_type=kind, private=True)
    frequencies = np.repeat(counts / points.shape[0], points.shape[0])
    return Table(columns, n_cells * points.shape[0]), frequencies


def _categories(encoding: Encoding, cells: Cells) -> tuple[Table, Array]:
    """The combinations of the categories of the model that occur, and how often."""
    terms = [*encoding.terms, *(term for c in encoding.random_codings for term in c.terms)]
    factors = {to_text(factor) for term in terms for factor in term.factors}
    used = {own.column for text, own in encoding.state.categories.items() if text in factors}
    chosen = [name for name in cells.keys if name in used]
    if not chosen:
        return Table({}, 1), np.array([cells.counts.sum()])
    table = cells.table.only(chosen)
    joint = np.zeros(table.n_rows, dtype=np.int64)
    for column in table.columns.values():
        values, own = np.unique(column.values, return_inverse=True)
        joint = joint * values.size + own
    _, first, codes = np.unique(joint, return_index=True, return_inverse=True)
    counts = np.bincount(codes.reshape(-1), cells.counts, first.size)
    order = np.argsort(first)
    return take_rows(table, first[order]), counts[order].astype(np.float64)


def _points(pairs: list[str], others: list[str], numbers: Mapping[str, NumberSums]) -> Array:
    """Values of the numbers, whose means are those of the data: pairs first."""
    ends = [(numbers[n].low, numbers[n].high) for n in pairs]
    corners = np.array(list(product(*ends))).reshape(2 ** len(pairs), len(pairs))
    k = len(others)
    # Any three values span what a square and a cube span; noise breaks ties between variables.
    count = max(4, k + 3)
    rng = np.random.Generator(np.random.Philox(2026))
    noise = rng.standard_normal((count, k)) if k else np.zeros((1, 0))
    noise -= noise.mean(axis=0)
    sizes = [numbers[n] for n in others]
    widest = np.abs(noise).max(axis=0) if k else np.zeros(0)  # within the range on both sides
    room = np.array([min(s.mean - s.low, s.high - s.mean) for s in sizes])
    values = np.array([s.mean for s in sizes]) + noise / np.where(widest > 0, widest, 1.0) * room
    left = np.repeat(corners, values.shape[0], axis=0)
    right = np.tile(values, (corners.shape[0], 1))
    return np.hstack([left, right])


def _centred(encoding: Encoding) -> list[Call]:
    terms = [*encoding.terms, *(term for c in encoding.random_codings for term in c.terms)]
    return [
        node
        for term in terms
        for factor in term.factors
        for node in walk(factor)
        if isinstance(node, Call) and node.function in CENTRING
    ]


def _of_means(numbers: Mapping[str, NumberSums], call: Call, means: Array) -> NumberSums:
    """Where group means lie. Their mean over rows is that of the variable, if it is a column."""
    known = numbers.get(to_text(call.args[0]))
    own = means[np.isfinite(means)]
    low, high = (float(own.min()), float(own.max())) if own.size else (0.0, 0.0)
    mean = known.mean if known is not None else float(np.mean(own)) if own.size else 0.0
    return NumberSums(1, mean, 0.0, 0.0, min(low, mean), max(high, mean))
