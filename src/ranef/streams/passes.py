"""A pass over rows that come in batches: the sums of each batch, added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.core import Rows, RowsGroup, cross_products
from ranef.core.blocks import factor_blocks
from ranef.core.columns import row_threads
from ranef.design.evaluate import evaluate
from ranef.design.grouping import learn_grouping
from ranef.errors import DataError
from ranef.formula.nodes import Expr
from ranef.frame import Table
from ranef.streams.checks import no_complete_rows
from ranef.streams.first_batch import check_first
from ranef.streams.fixed_point import (
    LIMBS,
    LOGARITHM,
    Bounds,
    limb_name,
    limb_sums,
    put_together,
    size_of,
)
from ranef.streams.growing import Growing
from ranef.streams.source import RawSums
from ranef.streams.values import complete, inner_values, state_of, values_of, weights_of
from ranef.sums.numbers import NumberSums, numbers_added, sums_of_values
from ranef.sums.plan import Plan
from ranef.sums.products import Product
from ranef.sums.sums import COUNT, key_name, sum_name
from ranef.types import Array, Codes

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Pass"]


class Pass:
    """Sums of the batches so far.

    Parameters
    ----------
    plan : Plan
    shifts, scales : ndarray, shape (c,)
    bounds : Bounds, optional
        Sums are in fixed point.
    """

    def __init__(
        self, plan: Plan, shifts: Array, scales: Array, bounds: Bounds | None = None
    ) -> None:
        self.plan = plan
        self.shifts = shifts
        self.scales = scales
        self.bounds = bounds
        self.tables: dict[tuple[str, int], Growing] = {}
        self.n_total = 0
        self.n = 0
        self.missing: Counter[str] = Counter()
        self.log_weights = 0.0
        self.limbs: dict[str, list[Any]] = {}
        self.orders: dict[str, tuple[str, ...]] = {}
        self.numbers: dict[str, NumberSums] = {}

    def add(self, table: Table) -> None:
        """Add the rows of a batch.

        Raises
        ------
        DataError
            Values that are infinite, weights that are not positive.
        """
        plan = self.plan
        self.n_total += table.n_rows
        self._orders(table)
        for k, centred in enumerate(plan.means):
            self._put("means", k, centred.groups, self._means(table, centred.x, centred.groups))
        used, missing = complete(table, plan.reads())
        self.missing.update(missing)
        if not used.n_rows:
            return
        if not self.n:
            check_first(plan, used)
        self.n += used.n_rows
        values = inner_values(plan, values_of(plan, used), self.shifts, self.scales)
        weights = weights_of(plan, used)
        self._rest(used, weights)
        if weights is not None and self.bounds is not None:
            weights = weights / self.bounds.weight_size
        every = range(len(values))
        for k in range(max(len(plan.factors), 1)):
            keys = plan.cell_keys(k) if plan.factors else plan.keys
            self._put("cells", k, keys, self._summed(used, keys, values, every, every, weights))
        for k, (a, b) in enumerate(plan.pairs):
            keys = plan.cell_keys(a, b)
            left, right = plan.random[a], plan.random[b]
            self._put("pairs", k, keys, self._summed(used, keys, values, left, right, weights))

    def merge(self, other: Pass) -> None:
        """Add the sums of other rows, made with the same shifts and scales."""
        for key, growing in other.tables.items():
            mine = self.tables.setdefault(key, Growing(growing.keys))
            mine.merge(growing)
        self.n_total += other.n_total
        self.n += other.n
        self.missing.update(other.missing)
        self.log_weights += other.log_weights
        for name, limbs in other.limbs.items():
            self._add_limbs(name, limbs)
        for name, levels in other.orders.items():
            self._order(name, levels)
        for name, own in other.numbers.items():
            known = self.numbers.get(name)
            self.numbers[name] = own if known is None else numbers_added(known, own)

    def finished(self) -> RawSums:
        """All sums.

        Raises
        ------
        DataError
            No row is complete.
        """
        if ("cells", 0) not in self.tables:
            raise no_complete_rows(self.n_total, self.missing)
        plan = self.plan

        def of(what: str, count: int) -> tuple[pa.Table, ...]:
            return tuple(self._floats(self.tables[what, k].total(), what) for k in range(count))

        return RawSums(
            of("cells", max(len(plan.factors), 1)),
            of("pairs", len(plan.pairs)),
            of("means", len(plan.means)),
            self.n_total,
            dict(self.missing),
            self._log_weights(),
            self.orders,
            self._numbers(),
        )

    def _put(self, what: str, k: int, keys: tuple[str, ...], table: pa.Table) -> None:
        self.tables.setdefault((what, k), Growing(keys)).add(table)

    def _rest(self, used: Table, weights: Array | None) -> None:
        """What is summed over all rows, not by cell."""
        if weights is not None:
            logs = np.log(weights)
            self.log_weights += float(logs.sum())
            self._limbs("log weights", logs / LOGARITHM)
        for name in self.plan.numbers:
            column = np.asarray(used[name].values, dtype=np.float64)
            known = self.numbers.get(name)
            middle, size = self._place(name, float(column[0]) if known is None else known.middle)
            own = sums_of_values(column, middle)
            self.numbers[name] = own if known is None else numbers_added(known, own)
            if self.bounds is not None:
                inner = (column - middle) / size
                self._limbs(f"{name}/1", inner)
                self._limbs(f"{name}/2", inner * inner)

    def _place(self, name: str, middle: float) -> tuple[float, float]:
        """What the sums of a variable are about, and its size."""
        if self.bounds is None:
            return middle, 1.0
        low, high = self.bounds.numbers[name]
        middle = low + 0.5 * (high - low)
        return middle, size_of(max(high - middle, middle - low))

    def _limbs(self, name: str, values: Array) -> None:
        if self.bounds is not None:
            self._add_limbs(name, limb_sums(values, np.zeros(values.size, dtype=np.int32), 1))

    def _add_limbs(self, name: str, limbs: list[Any]) -> None:
        known = self.limbs.get(name)
        self.limbs[name] = (
            limbs if known is None else [a + b for a, b in zip(known, limbs, strict=True)]
        )

    def _log_weights(self) -> float:
        if "log weights" not in self.limbs:
            return self.log_weights
        return LOGARITHM * float(put_together(self.limbs["log weights"], self.n)[0])

    def _numbers(self) -> dict[str, NumberSums]:
        if self.bounds is None:
            return self.numbers
        out = {}
        for name, own in self.numbers.items():
            middle, size = self._place(name, 0.0)
            first, second = (
                float(put_together(self.limbs[f"{name}/{k}"], self.n)[0]) for k in (1, 2)
            )
            out[name] = NumberSums(
                own.count, middle, size * first, size * size * second, own.low, own.high
            )
        return out

    def _floats(self, table: pa.Table, what: str) -> pa.Table:
        """A table whose sums are floats again."""
        if self.bounds is None:
            return table
        import pyarrow as pa

        size = self.bounds.weight_size if self.plan.weights and what != "means" else 1.0
        columns: dict[str, Any] = {}
        for name in table.column_names:
            sum_, _, limb = name.rpartition("/")
            if name.startswith(key_name("")) or not sum_:
                columns[name] = table.column(name)
            elif limb == "0":
                limbs = [table.column(limb_name(sum_, k)).to_numpy() for k in range(LIMBS)]
                columns[sum_] = pa.array(size * put_together(limbs, self.n_total))
        return pa.table(columns)

    def _orders(self, table: Table) -> None:
        for name in {*self.plan.keys, *(n for f in self.plan.factors for n in f)}:
            column = table[name]
            if column.kind == "factor" and not column.holds and column.levels:
                self._order(name, column.levels)

    def _order(self, name: str, levels: tuple[str, ...]) -> None:
        known = self.orders.setdefault(name, levels)
        if known != levels:
            self.orders[name] = _joined(known, levels, name)

    def _means(self, table: Table, x: Expr, groups: tuple[str, ...]) -> pa.Table:
        """Sums over the rows that have the variable and the group, whatever else is missing."""
        plan = self.plan
        place = plan.position(Product((x,)))
        assert place is not None
        values = (evaluate(x, table, state_of(plan)) - self.shifts[place]) / self.scales[place]
        grouping, codes = learn_grouping(groups, table)
        use = (codes >= 0) & np.isfinite(values)
        own, n = codes[use], len(grouping)
        counts = np.bincount(own, minlength=n).astype(np.int64)
        sums: dict[str, Any] = {COUNT: counts}
        if self.bounds is None:
            sums["s"] = np.bincount(own, weights=values[use], minlength=n)
        else:
            parts = limb_sums(values[use], own, n)
            sums |= {limb_name("s", k): part for k, part in enumerate(parts)}
        return _table(_keys(table, groups, codes, n), sums, counts > 0)

    def _summed(
        self,
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
        sums: dict[str, Any] = {COUNT: np.bincount(codes, minlength=n).astype(np.int64)}
        asked = dict.fromkeys((min(i, j), max(i, j)) for i in left for j in right)
        if self.bounds is None:
            sums |= _floating(table, codes, n, values, list(asked), weights)
        else:
            for i, j in asked:
                product = values[i] * values[j] * (1.0 if weights is None else weights)
                for k, part in enumerate(limb_sums(product, codes, n)):
                    sums[limb_name(sum_name(i, j), k)] = part
        return _table(_keys(table, keys, codes, n), sums, np.ones(n, dtype=np.bool_))


def _floating(
    table: Table,
    codes: Codes,
    n: int,
    values: Sequence[Array],
    asked: Sequence[tuple[int, int]],
    weights: Array | None,
) -> dict[str, Array]:
    """Sums by the core, on all threads."""
    used = sorted({k for pair in asked for k in pair})
    columns = [None if k == 0 else np.ascontiguousarray(values[k]) for k in used]
    group = RowsGroup(codes=codes, n_levels=n, columns=columns)
    y = np.ascontiguousarray(values[used[-1]])
    rows = Rows(groups=[group], x=[], y=y, weights=weights)
    (blocks,) = factor_blocks(cross_products(rows, row_threads(table.n_rows, table.threads)))
    place = {k: at for at, k in enumerate(used)}
    return {sum_name(i, j): blocks.random[:, place[i], place[j]] for i, j in asked}


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


def _joined(known: tuple[str, ...], more: tuple[str, ...], name: str) -> tuple[str, ...]:
    """One order of the levels of two batches."""
    old, others = set(known), set(more)
    new = [level for level in more if level not in old]
    there = [level for level in known if level in others]
    if [level for level in more if level in old] != there:
        raise DataError(
            f"the levels of '{name}' are in another order in a later batch",
            found=f"{', '.join(known[:6])} and {', '.join(more[:6])}",
            fix="give each batch the same categories",
        )
    return (*known, *new)
