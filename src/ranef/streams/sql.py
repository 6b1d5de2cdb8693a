"""Sources that answer queries: the sums are made where the rows are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.errors import DataError
from ranef.formula.nodes import Name
from ranef.streams.dialect import Dialect
from ranef.streams.schema import Schema
from ranef.streams.source import RawSums
from ranef.sums.numbers import NumberSums
from ranef.sums.plan import Centred, Plan
from ranef.sums.products import Product
from ranef.sums.sums import COUNT, key_name, sum_name
from ranef.types import Array

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Queries"]

_SAMPLE = 10_000
"""Rows from which provisional shifts and scales are taken."""


@dataclass(frozen=True, eq=False)
class Queries:
    """Rows behind an engine that runs SQL.

    Attributes
    ----------
    name : str
    table : str
        What stands behind FROM.
    run : callable
        From a query to a table of its result.
    dialect : Dialect
    types : Schema
    stream : callable or None
        From a query to batches of its result.
    """

    name: str
    table: str
    run: Callable[[str], pa.Table] = field(repr=False)
    dialect: Dialect = field(repr=False)
    types: Schema = field(repr=False)
    stream: Callable[[str, int], Iterator[pa.RecordBatch]] | None = field(default=None, repr=False)
    repeatable: bool = True

    def schema(self) -> Schema:
        return self.types

    def frames(self, columns: Sequence[str], batch: int = 1_000_000) -> Iterator[Any]:
        query = f"SELECT {', '.join(map(self.dialect.name, columns))} FROM {self.table}"
        yield from [self.run(query)] if self.stream is None else self.stream(query, batch)

    def middle(self, plan: Plan) -> tuple[Array, Array]:
        d = self.dialect
        values = [
            _value(plan.columns[k], plan, d) if len(plan.singles(k)) == 1 else "1.0"
            for k in range(len(plan.columns))
        ]
        listed = ", ".join(f"{value} AS v{k}" for k, value in enumerate(values))
        asked = ", ".join(
            f"avg({_finite(f'v{k}', d)}), stddev_pop({_finite(f'v{k}', d)})"
            for k in range(len(values))
        )
        rows = self.run(
            f"SELECT {asked} FROM (SELECT {listed} FROM {self.table} "
            f"WHERE {self._complete(plan.reads())} LIMIT {_SAMPLE}) AS sampled"
        )
        (found,) = zip(*(column.to_pylist() for column in rows.columns), strict=True)
        numbers = np.array([np.nan if v is None else float(v) for v in found])
        return numbers[0::2], numbers[1::2]

    def sums(self, plan: Plan, shifts: Array, scales: Array) -> RawSums:
        every = range(len(plan.columns))
        asked = []
        for k in range(max(len(plan.factors), 1)):
            keys = plan.cell_keys(k) if plan.factors else plan.keys
            asked.append(self._sums(plan, keys, every, every, shifts, scales))
        pairs = [
            self._sums(plan, plan.cell_keys(a, b), plan.random[a], plan.random[b], shifts, scales)
            for a, b in plan.pairs
        ]
        means = [self._means(plan, own, shifts, scales) for own in plan.means]
        cells = tuple(self.run(query) for query in asked)
        n_total, log_weights = self._totals(plan)
        numbers = self._numbers(plan, shifts)
        n = int(np.sum(cells[0].column(COUNT).to_numpy(zero_copy_only=False)))
        return RawSums(
            cells=cells,
            pairs=tuple(self.run(query) for query in pairs),
            means=tuple(self.run(query) for query in means),
            n_total=n_total,
            missing=self._missing(plan) if n < n_total else {},
            sum_log_weights=log_weights,
            numbers=numbers,
            orders={
                name: order for name in plan.kinds if (order := self.types[name].order) is not None
            },
        )

    def _sums(
        self,
        plan: Plan,
        keys: Sequence[str],
        left: Sequence[int],
        right: Sequence[int],
        shifts: Array,
        scales: Array,
    ) -> str:
        """The query for the sums of products of two lists of columns, by keys."""
        d = self.dialect
        used = sorted({single for k in (*left, *right) for single in plan.singles(k)})
        listed = [f"{d.name(name)} AS k{k}" for k, name in enumerate(keys)]
        for k in used:
            value = _value(plan.columns[k], plan, d)
            inner = f"({value} - {d.number(shifts[k])}) / {d.number(scales[k])}"
            listed.append(f"{inner} AS u{k}")
        weight = "" if plan.weights is None else "w * "
        if plan.weights is not None:
            listed.append(f"{d.number_of(plan.weights)} AS w")
        asked = [f"k{k} AS {d.name(key_name(name))}" for k, name in enumerate(keys)]
        asked.append(f"count(*) AS {d.name(COUNT)}")
        for i, j in dict.fromkeys((min(i, j), max(i, j)) for i in left for j in right):
            factors = [f"u{single}" for k in (i, j) for single in plan.singles(k)]
            inside = weight + (" * ".join(factors) or "1.0")
            asked.append(f"CAST(sum({inside}) AS {d.double}) AS {d.name(sum_name(i, j))}")
        by = f" GROUP BY {', '.join(f'k{k}' for k in range(len(keys)))}" if keys else ""
        order = f" ORDER BY {', '.join(f'k{k}' for k in range(len(keys)))}" if keys else ""
        return (
            f"SELECT {', '.join(asked)} FROM (SELECT {', '.join(listed) or '1 AS one'} "
            f"FROM {self.table} WHERE {self._complete(plan.reads())}) AS used{by}{order}"
        )

    def _means(self, plan: Plan, own: Centred, shifts: Array, scales: Array) -> str:
        """The query for the rows and the sum of a variable in each group."""
        d = self.dialect
        place = plan.position(Product((own.x,)))
        assert place is not None
        value = d.expression(own.x, plan.formula.text)
        inner = f"({value} - {d.number(shifts[place])}) / {d.number(scales[place])}"
        listed = [f"{d.name(name)} AS k{k}" for k, name in enumerate(own.groups)]
        asked = [f"k{k} AS {d.name(key_name(name))}" for k, name in enumerate(own.groups)]
        names = [*own.groups, *(n for n in plan.kinds if d.name(n) in value)]
        by = ", ".join(f"k{k}" for k in range(len(own.groups)))
        return (
            f"SELECT {', '.join(asked)}, count(*) AS {d.name(COUNT)}, sum(v) AS s FROM "
            f"(SELECT {', '.join(listed)}, {inner} AS v FROM {self.table} "
            f"WHERE {self._complete(names)}) AS used GROUP BY {by} ORDER BY {by}"
        )

    def _totals(self, plan: Plan) -> tuple[int, float]:
        """All rows, and the sum of the logarithms of the weights of those used.

        Raises
        ------
        DataError
            Weights that are not positive.
        """
        d = self.dialect
        total = int(self.run(f"SELECT count(*) FROM {self.table}").column(0)[0].as_py())
        if plan.weights is None:
            return total, 0.0
        w = d.number_of(plan.weights)
        query = (
            f"SELECT min(w), max(w), sum(CASE WHEN w > 0 THEN ln(w) ELSE 0.0 END) FROM "
            f"(SELECT {w} AS w FROM {self.table} WHERE {self._complete(plan.reads())}) AS used"
        )
        low, high, logs = (column[0].as_py() for column in self.run(query).columns)
        if low is not None and not (low > 0.0 and np.isfinite(high)):
            raise DataError(
                "weights must be positive and finite",
                where=f"column '{plan.weights}'",
                found=f"weights from {low:g} to {high:g}",
                fix="leave such rows out of the data",
            )
        return total, float(logs or 0.0)

    def _numbers(self, plan: Plan, shifts: Array) -> dict[str, NumberSums]:
        """Where the values of the variables lie."""
        d, names = self.dialect, plan.numbers
        if not names:
            return {}
        middles = []
        for name in names:
            place = plan.position(Product((Name(name, (0, 0)),)))
            middles.append(0.0 if place is None else float(shifts[place]))
        listed, asked = [], ["count(*)"]
        for k, (name, middle) in enumerate(zip(names, middles, strict=True)):
            listed.append(f"{d.number_of(name)} AS v{k}")
            inner = f"(v{k} - {d.number(middle)})"
            asked += [f"sum({inner})", f"sum({inner} * {inner})", f"min(v{k})", f"max(v{k})"]
        row = self.run(
            f"SELECT {', '.join(asked)} FROM (SELECT {', '.join(listed)} FROM {self.table} "
            f"WHERE {self._complete(plan.reads())}) AS used"
        )
        count, *rest = (column[0].as_py() for column in row.columns)
        if not count:
            return {}
        return {
            name: NumberSums(int(count), middle, *map(float, rest[4 * k : 4 * k + 4]))
            for k, (name, middle) in enumerate(zip(names, middles, strict=True))
        }

    def _missing(self, plan: Plan) -> Mapping[str, int]:
        names = plan.reads()
        asked = ", ".join(f"sum(CASE WHEN {self._there(name)} THEN 0 ELSE 1 END)" for name in names)
        row = self.run(f"SELECT {asked} FROM {self.table}")
        counts = [int(column[0].as_py() or 0) for column in row.columns]
        return {name: count for name, count in zip(names, counts, strict=True) if count}

    def _complete(self, names: Sequence[str]) -> str:
        return " AND ".join(f"({self._there(name)})" for name in dict.fromkeys(names)) or "1 = 1"

    def _there(self, name: str) -> str:
        """Whether a value is there: neither NULL nor, if it is a float, NaN."""
        column = self.dialect.name(name)
        if self.types[name].floating:
            return f"{column} IS NOT NULL AND NOT isnan({column})"
        return f"{column} IS NOT NULL"


def _value(column: Product, plan: Plan, dialect: Dialect) -> str:
    """A column of a single factor."""
    (factor,) = column.factors
    return dialect.expression(factor, plan.formula.text)


def _finite(value: str, dialect: Dialect) -> str:
    """The value, NULL if it is not finite: a sample is to have a middle all the same."""
    return f"CASE WHEN abs({value}) < {dialect.number(1e300)} THEN {value} END"
