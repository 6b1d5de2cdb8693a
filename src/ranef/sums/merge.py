"""Moments of several sets of rows to those of all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from ranef.errors import DataError
from ranef.formula.render import to_text
from ranef.sums.expansion import expanded
from ranef.sums.held import Held
from ranef.sums.numbers import NumberSums, numbers_added
from ranef.sums.plan import Plan
from ranef.sums.products import Product
from ranef.sums.settled import check_settled
from ranef.sums.sums import COUNT, added, rebased
from ranef.types import Array, MissingRows

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["agreement", "merged"]

Kind = TypeVar("Kind", bound=Held)


def agreement(moments: Held) -> dict[str, object]:
    """What has to be equal in moments that are added, by a word for each."""
    plan = moments.plan
    return {
        "the formula": plan.formula.text,
        "the summed columns": tuple(column.text for column in plan.columns),
        "the response": to_text(plan.response),
        "the categories": plan.keys,
        "the grouping factors": plan.factors,
        "the group means": tuple(own.text for own in plan.means),
        "the weights": plan.weights,
        "the offset": plan.offset,
        "the kinds of the columns": tuple(sorted(plan.kinds.items())),
    }


def merged(parts: Sequence[Kind]) -> Kind:
    """The moments of all rows.

    Columns are brought to the shifts and scales of the first, levels are matched by name.

    Raises
    ------
    DataError
        The parts do not hold the same sums.
    """
    first = parts[0]
    for other in parts[1:]:
        _check(first, other)
        _check_tables(first, other)
    check_settled(parts)
    moved = [first, *(_rebased(other, first.shifts, first.scales) for other in parts[1:])]
    return replace(
        first,
        cells=_sums([part.cells for part in moved]),
        pairs=_sums([part.pairs for part in moved]),
        means=_sums([part.means for part in moved]),
        orders=_orders([part.orders for part in moved]),
        missing=_missing([part.missing for part in moved]),
        sum_log_weights=float(sum(part.sum_log_weights for part in moved)),
        numbers=_numbers([part.numbers for part in moved]),
        settled=next((part.settled for part in parts if part.settled), {}),
    )


def _check(first: Held, other: Held) -> None:
    mine, theirs = agreement(first), agreement(other)
    for word, value in mine.items():
        if theirs[word] != value:
            raise DataError(
                f"these moments cannot be added: they differ in {word}",
                found=f"{value} and {theirs[word]}",
                fix="make both with the same formula, weights and offset",
            )


def _check_tables(first: Held, other: Held) -> None:
    """Refuse tables that hold other sums, whatever their description says.

    Raises
    ------
    DataError
    """
    for part in ("cells", "pairs", "means"):
        for mine, theirs in zip(getattr(first, part), getattr(other, part), strict=True):
            own, more = set(mine.column_names), set(theirs.column_names)
            if own != more:
                raise DataError(
                    "these moments cannot be added: they hold other sums",
                    found=f"only in one of them: {', '.join(sorted(own ^ more))}",
                    fix="make both anew with rn.moments(), and the same formula",
                )


def _rebased(moments: Kind, shifts: Array, scales: Array) -> Kind:
    """The same sums, of columns with other shifts and scales."""
    ratios = moments.scales / scales
    moves = (moments.shifts - shifts) / scales
    plan = moments.plan
    change = np.zeros((len(plan.columns), len(plan.columns)))
    for k in range(len(plan.columns)):
        for place, value in expanded(plan, k, moves, ratios).items():
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


def _orders(orders: Sequence[Mapping[str, tuple[str, ...]]]) -> dict[str, tuple[str, ...]]:
    """One order of the levels of each category."""
    out: dict[str, tuple[str, ...]] = {}
    for own in orders:
        for name, levels in own.items():
            known = out.get(name, levels)
            shared = [level for level in known if level in levels]
            if shared != [level for level in levels if level in known]:
                raise DataError(
                    f"these moments cannot be added: the levels of '{name}' are in other orders",
                    found=f"{', '.join(known[:6])} and {', '.join(levels[:6])}",
                    fix="give both the same categories",
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
