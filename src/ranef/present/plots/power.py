"""Power curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ranef.options import one_of
from ranef.present.plots.forest import MARKS
from ranef.present.plots.ink import muted_on, palette_on
from ranef.present.plots.panels import with_data
from ranef.present.plots.style import axes, label_x, label_y, legend, title, write
from ranef.present.text.words import Words

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["power_plot"]

_WORDS = {"n_groups": "Groups", "per_group": "Rows in a group", "rows": "Rows"}
_USUAL = 0.8
_Z = 1.96


def power_plot(
    frame: pd.DataFrame,
    x: str | None,
    alpha: float,
    ax: Axes | None,
    words: Words | None = None,
) -> Axes:
    """Draw power against the size of the study.

    Parameters
    ----------
    frame : DataFrame
        That of :class:`~ranef.present.results.power.Power`.
    x : {"n_groups", "per_group", "rows"} or None
    alpha : float
        The level, the lowest power there is.
    ax : Axes, optional
    words : Words, optional

    Returns
    -------
    Axes
        ``.data``: term, n_groups, per_group, rows, power, and the limits of the band.
    """
    one_of("x", x, (*_WORDS, None))
    said = words or Words()
    if x is None:
        x = max(("n_groups", "per_group"), key=lambda name: frame[name].nunique())
    ax = axes(ax)
    other = {"n_groups": "per_group", "per_group": "n_groups", "rows": None}[x]
    split = other is not None and frame[other].nunique() > 1
    many = frame["term"].nunique() > 1
    drawn = _with_limits(frame)
    handles, names = [], []
    keys = ["term", other] if split else ["term"]
    terms = list(dict.fromkeys(frame["term"]))
    colours = palette_on(ax)
    for k, (key, own) in enumerate(drawn.groupby(keys, sort=False)):
        ordered = own.sort_values(x)
        colour = colours[(terms.index(key[0]) if many else k) % len(colours)]
        at, power, low, high = (
            ordered[c].to_numpy(dtype=float) for c in (x, "power", "conf_low", "conf_high")
        )
        mark = MARKS[k % len(MARKS)]
        (line,) = ax.plot(at, power, mark, ls="-", color=colour, lw=1.8, ms=5, zorder=3)
        if np.isfinite(low).all():
            ax.fill_between(at, low, high, color=colour, alpha=0.16, lw=0)
        handles.append(line)
        parts = [said.coefficient(str(key[0]))] if many or not split else []
        if split:
            parts.append(f"{key[1]} {_WORDS[str(other)].lower()}")
        names.append(", ".join(parts))
    for height, line_of in ((_USUAL, (0, (4, 3))), (alpha, (0, (1, 2)))):
        ax.axhline(height, color=muted_on(ax), linewidth=0.9, linestyle=line_of, zorder=1)
    ax.set_ylim(0.0, 1.02)
    ax.set_yticks(np.linspace(0.0, 1.0, 6))
    for height, text in ((_USUAL, f"{_USUAL:g}"), (alpha, f"{alpha:g}, the level of the test")):
        write(
            ax,
            text,
            (1.0, height),
            (0.0, 2.0),
            coordinates=ax.get_yaxis_transform(),  # type: ignore[arg-type]
            color=muted_on(ax),
            fontsize="small",
            ha="right",
        )
    label_x(ax, _WORDS[x])
    label_y(ax, "Power")
    simulated = bool(np.isfinite(drawn["conf_low"]).any())
    note = "Bands: 95% intervals of the Monte Carlo error." if simulated else ""
    if len(handles) > 1:
        title(ax, "Power", note)
        legend(ax, handles, names)
    else:
        title(ax, f"Power: {said.coefficient(str(terms[0]))}", note)
    drawn.attrs["note"] = note
    return with_data(ax, drawn)


def _with_limits(frame: pd.DataFrame) -> pd.DataFrame:
    """The power of each design with the limits of its Monte Carlo error."""
    half = _Z * frame["mc_error"]
    kept = frame[["term", "n_groups", "per_group", "rows", "power"]]
    return kept.assign(
        conf_low=(frame["power"] - half).clip(0.0, 1.0),
        conf_high=(frame["power"] + half).clip(0.0, 1.0),
    ).reset_index(drop=True)
