"""Influence of levels: Cook's distances, changes of an estimate, forests of coefficients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.options import name, name_list
from ranef.present.plots.forest import fit_x
from ranef.present.plots.ink import accent_on, faint_on, muted_on, second_on
from ranef.present.plots.panels import Panels, with_data
from ranef.present.plots.style import (
    axes,
    head,
    label_x,
    label_y,
    legend,
    name_y,
    panel_axes,
    title,
)
from ranef.present.text.names import spell
from ranef.present.text.parameters import parameter_words
from ranef.present.text.words import Words

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["COEFFICIENTS", "influence"]

COEFFICIENTS = "coefficients"
_ALL_NAMED = 40
_NAMED = 20
_EXTREMES = 3
_COOK = "cooks_distance"
_FLAGS = ("rows", "singular", "converged", "method")
_WORDS = {
    _COOK: "Cook's distance",
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
    what: str | Sequence[str] = _COOK,
    ax: Any = None,
    words: Words | None = None,
) -> Axes | Panels:
    """Draw columns of a frame of influence, one level a line.

    Parameters
    ----------
    frame : DataFrame
    estimates, std_errors : mapping of str to float
        Of all rows.
    by : str
        What the levels are of.
    what : str or sequence of str
        A column; several, or ``"coefficients"`` for Cook's distance and all fixed effects, give a
        forest: a panel for each, with the levels in the order of Cook's distance.
    ax : Axes or sequence of Axes, optional
    words : Words, optional

    Returns
    -------
    Axes, or Panels
        All levels if there are at most 40, else the 20 of largest influence, with the range of all
        others as a band.

    Raises
    ------
    OptionError
        Another column, or another number of axes.
    """
    said = words or Words()
    known = [c for c in frame.columns if c not in _FLAGS]
    if isinstance(what, str) and (what != COEFFICIENTS or what in known):
        name("what", what, known, of="column of the influence")
        return _one(frame, estimates, std_errors, by, what, ax, said)
    every = isinstance(what, str) and what == COEFFICIENTS
    asked = [_COOK, *std_errors] if every else name_list("what", what, "column")
    for one in asked:
        name("what", one, known, of="column of the influence")
    return _forest(frame, estimates, std_errors, by, list(asked), ax, said)


def _one(
    frame: pd.DataFrame,
    estimates: Mapping[str, float],
    std_errors: Mapping[str, float],
    by: str,
    what: str,
    ax: Axes | None,
    words: Words,
) -> Axes:
    values = frame[what].dropna()
    neutral = 1.0 if what == "covratio" else 0.0
    order = np.argsort(-(values - neutral).abs().to_numpy(), kind="stable")
    chosen = order if order.size <= _ALL_NAMED else order[:_NAMED]
    rest = values.to_numpy()[order[chosen.size :]]
    x = values.to_numpy()[chosen]
    names = [str(level) for level in values.index[chosen]]
    n = x.size
    ax = axes(ax, (6.4, max(2.6, 0.24 * n + 1.2)))
    y = np.arange(n, 0, -1)
    if rest.size:
        band = ax.axvspan(
            float(min(rest.min(), neutral)),
            float(max(rest.max(), neutral)),
            color=faint_on(ax),
            linewidth=0,
        )
        legend(ax, [band], [f"all other {rest.size}"])
    ax.axvline(neutral, color=muted_on(ax), linewidth=0.8, zorder=1)
    ax.hlines(y, neutral, x, color=accent_on(ax), linewidth=1.4, zorder=2)
    ax.scatter(x, y, s=26, color=accent_on(ax), linewidths=0, zorder=3)
    name_y(ax, y, names)
    ax.set_ylim(0.2, n + 0.8)
    group = _group(by, words)
    label_y(ax, group)
    if what in estimates:
        said = parameter_words(estimates, words)[what]
        error = std_errors.get(what)
        beside = f", SE {error:.3g}" if error is not None else ""
        # The axis has the name of the column, the title what it is in words.
        label_x(ax, f"Change of {spell(what)} ({estimates[what]:.4g} with all{beside})")
        title(ax, f"{said} without each {group}")
    else:
        label_x(ax, _WORDS.get(what, what))
        title(ax, f"{_WORDS.get(what, what)} by {group}")
    return with_data(ax, _frame(names, x, y, what))


def _group(by: str, words: Words) -> str:
    return "row" if by == "rows" else words.labels.get(by, words.group(by))


def _frame(names: Sequence[str], x: Any, y: Any, what: str) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({"panel": what, "level": list(names), "value": x, "y": y})


def _forest(
    frame: pd.DataFrame,
    estimates: Mapping[str, float],
    std_errors: Mapping[str, float],
    by: str,
    asked: Sequence[str],
    ax: Any,
    words: Words,
) -> Panels:
    """A panel for each column, the levels in the same order."""
    size = frame[_COOK].to_numpy(dtype=float)
    order = np.argsort(-np.where(np.isnan(size), -np.inf, size), kind="stable")
    order = order[~np.isnan(size[order])]
    chosen = order if order.size <= _ALL_NAMED else order[:_NAMED]
    rest = order[chosen.size :]
    n = chosen.size
    names = [str(level) for level in frame.index[chosen]]
    y = np.arange(n, 0, -1)
    group = _group(by, words)
    said = parameter_words(estimates, words)
    across = 4 if len(asked) % 4 in (0, 3) else 3
    panels = panel_axes(len(asked), ax, (3.1, max(2.6, 0.2 * n + 1.0)), columns=across)
    frames = []
    for k, (one, what) in enumerate(zip(panels, asked, strict=True)):
        values = frame[what].to_numpy(dtype=float) + estimates.get(what, 0.0)
        extreme = _extremes(values, estimates.get(what, 0.0), chosen)
        _draw(one, values, estimates.get(what), std_errors.get(what), (chosen, rest), extreme)
        name_y(one, y, names if ax is not None or k % across == 0 else [""] * n)
        one.set_ylim(0.2, n + 0.8)
        if k % across == 0:
            label_y(one, group)
        title(one, said.get(what, _WORDS.get(what, what)))
        drawn = _frame(names, values[chosen], y, what).assign(extreme=extreme)
        frames.append(drawn)
        with_data(one, drawn)
    others = f" Bars: the range of the {rest.size:,} others." if rest.size else ""
    note = (
        "Lines: estimates of all rows; bands: one standard error to each side. Diamonds: the "
        f"{_EXTREMES} levels that move an estimate most.{others}"
    )
    head(panels, f"Estimates without each {group}", note)
    return Panels(tuple(panels), _joined(frames, note))


def _extremes(values: Any, estimate: float, chosen: Any) -> Any:
    """Which of the levels that are drawn move the estimate most."""
    size = np.abs(values[chosen] - estimate)
    first = np.argsort(-size, kind="stable")[:_EXTREMES]
    return np.isin(np.arange(chosen.size), first)


def _draw(
    ax: Axes,
    values: Any,
    estimate: float | None,
    error: float | None,
    levels: tuple[Any, Any],
    extreme: Any,
) -> None:
    chosen, rest = levels
    x = values[chosen]
    y = np.arange(x.size, 0, -1)
    centre = 0.0 if estimate is None else estimate
    if error is not None:
        ax.axvspan(centre - error, centre + error, color=faint_on(ax), alpha=0.6, linewidth=0)
    if rest.size:
        others = values[rest][np.isfinite(values[rest])]
        if others.size:
            ax.plot([others.min(), others.max()], [0.55] * 2, color=muted_on(ax), linewidth=4.0)
    ax.axvline(centre, color=muted_on(ax), linewidth=0.9, zorder=1)
    ax.hlines(y, centre, x, color=accent_on(ax), linewidth=1.1, zorder=2)
    for some, colour, mark in ((~extreme, accent_on(ax), "o"), (extreme, second_on(ax), "D")):
        ax.scatter(x[some], y[some], s=22, color=colour, marker=mark, linewidths=0, zorder=3)
    around = [] if error is None else [centre - error, centre + error]
    fit_x(ax, np.array([*x, centre, *around]))


def _joined(frames: Sequence[pd.DataFrame], note: str) -> pd.DataFrame:
    import pandas as pd

    whole = pd.concat(frames, ignore_index=True)
    whole.attrs["note"] = note
    return whole
