"""Coefficients of several models with their intervals, beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from ranef.errors import OptionError
from ranef.inference.intervals import wald_intervals
from ranef.options import boolean, confidence, one_of
from ranef.present.plots.forest import MARKS, draw_intervals, fit_x
from ranef.present.plots.ink import faint_on, muted_on, palette_on
from ranef.present.plots.panels import Panels, with_data
from ranef.present.plots.style import (
    axes,
    head,
    label_x,
    legend,
    name_y,
    panel_axes,
    title,
)
from ranef.present.plots.wording import level_in_words
from ranef.present.text.names import spell
from ranef.types import INTERCEPT, Array

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["Estimates", "coefficients"]

SIMILAR = 15.0
"""How many times as wide the widest interval may be as the narrowest, to share one scale."""


class Estimates(NamedTuple):
    """One coefficient by model, shape (models,) each; NaN where a model has none.

    ``name`` is that of the coefficient, ``label`` what readers call it; infinite ``df`` stand for
    the normal distribution.
    """

    name: str
    label: str
    estimate: Array
    std_error: Array
    df: Array


class _Row(NamedTuple):
    """One coefficient: estimates and limits by model, NaN where a model has none."""

    name: str
    label: str
    estimate: Array
    low: Array
    high: Array


def coefficients(
    found: Sequence[Estimates],
    models: Sequence[str],
    ratio: str = "",
    level: float = 0.95,
    scales: Literal["auto", "shared", "free"] = "auto",
    intercept: bool = False,
    ax: Any = None,
) -> Axes | Panels:
    """Draw coefficients of several models.

    Parameters
    ----------
    found : sequence of Estimates
    models : sequence of str
        What the models are called.
    ratio : str
        What exp of a coefficient is, if that is what the estimates are; else empty.
    level : float
        Of the intervals.
    scales : {"auto", "shared", "free"}
        One axis for all coefficients, or a panel with its own axis for each. ``"auto"``: one axis
        if no interval is more than 15 times as wide as another.
    intercept : bool
        Whether the intercept is shown although there are other coefficients.
    ax : Axes or sequence of Axes, optional

    Returns
    -------
    Axes, or Panels
        Panels if each coefficient has its own.

    Raises
    ------
    OptionError
        An option outside of what it accepts, or no coefficients.
    """
    confidence("level", level)
    one_of("scales", scales, ("auto", "shared", "free"))
    rows = [_with_limits(own, level, bool(ratio)) for own in found]
    if not boolean("intercept", intercept) and len(rows) > 1:
        rows = [row for row in rows if row.name not in (INTERCEPT, spell(INTERCEPT))]
    if not rows:
        raise OptionError(
            "there is no coefficient to draw",
            found="models without fixed effects",
            fix="compare models with fixed effects, or keep some of them",
        )
    value = ratio.capitalize() if ratio else "Estimate"
    note = f"Lines: {level_in_words(level)} intervals."
    one_scale = scales == "shared" or (scales == "auto" and _similar(rows, bool(ratio)))
    if one_scale or len(rows) == 1:
        one = axes(ax, (6.4, max(2.4, _height(rows, models) + 1.3)))
        frame = _shared(one, rows, models, bool(ratio))
        label_x(one, value if len(rows) > 1 else f"{value}: {rows[0].label}")
        title(one, "Coefficients", note)
        frame.attrs["note"] = note
        return with_data(one, frame)
    panels = panel_axes(len(rows), ax, (3.3, 0.26 * len(models) + 1.3))
    frames = []
    for k, (one, row) in enumerate(zip(panels, rows, strict=True)):
        names = ax is not None or k % 3 == 0
        frames.append(_own(one, row, models, bool(ratio), names))
        with_data(one, frames[-1])
        title(one, row.label)
    note += " Each panel has its own scale."
    head(panels, "Coefficients" if not ratio else value, note)
    return Panels(tuple(panels), _joined(frames, note))


def _with_limits(own: Estimates, level: float, ratios: bool) -> _Row:
    low, high = wald_intervals(own.estimate, own.std_error, own.df, level, ratios)
    return _Row(own.name, own.label, own.estimate, low, high)


def _similar(rows: Sequence[_Row], ratios: bool) -> bool:
    """Whether all intervals can be read on one axis."""
    widths = []
    for row in rows:
        low, high = (np.log(row.low), np.log(row.high)) if ratios else (row.low, row.high)
        own = (high - low)[np.isfinite(high - low)]
        widths += [float(own.max())] if own.size else []
    return not widths or max(widths) <= SIMILAR * max(min(widths), 1e-300)


def _height(rows: Sequence[_Row], models: Sequence[str]) -> float:
    return len(rows) * max(0.3, 0.16 * len(models) + 0.12)


def _shared(ax: Axes, rows: Sequence[_Row], models: Sequence[str], ratios: bool) -> pd.DataFrame:
    count = len(models)
    colours = palette_on(ax)
    y = np.arange(len(rows), 0, -1, dtype=float)
    dodge = np.linspace(0.28, -0.28, count) if count > 1 else np.zeros(1)
    if ratios:
        ax.set_xscale("log")
    handles = []
    for j in range(count):
        estimate, low, high = (
            np.array([getattr(row, part)[j] for row in rows])
            for part in ("estimate", "low", "high")
        )
        handles.append(
            draw_intervals(
                ax,
                estimate,
                low,
                high,
                y + dodge[j],
                colours[j % len(colours)],
                MARKS[j % len(MARKS)],
            )
        )
    for k in range(1, len(rows), 2):
        ax.axhspan(y[k] - 0.5, y[k] + 0.5, color=faint_on(ax), alpha=0.35, linewidth=0, zorder=0)
    values = np.concatenate([np.r_[row.estimate, row.low, row.high] for row in rows])
    _none_line(ax, values, ratios)
    name_y(ax, y, [row.label for row in rows])
    ax.set_ylim(0.5, len(rows) + 0.5)
    ax.tick_params(axis="y", length=0)
    if count > 1:
        legend(ax, handles, models)
    return _frame(rows, models)


def _own(ax: Axes, row: _Row, models: Sequence[str], ratios: bool, names: bool) -> pd.DataFrame:
    count = len(models)
    colours = palette_on(ax)
    if ratios:
        ax.set_xscale("log")
    y = np.arange(count, 0, -1, dtype=float)
    for j in range(count):
        at = slice(j, j + 1)
        colour, mark = colours[j % len(colours)], MARKS[j % len(MARKS)]
        draw_intervals(ax, row.estimate[at], row.low[at], row.high[at], y[at], colour, mark)
    _none_line(ax, np.r_[row.estimate, row.low, row.high], ratios)
    name_y(ax, y, models if names else [""] * count)
    ax.set_ylim(0.4, count + 0.6)
    ax.tick_params(axis="y", length=0)
    return _frame([row], models)


def _none_line(ax: Axes, values: Array, ratios: bool) -> None:
    """The line of no effect, if it is near."""
    none = 1.0 if ratios else 0.0
    if fit_x(ax, values, none):
        ax.axvline(none, color=muted_on(ax), linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)


def _frame(rows: Sequence[_Row], models: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        [
            (row.label, row.name, label, row.estimate[j], row.low[j], row.high[j])
            for row in rows
            for j, label in enumerate(models)
            if np.isfinite(row.estimate[j])
        ],
        columns=["panel", "term", "model", "estimate", "conf_low", "conf_high"],
    )


def _joined(frames: Sequence[pd.DataFrame], note: str) -> pd.DataFrame:
    import pandas as pd

    whole = pd.concat(frames, ignore_index=True)
    whole.attrs["note"] = note
    return whole
