"""Grouping factors: named or combined, how two of them relate, and means by group."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ranef.errors import OptionError
from ranef.frame.factors import as_factor, interaction
from ranef.frame.open import OpenFrame
from ranef.frame.table import Column, Table
from ranef.options import name_list
from ranef.types import Array, Codes

__all__ = [
    "ROUNDING",
    "Relation",
    "columns_of_groups",
    "group_means",
    "group_sizes",
    "grouping",
    "is_constant_within",
    "parts_of_group",
    "relate",
]

ROUNDING = 4.0 * float(np.finfo(np.float64).eps)
"""Differences up to this share of the largest value may be rounding errors.

A group mean that somebody computed in two ways, say, differs from itself by that much. Larger
differences are there, however far from zero the values lie: seconds since 1970 differ by seconds.
"""

Kind = Literal["nested", "fully crossed", "partially crossed", "one-to-one"]


@dataclass(frozen=True, slots=True)
class Relation:
    """How the levels of two grouping factors meet in the data.

    Attributes
    ----------
    a, b : str
        Where nested: `a` is nested in `b`.
    kind : {"nested", "fully crossed", "partially crossed", "one-to-one"}
        Fully crossed: every level of `a` meets every level of `b`.
    cells : int
        Combinations that occur.
    possible : int
        Levels of `a` times levels of `b`.
    """

    a: str
    b: str
    kind: Kind
    cells: int
    possible: int


def columns_of_groups(frame: OpenFrame, groups: Sequence[str]) -> tuple[str, ...]:
    """The columns that grouping factors such as ``"batch:cask"`` are made of."""
    parts: list[str] = []
    for group in groups:
        parts += parts_of_group(group, frame.names)
    return tuple(dict.fromkeys(parts))


def grouping(table: Table, group: str) -> Column:
    """The factor `group` of a table, an interaction if the name is not a column."""
    parts = parts_of_group(group, table.names)
    return as_factor(table[parts[0]]) if len(parts) == 1 else interaction([table[p] for p in parts])


def parts_of_group(group: str, columns: Collection[str]) -> list[str]:
    """The columns that a grouping factor is made of; one that holds a colon has backticks.

    Examples
    --------
    >>> parts_of_group("batch:cask", ["batch", "cask"]), parts_of_group("a:b", ["a", "a:b", "b"])
    (['batch', 'cask'], ['a:b'])
    >>> parts_of_group("`a:b`:c", ["a:b", "c"])
    ['a:b', 'c']
    """
    if group in columns:
        return [group]
    parts = [part.strip() for part in re.findall(r"(?:`[^`]*`|[^:`])+", group)]
    return [part[1:-1] if re.fullmatch(r"`[^`]+`", part) else part for part in parts] or [group]


def as_names(value: str | Sequence[str], argument: str) -> tuple[str, ...]:
    """One name or several as a tuple without repetition.

    Raises
    ------
    OptionError
        There is none, one that is not text, or one twice.
    """
    names = name_list(argument, value, "column")
    if len(set(names)) < len(names):
        raise OptionError(
            f"{argument} names a column twice", found=", ".join(names), fix="name each once"
        )
    return names


def group_sizes(codes: Codes, n_levels: int) -> NDArray[np.int64]:
    """Rows in each level, missing codes left out; shape (n_levels,)."""
    return np.bincount(codes[codes >= 0], minlength=n_levels)


def group_means(values: Array, codes: Codes, n_levels: int) -> Array:
    """Mean of the values that are present in each level, NaN where there is none.

    Sums are taken about the overall mean and corrected once, so that a large offset costs no
    digits.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        NaN where missing.
    codes : ndarray of int32, shape (n,)
        -1 where missing.
    n_levels : int

    Returns
    -------
    ndarray of float64, shape (n_levels,)
    """
    present = (codes >= 0) & ~np.isnan(values)
    x, code = values[present], codes[present]
    if x.size == 0:
        return np.full(n_levels, np.nan)
    count = np.bincount(code, minlength=n_levels)
    shift = x.mean()
    with np.errstate(invalid="ignore"):
        means = shift + np.bincount(code, weights=x - shift, minlength=n_levels) / count
        rest = np.bincount(code, weights=x - means[code], minlength=n_levels) / count
    return np.asarray(means + rest)


def spread(means: Array, codes: Codes) -> Array:
    """Each row's group value, NaN where the group is missing; shape (n,)."""
    return np.where(codes >= 0, means[codes], np.nan) if means.size else np.full(codes.size, np.nan)


def is_constant_within(column: Column, codes: Codes, n_levels: int) -> NDArray[np.bool_]:
    """For each level whether the values present there are all the same; shape (n_levels,)."""
    values = column.values.astype(np.float64)
    absent = values < 0 if column.kind == "factor" else np.isnan(values)
    present = ~absent & (codes >= 0)
    code, x = codes[present], values[present]
    first = np.full(n_levels, np.nan)
    first[code[::-1]] = x[::-1]
    differs = np.bincount(code[x != first[code]], minlength=n_levels)
    return np.asarray(differs == 0)


def relate(a: Column, b: Column) -> Relation:
    """How two grouping factors relate, over the rows where both are present."""
    present = (a.values >= 0) & (b.values >= 0)
    code_a, code_b = a.values[present].astype(np.int64), b.values[present]
    pairs = np.unique(code_a * max(1, len(b.levels)) + code_b)
    cells = int(pairs.size)
    n_a, n_b = int(np.unique(code_a).size), int(np.unique(code_b).size)
    kind: Kind
    if cells == n_a == n_b:
        kind = "one-to-one"
    elif cells == n_a:
        kind = "nested"
    elif cells == n_b:
        return Relation(b.name, a.name, "nested", cells, n_a * n_b)
    else:
        kind = "fully crossed" if cells == n_a * n_b else "partially crossed"
    return Relation(a.name, b.name, kind, cells, n_a * n_b)
