"""Estimates against the strength of a prior."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.errors import OptionError, suggestion
from ranef.options import name_list
from ranef.present.plots.colouring import series_colours, series_style
from ranef.present.plots.ink import faint_on, muted_on
from ranef.present.plots.panels import Panels, with_data
from ranef.present.plots.style import grid, label_x, legend, panel_axes, title
from ranef.present.text.words import Words
from ranef.types import INTERCEPT

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["ribbon"]

_PANELS = (("fixed", "Fixed effects"), ("sd", "SDs"), ("correlation", "Correlations"))
_DEFAULT = {"wishart": "blme's Wishart", "gamma": "blme's gamma", "lkj": "LKJ(2)"}


def ribbon(
    frame: pd.DataFrame,
    family: str,
    level: float,
    terms: Sequence[str] | None = None,
    ax: Any = None,
    words: Words | None = None,
) -> Panels:
    """Draw the frame of a sensitivity analysis: fixed effects with intervals, SDs, correlations.

    Parameters
    ----------
    frame : DataFrame
        Columns strength, effect, group, term, estimate, conf_low, conf_high.
    family : str
    level : float
    terms : sequence of str, optional
        Fixed effects to draw; all but the intercept by default.
    ax : sequence of Axes, optional
        One for each kind of parameter.
    words : Words, optional

    Returns
    -------
    Panels
        One panel for each kind of parameter that there is. The fit without a prior stands at the
        left edge, beyond the break of the logarithmic axis.
    """
    fixed = list(dict.fromkeys(frame.loc[frame["effect"] == "fixed", "term"]))
    chosen = [t for t in fixed if t != INTERCEPT] or fixed
    if terms is not None:
        chosen = list(name_list("terms", terms, "fixed effect"))
    for term in chosen:
        if term not in fixed:
            raise OptionError(
                f"there is no fixed effect '{term}'",
                found=f"fixed effects {', '.join(fixed)}",
                fix=suggestion(term, fixed) or "name some of these",
            )
    shown = frame[(frame["effect"] != "fixed") | frame["term"].isin(chosen)]
    panels = [(kind, head) for kind, head in _PANELS if (shown["effect"] == kind).any()]
    every = panel_axes(len(panels), ax, (7.4, 2.5), columns=1, sharex=True)
    x, ticks, labels = _positions(frame["strength"].unique().tolist())
    for one, (kind, head) in zip(every, panels, strict=True):
        rows = shown[shown["effect"] == kind]
        _panel(one, rows, x, words or Words())
        title(one, f"{head}, {100 * level:g} % intervals" if kind == "fixed" else head)
        if min(x) <= 1.0 and max(x.values()) >= 0.0:
            one.axvline(0.0, color=faint_on(one), linewidth=0.8, zorder=0)
        with_data(one, rows.reset_index(drop=True))
    every[-1].set_xticks(ticks, labels)
    label_x(every[-1], f"Strength of the prior (1: {_DEFAULT.get(family, 'default')})")
    heads = dict(panels)
    data = shown.assign(panel=shown["effect"].map(heads)).reset_index(drop=True)
    return Panels(tuple(every), data)


def _positions(strengths: Sequence[float]) -> tuple[dict[float, float], list[float], list[str]]:
    """Places on a logarithmic axis; a strength of zero stands apart at its left end."""
    positive = [s for s in strengths if s > 0.0]
    places = {s: float(np.log10(s)) for s in positive}
    low = min(places.values(), default=0.0)
    high = max(places.values(), default=0.0)
    whole = range(int(np.ceil(low - 1e-9)), int(np.floor(high + 1e-9)) + 1)
    ticks = [float(k) for k in whole]
    labels = [f"{10.0**k:g}" for k in whole]
    if len(positive) < len(strengths):
        places[0.0] = low - max(0.35, 0.12 * (high - low))
        ticks, labels = [places[0.0], *ticks], ["none", *labels]
    return places, ticks, labels


def _panel(ax: Axes, rows: pd.DataFrame, x: dict[float, float], words: Words) -> None:
    handles, names = [], []
    keys = list(rows[["group", "term"]].drop_duplicates().itertuples(index=False, name=None))
    for k, ((group, term), colour) in enumerate(
        zip(keys, series_colours(ax, len(keys)), strict=True)
    ):
        own = rows[rows["term"] == term]
        own = own[own["group"] == group] if isinstance(group, str) else own
        place = own["strength"].map(x).to_numpy(dtype=float)
        estimate = own["estimate"].to_numpy(dtype=float)
        low, high = (own[c].to_numpy(dtype=float) for c in ("conf_low", "conf_high"))
        along = own["strength"].to_numpy(dtype=float) > 0.0
        look: dict[str, Any] = {"color": colour, "linestyle": series_style(k).dash}
        (line,) = ax.plot(place[along], estimate[along], linewidth=1.8, zorder=3, **look)
        if np.isfinite(low).any():
            ax.fill_between(place[along], low[along], high[along], color=colour, alpha=0.14, lw=0)
        for p, e, a, b in zip(*(v[~along] for v in (place, estimate, low, high)), strict=True):
            ax.plot([p], [e], "o", color=colour, markersize=5, zorder=3)
            if np.isfinite(a):
                ax.plot([p, p], [a, b], color=colour, linewidth=1.4, alpha=0.5)
        handles.append(line)
        said = ", ".join(words.coefficient(part) for part in term.split(", "))
        names.append(f"{said} by {words.group(group)}" if isinstance(group, str) else said)
    if rows["effect"].iloc[0] == "correlation":
        ax.axhline(0.0, color=muted_on(ax), linewidth=0.6, zorder=1)
        ax.set_ylim(-1.06, 1.06)
    grid(ax, "y")
    legend(ax, handles, names)
