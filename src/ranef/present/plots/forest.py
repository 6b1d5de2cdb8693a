"""Estimates as points with intervals below each other: what forests of every kind share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.present.plots.lettering import room_in
from ranef.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["MARKS", "draw_intervals", "fit_x"]

MARKS = ("o", "s", "^", "D", "v", "P", "X", "<")
"""Shapes of series, so that colour alone tells nothing."""


def draw_intervals(
    ax: Axes,
    estimate: Array,
    low: Array,
    high: Array,
    y: Array,
    colour: Any,
    mark: str = "o",
    size: float = 26.0,
) -> Any:
    """Points with lines to both limits; what has no limits is a point alone."""
    known = np.isfinite(low) & np.isfinite(high)
    ax.hlines(y[known], low[known], high[known], color=colour, linewidth=1.7, zorder=3)
    return ax.scatter(
        estimate, y, s=size, color=colour, marker=mark, linewidths=0, zorder=4, clip_on=False
    )


def fit_x(ax: Axes, values: Array, include: float | None = None, within: float = 0.6) -> bool:
    """Limits of x around finite values; `include` is taken in if it is near enough.

    Parameters
    ----------
    ax : Axes
    values : ndarray
    include : float, optional
    within : float
        How far off, in widths of the range of the values.

    Returns
    -------
    bool
        Whether `include` lies within the limits.
    """
    finite = values[np.isfinite(values)]
    if not finite.size:
        return False
    if ax.get_xscale() == "log":
        finite = finite[finite > 0.0]
        low, high = np.log(finite.min()), np.log(finite.max())
        at = None if include is None or include <= 0.0 else float(np.log(include))
    else:
        low, high = float(finite.min()), float(finite.max())
        at = include
    width = high - low if high > low else max(abs(high), 1.0) * 0.1
    if at is not None and low - within * width <= at <= high + within * width:
        low, high = min(low, at), max(high, at)
    room = 0.06 * (high - low if high > low else width)
    limits = np.array([low - room, high + room])
    limits = np.exp(limits) if ax.get_xscale() == "log" else limits
    ax.set_xlim(float(limits[0]), float(limits[1]))
    _set_ticks(ax)
    return bool(at is not None and low <= at <= high)


def _set_ticks(ax: Axes) -> None:
    """As many ticks as their numbers have room for, as plain numbers on a logarithmic axis too."""
    from matplotlib.ticker import FixedLocator, FormatStrFormatter, MaxNLocator, NullLocator

    bins = int(np.clip(room_in(ax) / 38.0, 3, 8))
    if ax.get_xscale() != "log":
        ax.xaxis.set_major_locator(MaxNLocator(bins))
        return
    low, high = ax.get_xlim()
    ticks = [float(tick) for tick in MaxNLocator(bins).tick_values(low, high)]
    if high / low > 6.0:
        whole = [base * 10.0**k for k in range(-6, 7) for base in (1.0, 2.0, 5.0)]
        ticks = whole[:: 1 if high / low < 100.0 else 3]
    ax.xaxis.set_major_locator(FixedLocator([t for t in ticks if low <= t <= high and t > 0.0]))
    ax.xaxis.set_major_formatter(FormatStrFormatter("%g"))
    ax.xaxis.set_minor_locator(NullLocator())
