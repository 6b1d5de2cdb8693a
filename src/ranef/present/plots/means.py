"""Marginal means and contrasts: points with their intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.present.plots.colouring import series_colours, series_style
from ranef.present.plots.forest import fit_x
from ranef.present.plots.ink import muted_on
from ranef.present.plots.panels import with_data
from ranef.present.plots.style import (
    axes,
    grid,
    label_x,
    label_y,
    legend,
    name_x,
    name_y,
    title,
)
from ranef.present.text.words import Words

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["contrasts_plot", "means_plot"]

_LABELLED = 60
_SPAN = 0.18  # of the groups to each side, in steps between means


def means_plot(
    frame: pd.DataFrame,
    variables: tuple[str, ...],
    axis: str,
    head: str,
    ax: Axes | None,
    words: Words,
    note: str = "",
) -> Axes:
    """Draw means along the first variable, with a colour for each value of the others.

    Parameters
    ----------
    frame : DataFrame
        Columns of the variables, estimate, conf_low, conf_high.
    variables : tuple of str
        May be none: then there is one mean.
    axis, head : str
        The label of the y axis, and the title.
    ax : Axes, optional
    words : Words
    note : str
        What is held fixed.

    Returns
    -------
    Axes
        Numbers stand at their values, with a line between them; means that are not estimable are
        left out.
    """
    first, others = (variables[0] if variables else ""), variables[1:]
    groups = _groups(frame, others)
    ax = axes(ax, (7.4, 4.4) if others else (6.4, 4.4))
    labels = list(dict.fromkeys(frame[first])) if first else [""]
    numeric = len(labels) > 2 and all(_is_number(label) for label in labels)
    place = np.array(labels, dtype=float) if numeric else np.arange(len(labels), dtype=float)
    positions = dict(zip(labels, place, strict=True))
    step = float(np.min(np.diff(np.sort(place)))) if len(place) > 1 else 1.0
    span = _SPAN * step * (0.5 if numeric else 1.0) * (len(groups) > 1)
    handles = []
    series = zip(
        np.linspace(-span, span, len(groups)), series_colours(ax, len(groups)), groups, strict=True
    )
    for k, (shift, colour, (_, own)) in enumerate(series):
        x = np.array([positions[v] for v in own[first]]) if first else np.zeros(len(own))
        handles.append(_points(ax, x + shift, own, colour, k, joined=numeric))
    if not numeric:
        name_x(ax, place, [_text(label) for label in labels])
        ax.set_xlim(-0.6, len(labels) - 0.4)
    if others:
        legend(ax, handles, [name for name, _ in groups], ", ".join(map(words.variable, others)))
    grid(ax, "y")
    label_x(ax, words.variable(first) if first else "all rows")
    label_y(ax, axis)
    title(ax, head, note)
    return with_data(ax, frame.copy())


def contrasts_plot(
    frame: pd.DataFrame,
    by: tuple[str, ...],
    head: str,
    ax: Axes | None,
    words: Words,
    note: str = "",
    *,
    ratios: bool = False,
) -> Axes:
    """Draw contrasts one below the other, with a colour for each group, and a line at zero.

    Ratios have a logarithmic axis, and the line at 1.

    Parameters
    ----------
    frame : DataFrame
        Columns of `by`, contrast, estimate, conf_low, conf_high.
    by : tuple of str
    head : str
        The title.
    ax : Axes, optional
    words : Words
    note : str
        How they are adjusted.
    ratios : bool

    Returns
    -------
    Axes
        Up to 60 contrasts are named.
    """
    groups = _groups(frame, by)
    names = list(dict.fromkeys(frame["contrast"]))
    named = len(names) <= _LABELLED
    height = float(np.clip(0.34 * len(names) * max(1.0, 0.6 * len(groups)) + 1.2, 2.4, 12.0))
    ax = axes(ax, (7.4 if by else 6.4, height))
    if ratios:
        ax.set_xscale("log")
    ax.axvline(1.0 if ratios else 0.0, color=muted_on(ax), linewidth=0.8, zorder=1)
    span = _SPAN * (len(groups) > 1)
    handles = []
    series = zip(
        np.linspace(-span, span, len(groups)), series_colours(ax, len(groups)), groups, strict=True
    )
    for k, (shift, colour, (_, own)) in enumerate(series):
        y = np.array([names.index(name) for name in own["contrast"]], dtype=float) + shift
        low, high, estimate = (
            own[name].to_numpy(dtype=float) for name in ("conf_low", "conf_high", "estimate")
        )
        ax.hlines(y, low, high, color=colour, linewidth=1.6)
        mark = series_style(k).mark
        handles.append(
            ax.scatter(estimate, y, s=42, color=colour, marker=mark, linewidths=0, zorder=3)
        )
    ends = frame[["estimate", "conf_low", "conf_high"]].to_numpy(dtype=float).ravel()
    fit_x(ax, ends, include=1.0 if ratios else 0.0)
    if named:
        name_y(ax, np.arange(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    grid(ax, "x")
    if by:
        legend(ax, handles, [name for name, _ in groups], ", ".join(map(words.variable, by)))
    label_x(ax, f"{'Ratio' if ratios else 'Estimate'} with its interval")
    label_y(ax, "Contrast" if named else f"{len(names)} contrasts")
    title(ax, head, note)
    return with_data(ax, frame.copy())


def _groups(frame: pd.DataFrame, by: tuple[str, ...]) -> list[tuple[str, Any]]:
    if not by:
        return [("", frame)]
    keys = [tuple(row) for row in frame[list(by)].itertuples(index=False, name=None)]
    own: dict[Any, list[int]] = {}
    for k, key in enumerate(keys):
        own.setdefault(key, []).append(k)
    return [(", ".join(_text(v) for v in key), frame.iloc[rows]) for key, rows in own.items()]


def _points(ax: Axes, x: Any, frame: pd.DataFrame, colour: Any, k: int, joined: bool) -> Any:
    low, high, estimate = (
        frame[name].to_numpy(dtype=float) for name in ("conf_low", "conf_high", "estimate")
    )
    ax.vlines(x, low, high, color=colour, linewidth=1.6)
    if joined:
        ax.plot(x, estimate, color=colour, linewidth=1.2, alpha=0.7, linestyle=series_style(k).dash)
    mark = series_style(k).mark
    return ax.scatter(x, estimate, s=42, color=colour, marker=mark, linewidths=0, zorder=3)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, (bool, np.bool_))


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, (float, np.floating)) else str(value)
