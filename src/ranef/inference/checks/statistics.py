"""Statistics of a response by name, of all rows or of each group."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ranef.errors import OptionError
from ranef.options import shown
from ranef.types import Array, Codes

__all__ = [
    "STATISTICS",
    "Groups",
    "Statistic",
    "groups_of",
    "named_statistic",
    "of_groups",
    "of_rows",
]


class Groups(NamedTuple):
    """Rows in order of their group, and where each group begins; every group has a row."""

    order: NDArray[np.intp]
    starts: NDArray[np.intp]
    counts: NDArray[np.intp]


class Statistic(NamedTuple):
    """What it is called, and its values: of all rows, and of each group if that is quicker."""

    words: str
    of: Callable[[Array], Any]
    by_group: Callable[[Array, Groups], Array] | None = None


def _mean(y: Array, groups: Groups) -> Array:
    return np.asarray(np.add.reduceat(y, groups.starts) / groups.counts)


def _sd(y: Array, groups: Groups) -> Array:
    left = y - np.repeat(_mean(y, groups), groups.counts)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.add.reduceat(left**2, groups.starts) / (groups.counts - 1.0)
    return np.sqrt(np.where(groups.counts > 1, variance, np.nan))


def _median(y: Array, groups: Groups) -> Array:
    codes = np.repeat(np.arange(groups.counts.size), groups.counts)
    ordered = y[np.lexsort((y, codes))]
    low = groups.starts + (groups.counts - 1) // 2
    return np.asarray(0.5 * (ordered[low] + ordered[groups.starts + groups.counts // 2]))


def _sd_of(y: Array) -> float:
    return float(y.std(ddof=1)) if y.size > 1 else np.nan


STATISTICS = {
    "mean": Statistic("Mean", np.mean, _mean),
    "sd": Statistic("Standard deviation", _sd_of, _sd),
    "median": Statistic("Median", np.median, _median),
    "min": Statistic(
        "Smallest value", np.min, lambda y, g: np.asarray(np.minimum.reduceat(y, g.starts))
    ),
    "max": Statistic(
        "Largest value", np.max, lambda y, g: np.asarray(np.maximum.reduceat(y, g.starts))
    ),
    "zeros": Statistic(
        "Share of zeros", lambda y: np.mean(y == 0.0), lambda y, g: _mean((y == 0.0) * 1.0, g)
    ),
}
"""Those that have a name."""


def named_statistic(asked: Any) -> Statistic:
    """A statistic by its name, or what a function computes.

    Raises
    ------
    OptionError
        Neither a name nor a function.
    """
    if isinstance(asked, str) and asked in STATISTICS:
        return STATISTICS[asked]
    if callable(asked):
        words = getattr(asked, "__name__", "statistic")
        return Statistic("Statistic" if words == "<lambda>" else words, asked)
    raise OptionError(
        f"there is no statistic {shown(asked)}",
        found=f"statistic={shown(asked)}",
        fix=f'use "density", "ecdf", {", ".join(map(repr, STATISTICS))} or a function of an array',
    )


def groups_of(codes: Codes, n_levels: int) -> Groups:
    """The rows of each level, all of which have some."""
    counts = np.bincount(codes, minlength=n_levels)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return Groups(np.argsort(codes, kind="stable"), starts, counts)


def of_rows(statistic: Statistic, y: Array) -> float:
    """Of one response.

    Raises
    ------
    OptionError
        The function fails, or does not return a number.
    """
    try:
        return float(statistic.of(y))
    except Exception as error:
        raise OptionError(
            "the statistic cannot be computed",
            found=f"{type(error).__name__}: {error}"[:200],
            fix="give a function that takes an array of numbers and returns a number",
        ) from error


def of_groups(statistic: Statistic, y: Array, groups: Groups) -> Array:
    """Of each group, shape (levels,)."""
    ordered = y[groups.order]
    if statistic.by_group is not None:
        return statistic.by_group(ordered, groups)
    parts = np.split(ordered, groups.starts[1:])
    return np.array([of_rows(statistic, part) for part in parts])
