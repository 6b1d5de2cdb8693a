"""Residuals against fitted values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ranef.inference.checks.bands import bins_of, fewest, mean_in_bins
from ranef.inference.checks.record import Band, ModelCheck
from ranef.options import boolean, confidence, whole
from ranef.options import seed as checked_seed
from ranef.present.plots.band import said_outside
from ranef.present.plots.ink import accent_on, faint_on, muted_on, second_on, shades_on
from ranef.present.plots.panels import with_data
from ranef.present.plots.style import axes, check_axes, grid, label_x, label_y, legend, title
from ranef.present.plots.wording import level_in_words, words_of
from ranef.present.protocol import FittedModel
from ranef.present.text.names import response_of
from ranef.types import Array

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["residuals", "simulated_check"]

_MOST_POINTS = 20_000
_FEW_RESPONSES = 30
"""Different responses whose residuals lie on lines."""
_USUAL = 99
_MOST_NUMBERS = 1_000_000
"""Rows times simulations."""
_LIKE_STANDARDISED = ("response", "working", "pearson", "deviance", "quantile")

Kind = Literal["response", "pearson", "deviance", "working", "quantile"]


def residuals(
    model: FittedModel,
    kind: Kind | None = None,
    ax: Axes | None = None,
    band: bool = True,
    n: int | None = None,
    level: float = 0.95,
    seed: int | None = 0,
    labels: Mapping[str, str] | None = None,
) -> Axes:
    """Draw residuals against fitted values, with their mean in bins and its simulated band.

    Parameters
    ----------
    model : FittedModel
    kind : {"pearson", "response", "deviance", "working", "quantile"}, optional
        By default Pearson residuals, or quantile residuals of a generalised model.
    ax : Axes, optional
    band : bool
        Whether responses are simulated from the model. Shrinkage ties residuals to fitted values,
        so that their mean is not level in a true model either.
    n : int, optional
        Simulations; by default 99, or fewer if there are many rows.
    level : float
        Of the band, in each bin.
    seed : int or None
        The same seed gives the same band.
    labels : mapping of str to str, optional
        Words by name.

    Returns
    -------
    Axes
        ``data`` has the residuals, and the means with their band: ``part`` says which. Above 20,000
        rows, shades of counts take the place of points.

    Raises
    ------
    OptionError
        Fewer simulations than the level needs; another kind of residuals.
    """
    check_axes(ax)
    words = words_of(model, labels)
    usual: Kind = "pearson" if model._distribution is None else "quantile"
    drawn = usual if kind is None else kind
    x = np.asarray(model.fitted, dtype=float)
    y = np.asarray(model.residuals(drawn), dtype=float)
    simulated = boolean("band", band) and _has_band(model, drawn)
    found = simulated_check(model, n, level, seed) if simulated else None
    ax = axes(ax, (7.4, 4.4) if found is not None else (6.4, 4.4))
    ax.axhline(0.0, color=muted_on(ax), linewidth=0.8, zorder=1)
    by_ratios = model._distribution is not None and model._distribution.link == "log"
    logarithmic = by_ratios and 0.0 < 10.0 * float(x.min()) < float(x.max())
    if logarithmic:
        ax.set_xscale("log")
    _rows(ax, x, y, logarithmic, model, _MOST_POINTS)
    note, trend = "", None
    here = np.isfinite(y)
    bins = bins_of(x[here]) if here.sum() >= 3 * 20 else []
    if bins:
        centre, mean = mean_in_bins(x[here], bins), mean_in_bins(y[here], bins)
        limits = None if found is None else _limits(found, y, drawn)
        handles, names = [], []
        if found is not None and limits is not None:
            handles.append(_band(ax, found.mean.x, limits))
            names.append(f"{level_in_words(level)} of simulations")
            note = _note(found, limits, mean)
        handles += ax.plot(centre, mean, color=second_on(ax), linewidth=1.8, zorder=4)
        names.append("mean of the residuals")
        legend(ax, handles[::-1], names[::-1])
        trend = (centre, mean, limits)
    grid(ax, "y")
    label_x(ax, f"Fitted {words.variable(response_of(model.formula))}")
    label_y(ax, f"{drawn.capitalize()} residual")
    title(ax, "Residuals against fitted values", note)
    frame = _frame(x, y, trend)
    frame.attrs["note"] = note
    return with_data(ax, frame)


def simulated_check(
    model: FittedModel, n: int | None, level: float, seed: int | None
) -> ModelCheck | None:
    """The check of a model by simulation; None if it was not made from data.

    Raises
    ------
    OptionError
        Another level or seed, or fewer simulations than the level needs.
    """
    confidence("level", level)
    checked_seed("seed", seed)
    if n is not None:
        whole("n", n, of="the number of simulations")
    if not hasattr(model, "_check"):
        return None
    count = n or max(fewest(level), min(_USUAL, _MOST_NUMBERS // max(model.nobs, 1)))
    return model._check(count, level, seed)


def _has_band(model: FittedModel, kind: str) -> bool:
    if model._distribution is None:
        return kind in _LIKE_STANDARDISED
    return kind == "quantile"


def _limits(found: ModelCheck, y: Array, kind: str) -> Band:
    """The band of the mean residual in the units of the residuals that are drawn.

    It was made for standardised residuals; the ratio of the two kinds is a number for each row.
    """
    if kind == "quantile":
        return found.mean.band
    here = ~np.isnan(found.residuals) & (found.residuals != 0.0)
    ratio = np.full(y.size, np.nan)
    ratio[here] = y[here] / found.residuals[here]
    rows = ~np.isnan(found.residuals)
    scale = np.array([np.nanmean(ratio[rows][b]) for b in bins_of(found.fitted[rows])])
    return Band(*(scale * values for values in found.mean.band))


def _band(ax: Axes, x: Array, band: Band) -> Any:
    made = ax.fill_between(
        x, band.low, band.high, facecolor=faint_on(ax), edgecolor=muted_on(ax), lw=0.8, zorder=2.5
    )
    ax.plot(x, band.middle, color=muted_on(ax), linewidth=0.9, linestyle=(0, (4, 3)), zorder=3)
    return made


def _note(found: ModelCheck, band: Band, mean: Array) -> str:
    outside = said_outside(band.outside(mean), 1.0 - found.level, "bins")
    return (
        f"Band: where the mean lies in {level_in_words(found.level)} of {found.n:,} responses "
        f"simulated from the model; broken line: their median. {outside}"
    )


def _rows(ax: Axes, x: Array, y: Array, logarithmic: bool, model: FittedModel, most: int) -> None:
    """Points, or shades of counts in cells."""
    if x.size <= most:
        alpha = float(np.clip(300.0 / max(x.size, 1), 0.15, 0.7))
        ax.scatter(
            x, y, s=12, color=accent_on(ax), alpha=alpha, linewidths=0, rasterized=x.size > 3000
        )
        return
    from matplotlib.colors import LogNorm

    here = np.isfinite(x) & np.isfinite(y)
    at = np.log10(x[here]) if logarithmic else x[here]
    responses = np.unique(np.round(np.asarray(model.residuals("response")) + x, 9)).size
    # Residuals of few different responses lie on lines: wide cells would beat against them.
    on_lines = responses <= _FEW_RESPONSES
    counts, across, up = np.histogram2d(at, y[here], bins=(360, 270) if on_lines else (110, 80))
    if on_lines:
        from scipy.ndimage import gaussian_filter

        counts = gaussian_filter(counts, 1.2)
    shown = np.ma.masked_less(counts.T, 0.2)
    edges = 10.0**across if logarithmic else across
    ax.pcolormesh(
        edges,
        up,
        shown,
        norm=LogNorm(vmin=0.2 if on_lines else 0.7),
        cmap=shades_on(ax),
        rasterized=True,
        zorder=1.5,
    )


def _frame(x: Array, y: Array, trend: tuple[Array, Array, Band | None] | None) -> pd.DataFrame:
    """Rows, then bins: part, fitted, value, low, middle, high."""
    import pandas as pd

    rows = pd.DataFrame({"part": "residual", "fitted": x, "value": y})
    if trend is None:
        return rows
    centre, mean, band = trend
    bins = pd.DataFrame({"part": "mean", "fitted": centre, "value": mean})
    if band is not None:
        bins = bins.assign(low=band.low, middle=band.middle, high=band.high)
    return pd.concat([rows, bins], ignore_index=True)
