"""Sources that give their rows some at a time: the core sums each batch, and the sums are added."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.core import Rows, RowsGroup, cross_products
from ranef.core.blocks import factor_blocks
from ranef.core.columns import row_threads
from ranef.design.evaluate import evaluate
from ranef.design.grouping import learn_grouping
from ranef.design.means import learn_means
from ranef.design.state import State
from ranef.errors import DataError
from ranef.formula.nodes import Expr
from ranef.formula.position import pointer
from ranef.formula.render import to_text
from ranef.frame import Table, complete_rows
from ranef.frame.read import read_table
from ranef.frame.table import Column
from ranef.streams.schema import Schema
from ranef.streams.source import RawSums
from ranef.sums.numbers import NumberSums, numbers_added, sums_of_values
from ranef.sums.plan import Plan
from ranef.sums.products import Product
from ranef.sums.sums import COUNT, added, key_name, sum_name
from ranef.types import Array, Codes

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Batches"]

ROWS = 1_000_000
"""Rows of a batch, if the source may choose."""


@dataclass(frozen=True, eq=False)
class Batches:
    """Rows that come in batches.

    Attributes
    ----------
    name : str
    batches : callable
        From the columns wanted and a number of rows to batches: frames of any kind.
    types : Schema
    repeatable : bool
        Whether `batches` may be called again.
    """

    name: str
    batches: Callable[[Sequence[str], int], Iterable[Any]] = field(repr=False)
    types: Schema = field(repr=False)
    repeatable: bool = True

    def schema(self) -> Schema:
        return self.types

    def frames(self, columns: Sequence[str], batch: int = ROWS) -> Iterator[Any]:
        yield from self.batches(columns, batch)

    def rows(self, columns: Sequence[str], batch: int = ROWS) -> Iterator[Table]:
        """The rows as tables of plain columns."""
        for frame in self.batches(columns, batch):
            table = read_table(frame, columns)
            if table.n_rows:
                yield table

    def middle(self, plan: Plan) -> tuple[Array, Array]:
        if not self.repeatable:
            c = len(plan.columns)
            return np.full(c, np.nan), np.full(c, np.nan)
        for table in self.rows(plan.reads()):
            used, _ = complete_rows(table, plan.reads(), {})
            if used.n_rows:
                return _middle(_values(plan, used))
        raise _no_rows()

    def sums(self, plan: Plan, shifts: Array, scales: Array) -> RawSums:
        pass_ = _Pass(plan, shifts, scales)
        for table in self.rows(plan.reads()):
            pass_.add(table)
        return pass_.finished()


class _Pass:
    """Sums of the batches so far."""

    def __init__(self, plan: Plan, shifts: Array, scales: Array) -> None:
        self.plan = plan
        self.shifts = shifts
        self.scales = scales
        self.tables: dict[tuple[str, int], _Growing] = {}
        self.n_total = 0
        self.missing: Counter[str] = Counter()
        self.log_weights = 0.0
        self.orders: dict[str, tuple[str, ...]] = {}
        self.numbers: dict[str, NumberSums] = {}

    def add(self, table: Table) -> None:
        plan = self.plan
        self.n_total += table.n_rows
        self._orders(table)
        for k, centred in enumerate(plan.means):
            self._put("means", k, self._means(table, centred.x, centred.groups))
        used, record = complete_rows(table, plan.reads(), {})
        self.missing.update(record.by_column)
        if not used.n_rows:
            return
        values = _inner(plan, _values(plan, used), self.shifts, self.scales)
        weights = None if plan.weights is None else _checked(used[plan.weights], plan.weights)
        if weights is not None:
            self.log_weights += float(np.log(weights).sum())
        for name in plan.numbers:
            column = np.asarray(used[name].values, dtype=np.float64)
            known = self.numbers.get(name)
            own = sums_of_values(column, float(column[0]) if known is None else known.middle)
            self.numbers[name] = own if known is None else numbers_added(known, own)
        every = range(len(values))
        for k in range(max(len(plan.factors), 1)):
            keys = plan.cell_keys(k) if plan.factors else plan.keys
            self._put("cells", k, _summed(used, keys, values, every, every, weights))
        for k, (a, b) in enumerate(plan.pairs):
            keys = plan.cell_keys(a, b)
            left, right = plan.random[a], plan.random[b]
            self._put("pairs", k, _summed(used, keys, values, left, right, weights))

    def finished(self) -> RawSums:
        if not self.n_total:
            raise _no_rows()
        plan = self.plan

        def of(what: str, count: int) -> tuple[pa.Table, ...]:
            return tuple(self.tables[what, k].total() for k in range(count))

        if ("cells", 0) not in self.tables:
            raise _no_rows(self.n_total)
        return RawSums(
            of("cells", max(len(plan.factors), 1)),
            of("pairs", len(plan.pairs)),
            of("means", len(plan.means)),
            self.n_total,
            dict(self.missing),
            self.log_weights,
            self.orders,
            self.numbers,
        )

    def _put(self, what: str, k: int, table: pa.Table) -> None:
        self.tables.setdefault((what, k), _Growing()).add(table)

    def _orders(self, table: Table) -> None:
        for name in {*self.plan.keys, *(n for f in self.plan.factors for n in f)}:
            column = table[name]
            if column.kind == "factor" and not column.holds and column.levels:
                known = self.orders.setdefault(name, column.levels)
                if known != column.levels:
                    self.orders[name] = _joined(known, column.levels, name)

    def _means(self, table: Table, x: Expr, groups: tuple[str, ...]) -> pa.Table:
        """Sums over the rows that have the variable and the group, whatever else is missing."""
        plan = self.plan
        place = plan.position(Product((x,)))
        assert place is not None
        values = (evaluate(x, table, _state(plan)) - self.shifts[place]) / self.scales[place]
        grouping, codes = learn_grouping(groups, table)
        use = (codes >= 0) & ~np.isnan(values)
        own = codes[use]
        counts = np.bincount(own, minlength=len(grouping))
        means = learn_means(values, groups, table).means
        there = counts > 0
        keyed = _keys(table, groups, codes, len(grouping))
        sums = np.where(there, means * counts, 0.0)
        return _table(keyed, {COUNT: counts.astype(np.int64), "s": sums}, there)


class _Growing:
    """A sum of tables; small ones wait, so that each row is added a few times at most."""

    def __init__(self) -> None:
        self.waiting: list[pa.Table] = []
        self.sum: pa.Table | None = None

    def add(self, table: pa.Table) -> None:
        self.waiting.append(table)
        if self.sum is None or sum(t.num_rows for t in self.waiting) > self.sum.num_rows:
            self._merge()

    def total(self) -> pa.Table:
        self._merge()
        assert self.sum is not None
        return self.sum

    def _merge(self) -> None:
        tables = [*self.waiting, *([] if self.sum is None else [self.sum])]
        if self.waiting:
            self.sum = added(tables[::-1])
            self.waiting = []


def _values(plan: Plan, table: Table) -> list[Array]:
    """The columns of single factors in the rows of a table; ones in place of products."""
    state, ones = _state(plan), np.ones(table.n_rows)
    return [
        _evaluated(column.factors[0], table, state, plan) if len(column.factors) == 1 else ones
        for column in plan.columns
    ]


def _inner(plan: Plan, values: list[Array], shifts: Array, scales: Array) -> list[Array]:
    """What is summed: the single columns about their shifts, and the products of these."""
    single = [(v - c) / s for v, c, s in zip(values, shifts, scales, strict=True)]
    out = []
    for k, value in enumerate(values):
        made = None
        for j in plan.singles(k):
            made = single[j] if made is None else made * single[j]
        out.append(value if made is None else made)
    return out


def _evaluated(expr: Expr, table: Table, state: State, plan: Plan) -> Array:
    values = evaluate(expr, table, state)
    if not np.isfinite(values).all():
        bad = np.flatnonzero(~np.isfinite(values))
        span = getattr(expr, "span", (0, 0))
        raise DataError(
            f"'{to_text(expr)}' is infinite or not defined in {bad.size} row{'s' * (bad.size > 1)}",
            where=pointer(plan.formula.text, span) if span[1] else plan.formula.text,
            found=f"{values[bad[0]]} among the rows of a batch",
            fix="correct these values, or make them missing so that their rows are left out",
        )
    return values


def _state(plan: Plan) -> State:
    return State(plan.formula.text, dict(plan.kinds))


def _middle(values: Sequence[Array]) -> tuple[Array, Array]:
    return np.array([v.mean() for v in values]), np.array([v.std() for v in values])


def _summed(
    table: Table,
    keys: tuple[str, ...],
    values: Sequence[Array],
    left: Sequence[int],
    right: Sequence[int],
    weights: Array | None,
) -> pa.Table:
    """Sums of the products of some columns, by the combinations of keys that occur."""
    if keys:
        grouping, codes = learn_grouping(keys, table)
        n = len(grouping)
    else:
        codes, n = np.zeros(table.n_rows, dtype=np.int32), 1
    used = sorted({*left, *right})
    columns = [None if k == 0 else np.ascontiguousarray(values[k]) for k in used]
    group = RowsGroup(codes=codes, n_levels=n, columns=columns)
    y = np.ascontiguousarray(values[used[-1]] if used[-1] else np.ones(table.n_rows))
    rows = Rows(groups=[group], x=[], y=y, weights=weights)
    (blocks,) = factor_blocks(cross_products(rows, row_threads(table.n_rows, table.threads)))
    place = {k: j for j, k in enumerate(used)}
    sums: dict[str, Any] = {COUNT: np.bincount(codes, minlength=n).astype(np.int64)}
    for i in left:
        for j in right:
            sums.setdefault(sum_name(i, j), blocks.random[:, place[i], place[j]])
    return _table(_keys(table, keys, codes, n), sums, np.ones(n, dtype=np.bool_))


def _keys(table: Table, keys: tuple[str, ...], codes: Codes, n: int) -> dict[str, Any]:
    """The values of the keys of each level."""
    import pyarrow as pa

    first = np.zeros(n, dtype=np.int64)
    known = codes >= 0
    first[codes[known]] = np.flatnonzero(known)
    out: dict[str, Any] = {}
    for name in keys:
        column = table[name]
        if column.kind == "factor":
            values = column.values[first]
            levels = pa.array(column.levels, pa.string())
            out[key_name(name)] = levels.take(pa.array(np.maximum(values, 0)))
        else:
            out[key_name(name)] = pa.array(column.stored[first])
    return out


def _table(keys: dict[str, Any], sums: dict[str, Any], use: Any) -> pa.Table:
    import pyarrow as pa

    table = pa.table(
        {**keys, **{name: pa.array(np.ascontiguousarray(v)) for name, v in sums.items()}}
    )
    return table if use.all() else table.filter(pa.array(use))


def _checked(column: Column, name: str) -> Array:
    weights = np.asarray(column.values, dtype=np.float64)
    if not bool(np.all(np.isfinite(weights) & (weights > 0.0))):
        bad = weights[~(np.isfinite(weights) & (weights > 0.0))]
        raise DataError(
            "weights must be positive and finite",
            where=f"column '{name}'",
            found=f"{bad.size} that are not among the rows of a batch, the first is {bad[0]:g}",
            fix="leave such rows out of the data",
        )
    return weights


def _joined(known: tuple[str, ...], more: tuple[str, ...], name: str) -> tuple[str, ...]:
    """One order of the levels of two batches."""
    new = [level for level in more if level not in known]
    there = [level for level in known if level in more]
    if [level for level in more if level in known] != there:
        raise DataError(
            f"the levels of '{name}' are in another order in a later batch",
            found=f"{', '.join(known[:6])} and {', '.join(more[:6])}",
            fix="give each batch the same categories",
        )
    return (*known, *new)


def _no_rows(total: int = 0) -> DataError:
    return DataError(
        "the data have no rows" if not total else "no rows are left to fit the model to",
        found=f"{total:,} rows" + (", each with a missing value" if total else ""),
        fix="check the filter or the file that the data come from",
    )
