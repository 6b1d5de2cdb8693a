"""What data show, over a band of what simulations of the model show: shared by several pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ranef.inference.checks.record import Band
from ranef.present.plots.ink import accent_on, faint_on, muted_on, second_on, setting
from ranef.present.plots.lettering import points
from ranef.present.plots.style import write
from ranef.types import Array

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["band_frame", "draw_band", "draw_points", "name_points", "said_outside"]


def band_frame(panel: str, x: Array, value: Array, band: Band, name: Any = "") -> pd.DataFrame:
    """The numbers of one picture: columns panel, name, x, value, low, middle, high, outside."""
    import pandas as pd

    return pd.DataFrame(
        {
            "panel": panel,
            "name": name,
            "x": x,
            "value": value,
            "low": band.low,
            "middle": band.middle,
            "high": band.high,
            "outside": band.outside(value),
        }
    )


def draw_band(ax: Axes, x: Array, band: Band, middle: bool = True) -> Any:
    """The band, and a line through its middle."""
    made = ax.fill_between(x, band.low, band.high, color=faint_on(ax), linewidth=0, zorder=1)
    if middle:
        ax.plot(x, band.middle, color=muted_on(ax), linewidth=0.9, linestyle=(0, (4, 3)), zorder=2)
    return made


def draw_points(ax: Axes, x: Array, value: Array, outside: NDArray[np.bool_]) -> None:
    """Points in two colours and shapes: those within the band, and those outside."""
    size = float(np.clip(2400.0 / max(x.size, 1), 7.0, 20.0))
    for chosen, colour, mark in ((~outside, accent_on(ax), "o"), (outside, second_on(ax), "D")):
        ax.scatter(
            x[chosen], value[chosen], s=size, color=colour, marker=mark, linewidths=0, zorder=3
        )


def name_points(
    ax: Axes,
    x: Array,
    value: Array,
    names: Sequence[str],
    chosen: NDArray[np.bool_],
    most: int,
) -> None:
    """Names beside some points, the outermost along x first, as long as they do not overlap."""
    low, high = ax.get_xlim()
    order = np.flatnonzero(chosen)
    order = order[np.argsort(-np.abs(x[order]), kind="stable")]
    line = 1.2 * points(setting("font.size")) * float(ax.get_figure(root=True).dpi) / 72.0  # type: ignore[union-attr]
    taken: list[tuple[bool, float]] = []
    for k in order:
        right = bool(x[k] > low + 0.5 * (high - low))
        height = float(ax.transData.transform((x[k], value[k]))[1])
        if len(taken) == most or any(s == right and abs(h - height) < line for s, h in taken):
            continue
        taken.append((right, height))
        write(
            ax,
            names[int(k)],
            (float(x[k]), float(value[k])),
            (-4.0, 2.0) if right else (4.0, -2.0),
            fontsize="small",
            ha="right" if right else "left",
            va="bottom" if right else "top",
            zorder=4,
        )


def said_outside(
    outside: NDArray[np.bool_], share: float, what: str, where: str = "Outside"
) -> str:
    """How many points are outside, beside how many are to be expected.

    >>> said_outside(np.array([True] * 2 + [False] * 18), 0.05, "bins")
    'Outside: 2 of 20 bins (about 1 is usual).'
    """
    expected = round(share * outside.size)
    usual = {0: "none is usual", 1: "about 1 is usual"}.get(
        expected, f"about {expected:,} are usual"
    )
    return f"{where}: {int(outside.sum()):,} of {outside.size:,} {what} ({usual})."
