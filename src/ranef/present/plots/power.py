"""Power curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.options import one_of
from ranef.present.plots.ink import faint_on, muted_on, palette_on
from ranef.present.plots.style import axes, legend, title
from ranef.present.text.names import spell

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["power_plot"]

_WORDS = {"n_groups": "Groups", "per_group": "Rows in a group", "rows": "Rows"}
_MARKS = ("o", "s", "^", "D", "v", "P")
_USUAL = 0.8


def power_plot(frame: pd.DataFrame, x: str | None, alpha: float, ax: Axes | None) -> Any:
    """Draw power against the size of the study.

    Parameters
    ----------
    frame : DataFrame
        That of :class:`~ranef.present.results.power.Power`.
    x : {"n_groups", "per_group", "rows"} or None
    alpha : float
        The level, the lowest power there is.
    ax : Axes, optional
    """
    one_of("x", x, (*_WORDS, None))
    if x is None:
        x = max(("n_groups", "per_group"), key=lambda name: frame[name].nunique())
    ax = axes(ax)
    other = {"n_groups": "per_group", "per_group": "n_groups", "rows": None}[x]
    split = other is not None and frame[other].nunique() > 1
    many = frame["term"].nunique() > 1
    handles, names = [], []
    keys = ["term", other] if split else ["term"]
    terms = list(dict.fromkeys(frame["term"]))
    for k, (key, own) in enumerate(frame.groupby(keys, sort=False)):
        ordered = own.sort_values(x)
        colour = palette_on(ax)[(terms.index(key[0]) if many else k) % len(palette_on(ax))]
        mark = _MARKS[k % len(_MARKS)]
        at, power = ordered[x].to_numpy(dtype=float), ordered["power"].to_numpy(dtype=float)
        half = 1.96 * ordered["mc_error"].to_numpy(dtype=float)
        (line,) = ax.plot(at, power, mark, ls="-", color=colour, lw=1.8, ms=5, zorder=3)
        if np.isfinite(half).all():
            low, high = np.clip(power - half, 0, 1), np.clip(power + half, 0, 1)
            ax.fill_between(at, low, high, color=colour, alpha=0.16, lw=0)
        handles.append(line)
        words = [spell(str(key[0]))] if many or not split else []
        names.append(
            ", ".join(words + ([f"{key[1]} {_WORDS[str(other)].lower()}"] if split else []))
        )
    ax.axhline(_USUAL, color=muted_on(ax), linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
    ax.axhline(alpha, color=faint_on(ax), linewidth=0.8, zorder=1)
    ax.set_ylim(0.0, 1.02)
    ax.set_yticks(np.linspace(0.0, 1.0, 6))
    ax.set_xlabel(_WORDS[x])
    ax.set_ylabel("Power")
    if len(handles) > 1:
        title(ax, "Power")
        legend(ax, handles, names)
    else:
        title(ax, f"Power: {spell(terms[0])}")
    return ax
