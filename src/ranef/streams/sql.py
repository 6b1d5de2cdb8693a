"""Sources that answer queries: the sums are made where the rows are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ranef.errors import OptionError
from ranef.formula.nodes import Name
from ranef.streams.dialect import Dialect
from ranef.streams.fixed_point import LOGARITHM, UNIT_BITS, Bounds, size_of
from ranef.streams.preflight import Checked, Statistics, check, finite, value_of, values_of
from ranef.streams.schema import Schema
from ranef.streams.source import RawSums, Share, Watch, silent
from ranef.sums.numbers import NumberSums
from ranef.sums.plan import Centred, Plan
from ranef.sums.products import Product
from ranef.sums.sums import COUNT, key_name, sum_name, sum_of
from ranef.types import Array

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Queries"]

_SAMPLE = 10_000
"""Rows from which provisional shifts and scales are taken."""


class Run(Protocol):
    """From a query to a table of its result; is told what to call with the part that is done."""

    def __call__(self, text: str, share: Share = ..., /) -> pa.Table: ...


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
    statistics : callable or None
        See :data:`~ranef.streams.preflight.Statistics`.
    repeatable : bool
    exact : bool
        Whether sums have the same bits in any order of the rows.
    """

    name: str
    table: str
    run: Run = field(repr=False)
    dialect: Dialect = field(repr=False)
    types: Schema = field(repr=False)
    stream: Callable[[str, int], Iterator[pa.RecordBatch]] | None = field(default=None, repr=False)
    statistics: Statistics | None = field(default=None, repr=False)
    repeatable: bool = True
    exact: bool = False

    def schema(self) -> Schema:
        return self.types

    def frames(self, columns: Sequence[str], batch: int = 1_000_000) -> Iterator[Any]:
        query = f"SELECT {', '.join(map(self.dialect.name, columns))} FROM {self.table}"
        yield from [self.run(query)] if self.stream is None else self.stream(query, batch)

    def exactly(self) -> Queries:
        """The same rows, summed in fixed point.

        Raises
        ------
        OptionError
            The engine has no whole numbers of 128 bits.
        """
        if self.dialect.whole is None:
            raise OptionError(
                "exact=True needs whole numbers of 128 bits, and this engine has none",
                found=self.name,
                fix="write the rows to Parquet files and scan these, or leave out exact=True",
            )
        return replace(self, exact=True)

    def incomplete(self, plan: Plan) -> tuple[int, Mapping[str, int]]:
        return self._n_total(), self._missing(plan)

    def middle(self, plan: Plan) -> tuple[Array, Array]:
        d = self.dialect
        values = values_of(plan, d)
        listed = ", ".join(f"{value} AS v{k}" for k, value in enumerate(values))
        asked = ", ".join(
            f"avg({finite(f'v{k}', d)}) AS a{k}, stddev_pop({finite(f'v{k}', d)}) AS b{k}"
            for k in range(len(values))
        )
        row = self.row(
            f"SELECT {asked} FROM (SELECT {listed} FROM {self.table} "
            f"WHERE {self.complete(plan.reads())} LIMIT {_SAMPLE}) AS sampled"
        )
        numbers = np.array([np.nan if v is None else float(v) for v in row])
        return numbers[0::2], numbers[1::2]

    def bounds(self, plan: Plan, watch: Watch = silent) -> Bounds:
        d = self.dialect
        values = values_of(plan, d)
        values += [d.number_of(name) for name in plan.numbers]
        values += [] if plan.weights is None else [d.number_of(plan.weights)]
        listed = ", ".join(f"{value} AS v{k}" for k, value in enumerate(values))
        asked = ", ".join(
            f"min({finite(f'v{k}', d)}) AS a{k}, max({finite(f'v{k}', d)}) AS b{k}"
            for k in range(len(values))
        )
        row = self.row(f"SELECT {asked} FROM (SELECT {listed} FROM {self.table}) AS every_row")
        ends = np.array([0.0 if v is None else float(v) for v in row]).reshape(-1, 2)
        c, k = len(plan.columns), len(plan.columns) + len(plan.numbers)
        numbers = {
            name: (float(low), float(high))
            for name, (low, high) in zip(plan.numbers, ends[c:k], strict=True)
        }
        weight = 1.0 if plan.weights is None else float(ends[k, 1])
        return Bounds(ends[:c, 0].copy(), ends[:c, 1].copy(), numbers, weight)

    def sums(
        self,
        plan: Plan,
        shifts: Array,
        scales: Array,
        bounds: Bounds | None = None,
        watch: Watch = silent,
    ) -> RawSums:
        ends = check(plan, self)
        every = range(len(plan.columns))
        asked = []
        for k in range(max(len(plan.factors), 1)):
            keys = plan.cell_keys(k) if plan.factors else plan.keys
            asked.append(self._sums(plan, keys, every, every, shifts, scales, bounds))
        for a, b in plan.pairs:
            keys, left, right = plan.cell_keys(a, b), plan.random[a], plan.random[b]
            asked.append(self._sums(plan, keys, left, right, shifts, scales, bounds))
        asked += [self._means(plan, own, shifts, scales, bounds) for own in plan.means]
        n_total = self._n_total()
        made = [self.run(query, partial(_told, watch, n_total, k)) for k, query in enumerate(asked)]
        first, last = max(len(plan.factors), 1), len(asked) - len(plan.means)
        cells = made[0].column(COUNT).to_numpy(zero_copy_only=False)
        n = int(np.sum(cells))
        if ends.every_row and n < n_total:
            ends = check(plan, self, quickly=False)
        log_weights, numbers = self._whole(plan, n, made[0], (shifts, scales), ends, bounds)
        return RawSums(
            cells=tuple(made[:first]),
            pairs=tuple(made[first:last]),
            means=tuple(made[last:]),
            n_total=n_total,
            missing=self._missing(plan) if n < n_total else {},
            sum_log_weights=log_weights,
            numbers=numbers,
            orders={
                name: order for name in plan.kinds if (order := self.types[name].order) is not None
            },
        )

    def _n_total(self) -> int:
        return int(self.row(f"SELECT count(*) AS n FROM {self.table}")[0])

    def row(self, query: str) -> list[Any]:
        """The result of a query that has one row."""
        return [column[0].as_py() for column in self.run(query).columns]

    def _sum(self, inside: str, exact: bool, size: float = 1.0) -> str:
        """A sum of numbers, which are at most 1 in size if it is to be exact."""
        d = self.dialect
        if not exact:
            return f"CAST(sum({inside}) AS {d.double})"
        unit = d.number(2.0**UNIT_BITS)
        whole = f"sum(CAST(({inside}) * {unit} AS {d.whole}))"
        return f"CAST({whole} AS {d.double}) * {d.number(size * 2.0**-UNIT_BITS)}"

    def _sums(
        self,
        plan: Plan,
        keys: Sequence[str],
        left: Sequence[int],
        right: Sequence[int],
        shifts: Array,
        scales: Array,
        bounds: Bounds | None,
    ) -> str:
        """The query for the sums of products of two lists of columns, by keys."""
        d, size = self.dialect, 1.0 if bounds is None else bounds.weight_size
        used = sorted({single for k in (*left, *right) for single in plan.singles(k)})
        listed = [f"{d.name(name)} AS k{k}" for k, name in enumerate(keys)]
        for k in used:
            value = value_of(plan.columns[k], plan, d)
            inner = f"({value} - {d.number(shifts[k])}) / {d.number(scales[k])}"
            listed.append(f"{inner} AS u{k}")
        weight = "" if plan.weights is None else "w * "
        if plan.weights is not None:
            listed.append(f"{d.number_of(plan.weights)} / {d.number(size)} AS w")
        asked = [f"k{k} AS {d.name(key_name(name))}" for k, name in enumerate(keys)]
        asked.append(f"count(*) AS {d.name(COUNT)}")
        for i, j in dict.fromkeys((min(i, j), max(i, j)) for i in left for j in right):
            factors = [f"u{single}" for k in (i, j) for single in plan.singles(k)]
            inside = weight + (" * ".join(factors) or "1.0")
            made = (
                self._sum(inside, bounds is not None, size if weight else 1.0)
                if factors or weight
                else f"CAST(count(*) AS {d.double})"
            )
            asked.append(f"{made} AS {d.name(sum_name(i, j))}")
        by = f" GROUP BY {', '.join(f'k{k}' for k in range(len(keys)))}" if keys else ""
        order = f" ORDER BY {', '.join(f'k{k}' for k in range(len(keys)))}" if keys else ""
        return (
            f"SELECT {', '.join(asked)} FROM (SELECT {', '.join(listed) or '1 AS one'} "
            f"FROM {self.table} WHERE {self.complete(plan.reads())}) AS used{by}{order}"
        )

    def _means(
        self, plan: Plan, own: Centred, shifts: Array, scales: Array, bounds: Bounds | None
    ) -> str:
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
            f"SELECT {', '.join(asked)}, count(*) AS {d.name(COUNT)}, "
            f"{self._sum('v', bounds is not None)} AS {d.name('s')} FROM "
            f"(SELECT {', '.join(listed)}, {inner} AS v FROM {self.table} "
            f"WHERE {self.complete(names)}) AS used GROUP BY {by} ORDER BY {by}"
        )

    def _whole(
        self,
        plan: Plan,
        n: int,
        cells: pa.Table,
        places: tuple[Array, Array],
        ends: Checked,
        bounds: Bounds | None,
    ) -> tuple[float, dict[str, NumberSums]]:
        """The sum of the logarithms of the weights, and where the values of the variables lie.

        Without weights the sums of most variables are among those of the cells.
        """
        (shifts, scales), d = places, self.dialect
        listed: list[str] = []
        asked: list[str] = []
        numbers: dict[str, NumberSums] = {}
        for name in plan.numbers:
            place = plan.position(Product((Name(name, (0, 0)),)))
            if place is not None and plan.weights is None:
                scale = float(scales[place])
                first, second = sum_of(cells, 0, place), sum_of(cells, place, place)
                low, high = float(ends.low[place]), float(ends.high[place])
                numbers[name] = NumberSums(
                    n, float(shifts[place]), scale * first, scale * scale * second, low, high
                )
                continue
            middle, size = 0.0 if place is None else float(shifts[place]), 1.0
            if bounds is not None:
                low, high = bounds.numbers[name]
                middle = low + 0.5 * (high - low)
                size = size_of(max(high - middle, middle - low))
            k = len(listed)
            listed.append(f"{d.number_of(name)} AS v{k}")
            inner = f"((v{k} - {d.number(middle)}) / {d.number(size)})"
            exact = bounds is not None
            asked += [
                f"min(v{k}) AS a{k}",
                f"max(v{k}) AS b{k}",
                f"{self._sum(inner, exact, size)} AS c{k}",
                f"{self._sum(f'{inner} * {inner}', exact, size * size)} AS d{k}",
            ]
            numbers[name] = NumberSums(n, middle, np.nan, np.nan, np.nan, np.nan)
        if plan.weights is not None:
            listed.append(f"{d.number_of(plan.weights)} AS w")
            inside = f"(CASE WHEN w > 0 THEN ln(w) ELSE 0.0 END) / {d.number(LOGARITHM)}"
            asked.append(f"{self._sum(inside, bounds is not None)} AS logs")
        if not listed or not n:
            return 0.0, numbers if n else {}
        row = [
            float(value)
            for value in self.row(
                f"SELECT {', '.join(asked)} FROM (SELECT {', '.join(listed)} FROM {self.table} "
                f"WHERE {self.complete(plan.reads())}) AS used"
            )
        ]
        for name in [name for name, own in numbers.items() if np.isnan(own.total)]:
            low, high, first, second = row[:4]
            del row[:4]
            numbers[name] = NumberSums(n, numbers[name].middle, first, second, low, high)
        return (LOGARITHM * row[0] if row else 0.0), numbers

    def _missing(self, plan: Plan) -> Mapping[str, int]:
        names = plan.reads()
        asked = ", ".join(
            f"sum(CASE WHEN {self._there(name)} THEN 0 ELSE 1 END) AS m{k}"
            for k, name in enumerate(names)
        )
        counts = [int(v or 0) for v in self.row(f"SELECT {asked} FROM {self.table}")]
        return {name: count for name, count in zip(names, counts, strict=True) if count}

    def complete(self, names: Sequence[str]) -> str:
        """The condition that nothing is missing in some columns."""
        return " AND ".join(f"({self._there(name)})" for name in dict.fromkeys(names)) or "1 = 1"

    def _there(self, name: str) -> str:
        """Whether a value is there: neither NULL nor, if it is a float, NaN."""
        column = self.dialect.name(name)
        if self.types[name].floating:
            return f"{column} IS NOT NULL AND NOT isnan({column})"
        return f"{column} IS NOT NULL"


def _told(watch: Watch, n_total: int, before: int, share: float) -> None:
    """How many rows have been read, after so many queries over all of them."""
    watch(int((before + share) * n_total))
