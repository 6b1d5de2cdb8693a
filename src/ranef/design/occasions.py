"""Where the levels of a factor stand in time: the columns of ``ar1(0 + time | g)``.

A correlation that falls with the distance in time needs that distance, so gaps count. Numbers give
positions in their common unit: 1, 2, 4 are the positions 0, 1, 3. The levels of a category are
numbered in their order, including levels that no row has if the data frame declares them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from ranef.design.state import Category, State
from ranef.errors import DesignError
from ranef.formula.model import Bar
from ranef.formula.naming import of_column
from ranef.formula.nodes import Call, Name
from ranef.formula.position import pointer
from ranef.formula.render import to_text
from ranef.frame.factors import level_name
from ranef.frame.number_text import NUMBER
from ranef.frame.table import Column, Table
from ranef.types import Array

__all__ = ["occasion_names", "positions_of"]

_MOST_PARTS = 12
"""Into how many parts the smallest gap may be cut to find a unit, if numbers are not whole."""

_WHOLE = 1e-6
"""Distance of a multiple of the smallest gap from a whole number that rounding may leave."""


def positions_of(bar: Bar, table: Table, state: State) -> tuple[int, ...]:
    """The position of each column of a structure of occasions, 0 for the first.

    Raises
    ------
    DesignError
        Times without a common unit, dates, or numbers that stand in the order of text.
    """
    (factor,) = bar.model.terms[0].factors
    known = state.categories[to_text(factor)]
    column = table[known.column]
    where = pointer(state.formula, factor.span)
    if column.names_groups_only:
        raise DesignError(
            f"{bar.structure}() does not know how far apart {column.holds} are",
            where=where,
            found=f"'{column.name}' holds {column.holds}",
            fix="count the occasions in a column of whole numbers: the days or months since a "
            "start, say",
        )
    numbers = _numbers(known, column)
    if numbers is None:
        return _of_levels(known, column)
    steps = np.diff(numbers)
    if (steps <= 0).any():
        text = column.kind == "factor"
        raise DesignError(
            f"the levels of '{column.name}' do not stand in the order of time",
            where=where,
            found=("the order of text: " if text else "") + ", ".join(known.levels.names),
            fix=f"turn '{column.name}' into numbers" if text else f"write 0 + {column.name}",
        )
    found = _multiples(numbers)
    if found is None:
        smallest = int(np.argmin(steps))
        gap, other = float(steps[smallest]), _odd_one(steps)
        raise DesignError(
            f"the times in '{column.name}' have no common unit",
            where=where,
            found=f"the smallest step is {gap:g}, from {level_name(numbers[smallest])} to "
            f"{level_name(numbers[smallest + 1])}; that from {level_name(numbers[other])} to "
            f"{level_name(numbers[other + 1])} is {steps[other] / gap:.6g} times as long",
            fix=f"round '{column.name}' to a whole number of occasions, or of days",
        )
    return found


def occasion_names(bar: Bar, names: Sequence[str]) -> tuple[str, ...]:
    """The names of the columns; of a bare column they are ``time[1]`` and not ``C(time)[1]``."""
    (factor,) = bar.model.terms[0].factors
    assert isinstance(factor, Call)
    assert isinstance(factor.args[0], Name)
    if factor.span != factor.args[0].span:  # a call that the user wrote
        return tuple(names)
    written = len(to_text(factor))
    return tuple(of_column(factor.args[0].name) + name[written:] for name in names)


def _numbers(known: Category, column: Column) -> Array | None:
    """The levels as numbers, where they are numbers or text that reads as such."""
    if known.cuts is not None:
        return None
    if known.levels.numbers is not None:
        return np.asarray(known.levels.numbers, dtype=np.float64)
    names = [name.strip() for name in known.levels.names]
    if column.kind == "factor" and column.holds != "text":
        return None
    if not all(re.fullmatch(NUMBER, name) for name in names):
        return None
    numbers = np.array([float(name) for name in names])
    return numbers if np.isfinite(numbers).all() else None


def _of_levels(known: Category, column: Column) -> tuple[int, ...]:
    """Positions among the levels that the data frame declares, if they keep its order."""
    names = known.levels.names
    declared = {name: k for k, name in enumerate(column.levels)}
    at = [declared.get(name, -1) for name in names]
    if column.holds == "text" or at != sorted(set(at)) or at[0] < 0:
        return tuple(range(len(names)))
    return tuple(k - at[0] for k in at)


def _multiples(numbers: Array) -> tuple[int, ...] | None:
    """Distances from the first number in the largest unit that divides all; None without one.

    The unit of whole numbers is the greatest common divisor of the distances, that of others the
    smallest gap or a small part of it.
    """
    distances = numbers - numbers[0]
    if (distances == np.round(distances)).all() and distances[-1] < 2**53:
        whole = [int(d) for d in distances]
        unit = int(np.gcd.reduce(np.array(whole, dtype=np.int64)))
        return tuple(d // unit for d in whole)
    multiples = distances / np.diff(numbers).min()
    for parts in range(1, _MOST_PARTS + 1):
        wanted = np.round(multiples * parts)
        if (np.abs(multiples * parts - wanted) <= _WHOLE * parts).all():
            return tuple(int(m) for m in wanted)
    return None


def _odd_one(steps: Array) -> int:
    """The step that is farthest from a multiple of a small part of the smallest one."""
    parts = (steps / steps.min())[:, None] * np.arange(1, _MOST_PARTS + 1)
    return int(np.argmax(np.abs(parts - np.round(parts)).min(axis=1)))
