"""Moments of several sets of rows to those of all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from ranef.errors import DataError
from ranef.sums.agreement import check_agreement, check_not_twice
from ranef.sums.expansion import expanded
from ranef.sums.numbers import NumberSums, numbers_added
from ranef.sums.plan import Plan
from ranef.sums.products import Product
from ranef.sums.record import MomentsRecord
from ranef.sums.settled import check_settled
from ranef.sums.sums import COUNT, added, rebased
from ranef.types import Array, MissingRows

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["merged"]

Kind = TypeVar("Kind", bound=MomentsRecord)


def merged(parts: Sequence[Kind], names: Sequence[str] | None = None) -> Kind:
    """The moments of all rows.

    Columns are brought to the shifts and scales of the first, levels are matched by name.

    Parameters
    ----------
    parts : sequence of Moments
    names : sequence of str, optional
        Their files, for messages.

    Raises
    ------
    DataError
        The parts do not hold the same sums, or two files hold sums of the same rows.
    """
    first = parts[0]
    known = names or ("one of them", *["another"] * (len(parts) - 1))
    for other, name in zip(parts[1:], known[1:], strict=True):
        check_agreement(first, other, (known[0], name))
    if names is not None:
        check_not_twice(parts, names)
    check_settled(parts)
    moved = [first, *(_rebased(other, first.shifts, first.scales) for other in parts[1:])]
    return replace(
        first,
        cells=_sums([part.cells for part in moved]),
        pairs=_sums([part.pairs for part in moved]),
        means=_sums([part.means for part in moved]),
        orders=_orders([part.orders for part in moved], known),
        missing=_missing([part.missing for part in moved]),
        sum_log_weights=float(sum(part.sum_log_weights for part in moved)),
        numbers=_numbers([part.numbers for part in moved]),
        settled=next((part.settled for part in parts if part.settled), {}),
    )


def _rebased(moments: Kind, shifts: Array, scales: Array) -> Kind:
    """The same sums, of columns with other shifts and scales."""
    ratios = moments.scales / scales
    moves = (moments.shifts - shifts) / scales
    plan = moments.plan
    change = np.zeros((len(plan.columns), len(plan.columns)))
    for k in range(len(plan.columns)):
        factors = [(j, float(moves[j]), float(ratios[j])) for j in plan.singles(k)]
        for place, value in expanded(plan, factors).items():
            change[k, place] = value
    return replace(
        moments,
        shifts=shifts,
        scales=scales,
        cells=tuple(rebased(table, change) for table in moments.cells),
        pairs=tuple(rebased(table, change) for table in moments.pairs),
        means=tuple(
            _rebased_means(table, plan, k, ratios, moves) for k, table in enumerate(moments.means)
        ),
    )


def _rebased_means(table: pa.Table, plan: Plan, k: int, ratios: Array, moves: Array) -> pa.Table:
    import pyarrow as pa

    place = plan.position(Product((plan.means[k].x,)))
    assert place is not None
    counts = np.asarray(table.column(COUNT).to_numpy(), dtype=np.float64)
    sums = np.asarray(table.column("s").to_numpy())
    moved = pa.array(ratios[place] * sums + moves[place] * counts)
    names = table.column_names
    return table.set_column(names.index("s"), "s", moved)


def _sums(tables: Sequence[tuple[pa.Table, ...]]) -> tuple[pa.Table, ...]:
    return tuple(added(each) for each in zip(*tables, strict=True))


def _orders(
    orders: Sequence[Mapping[str, tuple[str, ...]]], names: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """One order of the levels of each category."""
    out: dict[str, tuple[str, ...]] = {}
    for own, where in zip(orders, names, strict=True):
        for name, levels in own.items():
            known = out.get(name, levels)
            shared = [level for level in known if level in levels]
            if shared != [level for level in levels if level in known]:
                raise DataError(
                    f"these moments cannot be added: the levels of '{name}' are in other orders",
                    found=f"{', '.join(known[:6])} in {names[0]}, {', '.join(levels[:6])} in "
                    f"{where}",
                    fix=f"give '{name}' the same levels in the same order at each site before the "
                    "rows are summed, or make it text",
                )
            out[name] = (*known, *(level for level in levels if level not in known))
    return out


def _numbers(parts: Sequence[Mapping[str, NumberSums]]) -> dict[str, NumberSums]:
    return {name: reduce(numbers_added, (part[name] for part in parts)) for name in parts[0]}


def _missing(records: Sequence[MissingRows]) -> MissingRows:
    counts: Counter[str] = Counter()
    for record in records:
        counts.update(record.by_column)
    return MissingRows(
        np.zeros(0, np.int64),
        dict(counts),
        sum(record.n_total for record in records),
        count=sum(len(record) for record in records),
    )
