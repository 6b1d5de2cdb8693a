"""From residuals, effects and distances of many responses to a check of the model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from ranef.core import TermLabel
from ranef.errors import NumericalError
from ranef.inference.checks.bands import (
    band_of,
    bins_of,
    half_normal_quantiles,
    mean_in_bins,
    normal_quantiles,
    ranks_to_show,
)
from ranef.inference.checks.record import (
    EffectsCheck,
    InfluenceCheck,
    ModelCheck,
    Ordered,
    Trend,
)
from ranef.types import Array

__all__ = ["FEWEST_LEVELS", "Look", "Shown", "Simulate", "Units", "check_of"]

FEWEST_LEVELS = 5
"""Levels without which the distribution of the effects of a factor is not shown."""


class Look(NamedTuple):
    """What one response leaves.

    ``residuals`` (n,): NaN where a row has none, the same rows for each response; ``fitted`` (n,);
    ``effects`` (levels, q) by term; ``distances`` (units,), NaN if a unit has none.
    """

    residuals: Array
    fitted: Array
    effects: Sequence[Array]
    distances: Array | None


class Units(NamedTuple):
    """What distances are of, and what its levels are called."""

    by: str
    levels: tuple[str, ...]


class Shown(NamedTuple):
    """Summaries of one look, one array for each picture."""

    mean: Array
    scale: Array
    normal: Array
    effects: list[Array]
    distances: Array


Simulate = Callable[[Callable[[Look], Shown]], Iterable[Shown]]
"""Looks at simulated responses and gives their summaries: no look is kept."""


def check_of(
    own: Look,
    simulate: Simulate,
    labels: Sequence[TermLabel],
    levels: Sequence[Sequence[str]],
    units: Units | None,
    kind: str,
    level: float,
    seed: int,
) -> ModelCheck:
    """The check of a model.

    Parameters
    ----------
    own : Look
        Of the data.
    simulate : callable
        Draws responses from the model, looks at them, and summarises the looks as it is told.
    labels : sequence of TermLabel
    levels : sequence of sequence of str
        Of the grouping factor of each term.
    units : Units or None
    kind : str
    level : float
    seed : int

    Raises
    ------
    NumericalError
        No response could be simulated and looked at.
    """
    shown = [
        (k, j)
        for k, (label, values) in enumerate(zip(labels, own.effects, strict=True))
        for j in range(values.shape[1])
        if label.n_levels >= FEWEST_LEVELS and _spread(values[:, j]) > 0.0
    ]
    sizes = [_spread(own.effects[k][:, j]) for k, j in shown]
    here = np.flatnonzero(~np.isnan(own.residuals))

    def summary(look: Look) -> Shown:
        return _shown(look, shown, sizes, units is not None)

    drawn = list(simulate(summary))
    if len(drawn) < 2:
        raise NumericalError(
            "the random effects of simulated responses cannot be found",
            found=f"{len(drawn)} usable simulations",
            fix="look at fit.certificate: the estimates may be at an end of their range",
        )
    mine = summary(own)
    x = mean_in_bins(own.fitted[here], bins_of(own.fitted[here]))

    def trend(name: str) -> Trend:
        band = band_of(np.array([getattr(d, name) for d in drawn]), level)
        return Trend(x, getattr(mine, name), band)

    effects = []
    for at, (k, j) in enumerate(shown):
        label = labels[k]
        band_values = np.array([d.effects[at] for d in drawn])
        values = _ordered(own.effects[k][:, j], band_values, level)
        effects.append(
            EffectsCheck(label.label, label.factor, label.names[j], tuple(levels[k]), values)
        )
    influence = None
    if units is not None and own.distances is not None:
        known = np.flatnonzero(~np.isnan(own.distances))
        band_values = np.array([d.distances for d in drawn])
        if known.size and mine.distances.size == band_values.shape[1]:
            values = _ordered(own.distances, band_values, level, half=True)
            influence = InfluenceCheck(units.by, units.levels, values)
    return ModelCheck(
        fitted=own.fitted,
        residuals=own.residuals,
        kind=kind,
        mean=trend("mean"),
        scale=trend("scale"),
        normal=_ordered(own.residuals, np.array([d.normal for d in drawn]), level),
        effects=tuple(effects),
        influence=influence,
        n=len(drawn),
        level=level,
        seed=seed,
    )


def _shown(
    look: Look, shown: Sequence[tuple[int, int]], sizes: Sequence[float], distances: bool
) -> Shown:
    here = ~np.isnan(look.residuals)
    z, fitted = look.residuals[here], look.fitted[here]
    bins = bins_of(fitted)
    effects = []
    for (k, j), size in zip(shown, sizes, strict=True):
        values = look.effects[k][:, j]
        # A variance is estimated: it gives the effects of the data their size. Simulated effects
        # are brought to it, so that their band is one of shapes.
        own = _spread(values)
        effects.append(_at_ranks(values * (size / own if own > 0.0 else 1.0)))
    return Shown(
        mean_in_bins(z, bins),
        mean_in_bins(np.sqrt(np.abs(z)), bins),
        _at_ranks(z),
        effects,
        _at_ranks(look.distances) if distances and look.distances is not None else np.zeros(0),
    )


def _spread(values: Array) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(values**2))) if values.size else 0.0


def _at_ranks(values: Array) -> Array:
    """Ordered values at the ranks that are shown; NaN do not count."""
    known = np.sort(values[~np.isnan(values)])
    return np.asarray(known[ranks_to_show(known.size)])


def _ordered(values: Array, simulated: Array, level: float, half: bool = False) -> Ordered:
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.argsort(values[known], kind="stable")]
    places = ranks_to_show(order.size)
    quantiles = half_normal_quantiles if half else normal_quantiles
    return Ordered(
        quantiles(places, order.size),
        values[order[places]],
        order[places],
        band_of(simulated, level),
        int(order.size),
    )
