"""Influence of levels: a forest of Cook's distances, or of the changes of one estimate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ranef.options import name
from ranef.present.plots.ink import accent_on, muted_on
from ranef.present.plots.style import axes, title
from ranef.present.text.names import spell

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["influence"]

_ALL_NAMED = 40
_NAMED = 20
_WORDS = {
    "cooks_distance": "Cook's distance",
    "cooks_distance_conditional": "Cook's distance, random effects counted in",
    "mdffits": "MDFFITS",
    "covtrace": "COVTRACE",
    "covratio": "COVRATIO",
    "leverage": "Leverage",
    "leverage_fixed": "Leverage of the fixed effects",
    "standardized": "Standardised residual",
}


def influence(
    frame: pd.DataFrame,
    estimates: Mapping[str, float],
    std_errors: Mapping[str, float],
    by: str,
    what: str = "cooks_distance",
    ax: Axes | None = None,
) -> Axes:
    """Draw a column of a frame of influence, one level a line.

    Parameters
    ----------
    frame : DataFrame
    estimates, std_errors : mapping of str to float
        Of all rows.
    by : str
        What the levels are of.
    what : str
        The column.
    ax : Axes, optional

    Returns
    -------
    Axes
        All levels if there are at most 40, else the 20 of largest influence, with the range of all
        others as a band.

    Raises
    ------
    OptionError
        Another column.
    """
    known = [c for c in frame.columns if c not in ("rows", "singular", "converged", "method")]
    name("what", what, known, of="column of the influence")
    values = frame[what].dropna()
    neutral = 1.0 if what == "covratio" else 0.0
    size = (values - neutral).abs().sort_values(ascending=False, kind="stable")
    every = len(size) <= _ALL_NAMED
    order = np.argsort(-(values - neutral).abs().to_numpy(), kind="stable")
    chosen = order if every else order[:_NAMED]
    rest = values.to_numpy()[order[chosen.size :]]
    x = values.to_numpy()[chosen]
    names = [str(level) for level in values.index[chosen]]
    n = x.size
    ax = axes(ax, (6.4, max(2.6, 0.24 * n + 1.2)))
    y = np.arange(n, 0, -1)
    if rest.size:
        ax.axvspan(
            float(min(rest.min(), neutral)),
            float(max(rest.max(), neutral)),
            color=muted_on(ax),
            alpha=0.22,
            linewidth=0,
            label=f"all other {rest.size}",
        )
        ax.legend(frameon=False, fontsize=10, loc="lower right")
    ax.axvline(neutral, color=muted_on(ax), linewidth=0.8, zorder=1)
    ax.hlines(y, neutral, x, color=accent_on(ax), linewidth=1.4, zorder=2)
    ax.scatter(x, y, s=26, color=accent_on(ax), linewidths=0, zorder=3)
    ax.set_yticks(y, names, fontsize=9)
    ax.set_ylim(0.2, n + 0.8)
    ax.set_ylabel(by)
    if what in estimates:
        error = std_errors.get(what)
        beside = f", SE {error:.3g}" if error is not None else ""
        ax.set_xlabel(f"Change of {spell(what)} ({estimates[what]:.4g} with all{beside})")
        title(ax, f"{spell(what)} without each {by}")
    else:
        ax.set_xlabel(_WORDS.get(what, what))
        title(ax, f"{_WORDS.get(what, what)} by {by}")
    return ax
