"""Data beside data that are simulated from the model: distributions and statistics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ranef.errors import OptionError
from ranef.inference.checks.bands import band_of, fewest
from ranef.inference.checks.record import Band
from ranef.inference.checks.statistics import (
    Groups,
    Statistic,
    groups_of,
    named_statistic,
    of_groups,
    of_rows,
)
from ranef.inference.density import bandwidth, densities
from ranef.options import confidence, whole
from ranef.types import Array, Codes

__all__ = [
    "MOST_PANELS",
    "Bars",
    "Curves",
    "Levels",
    "Responses",
    "SimulatedData",
    "Single",
    "Split",
    "Steps",
    "compare_simulated",
    "draws_for",
]

MOST_PANELS = 12
MOST_BARS = 40
TAIL = 0.995  # of simulated counts: those above may share a bar
STEPS = 200  # quantiles of data and of simulations at which distribution functions are computed
DRAWS = 50  # densities
NUMBERS = 199  # statistics, as many rows allow
MOST_NUMBERS = 4_000_000


class Split(NamedTuple):
    """A variable that divides the rows.

    ``by``: its name; ``codes`` (n,); ``levels``: names; ``x`` (levels,): places on an axis, of a
    number; ``factor``: whether it is a grouping factor of the model.
    """

    by: str
    codes: Codes
    levels: tuple[str, ...]
    x: Array | None = None
    factor: bool = False


@dataclass(frozen=True, slots=True)
class Responses:
    """A response and those that are simulated.

    Attributes
    ----------
    own : ndarray, shape (n,)
    drawn : ndarray, shape (n, draws)
    kind : {"real", "whole", "share", "category"}
        ``"whole"`` numbers are counts, a ``"share"`` is one of a few trials; a category is coded
        from `first` on.
    names : tuple of str
        Of categories.
    first : int
    bounds : tuple of float
        Between which real numbers lie.
    what : str
        If it is not the response itself: ``"Successes"``, ``"Proportion"``.
    """

    own: Array = field(repr=False)
    drawn: Array = field(repr=False)
    kind: str = "real"
    names: tuple[str, ...] = ()
    first: int = 0
    bounds: tuple[float, float] = (-np.inf, np.inf)
    what: str = ""

    def of(self, rows: NDArray[np.intp]) -> Responses:
        """Some of the rows."""
        return Responses(
            self.own[rows],
            self.drawn[rows],
            self.kind,
            self.names,
            self.first,
            self.bounds,
            self.what,
        )


@dataclass(frozen=True, slots=True)
class Curves:
    """Densities on a grid: ``own`` (points,), ``drawn`` (draws, points)."""

    x: Array
    own: Array
    drawn: Array


@dataclass(frozen=True, slots=True)
class Steps:
    """Distribution functions: ``own`` (points,) and the band of those simulated.

    ``drawn`` (draws, points). ``of`` says whether rows or groups are counted.
    """

    x: Array
    own: Array
    band: Band
    of: str = "rows"


@dataclass(frozen=True, slots=True)
class Bars:
    """Numbers of rows with each value: ``own`` (values,) and the band of those simulated.

    ``names`` stand under the bars; ``x`` are their places, ``width`` how many values one stands
    for, in units of x. ``last``: from which value on the last bar holds all, NaN if it is like the
    others.
    """

    x: Array
    names: tuple[str, ...]
    own: Array
    band: Band
    width: float
    last: float = np.nan


@dataclass(frozen=True, slots=True)
class Single:
    """One statistic: of the data, and ``drawn`` (draws,); the share of these at least as large."""

    own: float
    drawn: Array
    share: float


@dataclass(frozen=True, slots=True)
class Levels:
    """A statistic of each level: ``own`` (levels,) and the band of those simulated."""

    x: Array | None
    names: tuple[str, ...]
    own: Array
    band: Band


Shown = Curves | Steps | Bars | Single | Levels


@dataclass(frozen=True, slots=True)
class SimulatedData:
    """Data beside simulated data.

    Attributes
    ----------
    parts : tuple of (str, ...)
        What is drawn, with the level of `by` that each picture is of; empty for all rows.
    words : str
        What the statistic is called; empty for distributions.
    by : str
        What divides the rows; empty if nothing does.
    what : str
        What the values are, if they are not the response itself.
    n : int
        Simulations.
    level : float
    seed : int
    """

    parts: tuple[tuple[str, Shown], ...]
    words: str
    by: str
    what: str
    n: int
    level: float
    seed: int


def draws_for(n: int | None, statistic: Any, level: float, rows: int) -> int:
    """How many responses to simulate: `n`, or as many as are quick.

    Raises
    ------
    OptionError
        A level that is not between 0 and 1, or fewer simulations than it needs.
    """
    confidence("level", level)
    least = 1 if statistic == "density" else fewest(level)
    if n is None:
        usual = DRAWS if statistic in ("density", "ecdf") else NUMBERS
        return max(fewest(level), min(usual, MOST_NUMBERS // max(rows, 1)))
    if whole("n", n, of="the number of simulations") < least:
        raise OptionError(
            f"an interval at level {level:g} needs at least {least} simulations",
            found=f"n={n}",
            fix=f"use n={least} or more, or a lower level",
        )
    return n


def compare_simulated(
    responses: Responses,
    split: Split | None,
    statistic: str | Callable[[Array], float],
    level: float,
    many: int,
) -> list[tuple[str, Shown]]:
    """What is to be drawn, with the level that each picture is of; empty for all rows.

    Parameters
    ----------
    responses : Responses
    split : Split or None
    statistic : str or callable
        ``"density"``, ``"ecdf"``, a name of a statistic, or a function.
    level : float
        Of bands and intervals.
    many : int
        If a grouping factor has more levels, the distribution of the statistic over its levels is
        compared in place of the levels themselves.

    Raises
    ------
    OptionError
        Another statistic, or distributions of too many levels.
    """
    if isinstance(statistic, str) and statistic in ("density", "ecdf"):
        made = _density if statistic == "density" else _distribution
        if split is None:
            return [("", made(responses, level))]
        if len(split.levels) > MOST_PANELS:
            raise OptionError(
                f"{split.by!r} has too many levels for a picture of each",
                found=f"{len(split.levels)} levels, and at most {MOST_PANELS} pictures",
                fix='compare a statistic, as in statistic="mean"',
            )
        parts = [np.flatnonzero(split.codes == k) for k in range(len(split.levels))]
        return [
            (name, made(responses.of(rows), level))
            for name, rows in zip(split.levels, parts, strict=True)
        ]
    chosen = named_statistic(statistic)
    if split is None:
        own = of_rows(chosen, responses.own)
        drawn = np.array([of_rows(chosen, y) for y in responses.drawn.T])
        return [("", Single(own, drawn, float(np.mean(drawn >= own))))]
    return [("", _by_level(responses, split, chosen, level, many))]


def _by_level(
    responses: Responses, split: Split, statistic: Statistic, level: float, many: int
) -> Steps | Levels:
    groups: Groups = groups_of(split.codes, len(split.levels))
    own = of_groups(statistic, responses.own, groups)
    drawn = np.array([of_groups(statistic, y, groups) for y in responses.drawn.T])
    if split.factor and len(split.levels) > many:
        known = ~np.isnan(own)
        return _steps(own[known], drawn[:, known], level, "groups")
    return Levels(split.x, split.levels, own, band_of(drawn, level))


def _density(responses: Responses, level: float) -> Curves | Bars:
    if responses.kind != "real":
        return _bars(responses, level)
    width = bandwidth(responses.own)
    if not width > 0.0:
        return _bars(responses, level)
    x, made = densities([responses.own, *responses.drawn.T], width, responses.bounds)
    return Curves(x, made[0], made[1:])


def _distribution(responses: Responses, level: float) -> Steps:
    return _steps(responses.own, responses.drawn.T, level, "rows")


def _steps(own: Array, drawn: Array, level: float, of: str) -> Steps:
    """Distribution functions at values of the data and of the simulations."""
    grid = np.linspace(0.0, 1.0, STEPS)
    both = [np.quantile(values, grid, method="nearest") for values in (own, drawn.ravel())]
    x = np.unique(np.concatenate(both))
    shares = np.array([np.searchsorted(np.sort(y), x, side="right") / y.size for y in drawn])
    mine = np.searchsorted(np.sort(own), x, side="right") / own.size
    return Steps(x, mine, band_of(shares, level), of)


def _bars(responses: Responses, level: float) -> Bars:
    names: tuple[str, ...] = ()
    last = np.nan
    if responses.kind == "category":
        edges = np.arange(len(responses.names) + 1) + responses.first - 0.5
        names = responses.names
    else:
        low = float(min(responses.own.min(), responses.drawn.min()))
        high = float(max(responses.own.max(), responses.drawn.max()))
        if responses.kind == "whole":
            # A few simulated counts are far above all others: the last bar holds them.
            most = max(float(responses.own.max()), float(np.quantile(responses.drawn, TAIL)))
            width = max(1, int(np.ceil((most - low + 1.0) / MOST_BARS)))
            edges = np.arange(low - 0.5, most + width, width)
            last = edges[-2] + 0.5 if high > edges[-1] else np.nan
        else:
            edges = np.linspace(low, high if high > low else low + 1.0, MOST_BARS // 2 + 1)
    held = edges.copy()
    held[-1] = np.inf if np.isfinite(last) else held[-1]
    own = np.histogram(responses.own, held)[0].astype(np.float64)
    drawn = np.array([np.histogram(y, held)[0] for y in responses.drawn.T], dtype=np.float64)
    x = 0.5 * (edges[:-1] + edges[1:])
    return Bars(x, names, own, band_of(drawn, level), float(edges[1] - edges[0]), float(last))
