"""Quantile residuals against uniform quantiles, and residuals against fitted values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.inference.checks.bands import mean_in_bins
from ranef.present.plots.ink import accent_on, faint_on, muted_on, second_on, shades_on
from ranef.present.plots.panels import Panels, with_data
from ranef.present.plots.style import label_x, label_y, legend, panel_axes, title
from ranef.present.text.numbers import p_text
from ranef.types import Array

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["residual_check"]

_MOST_POINTS = 20_000
_BINS = 20
_UNIFORM, _FITTED = "uniform quantiles", "fitted values"


def residual_check(residuals: Array, fitted: Array, frame: pd.DataFrame, ax: Any = None) -> Panels:
    """Draw standardised residuals in two ways.

    Parameters
    ----------
    residuals : ndarray, shape (n,)
        Standardised; NaN where a row has none.
    fitted : ndarray, shape (n,)
    frame : DataFrame
        The tests, whose p values are written on the pictures.
    ax : pair of Axes, optional

    Returns
    -------
    Panels
        Left the distance of the ordered quantile residuals from uniform quantiles, with a band
        that holds each of them with probability 0.95 if they are independent. Right the residuals
        against the fitted values, with the mean and the mean size in bins.

    Raises
    ------
    OptionError
        `ax` is not a pair of axes.
    """
    left, right = panel_axes(2, ax, (5.2, 4.4))
    here = ~np.isnan(residuals)
    parts = [
        _uniform(left, residuals[here], frame).assign(panel=_UNIFORM),
        _against_fitted(right, residuals[here], fitted[here], frame).assign(panel=_FITTED),
    ]
    for one, part in zip((left, right), parts, strict=True):
        with_data(one, part.drop(columns="panel"))
    import pandas as pd

    return Panels((left, right), pd.concat(parts, ignore_index=True))


def _uniform(ax: Axes, z: Array, frame: pd.DataFrame) -> pd.DataFrame:
    from scipy.special import betaincinv, ndtr

    n = z.size
    u = np.sort(ndtr(z))
    rank = np.unique(np.linspace(1, n, min(n, 2000)).round())
    x = (rank - 0.5) / n
    low, high = (betaincinv(rank, n + 1 - rank, p) - x for p in (0.025, 0.975))
    y = u[rank.astype(int) - 1] - x
    ax.fill_between(x, low, high, color=faint_on(ax), linewidth=0)
    ax.axhline(0.0, color=muted_on(ax), linewidth=0.8, zorder=1)
    ax.scatter(x, y, s=9, color=accent_on(ax), linewidths=0, zorder=3)
    label_x(ax, "Uniform quantile")
    label_y(ax, "Quantile residual less uniform quantile")
    p = frame.loc[["uniformity", "outliers"], "p_value"].to_list()
    title(ax, f"Uniformity p {_p(p[0])}, outliers p {_p(p[1])}")
    return _frame("residual", x, y, low, high)


def _against_fitted(ax: Axes, z: Array, fitted: Array, frame: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    ax.axhline(0.0, color=muted_on(ax), linewidth=0.8, zorder=1)
    if z.size > _MOST_POINTS:
        ax.hexbin(fitted, z, gridsize=70, bins="log", cmap=shades_on(ax), mincnt=1, linewidths=0.1)
    else:
        alpha = float(np.clip(300.0 / max(z.size, 1), 0.15, 0.7))
        look = {"s": 12, "color": accent_on(ax), "alpha": alpha, "linewidths": 0}
        ax.scatter(fitted, z, rasterized=z.size > 3000, **look)
    parts = [_frame("residual", fitted, z)]
    if z.size >= 3 * _BINS:
        bins = np.array_split(np.argsort(fitted, kind="stable"), _BINS)
        centre, mean = mean_in_bins(fitted, bins), mean_in_bins(z, bins)
        root = np.sqrt(mean_in_bins(z**2, bins))
        colour = second_on(ax)
        handles = ax.plot(centre, mean, color=colour, linewidth=1.6, zorder=4)
        for sign in (1.0, -1.0):
            made = ax.plot(centre, sign * root, "--", color=colour, linewidth=1.1, zorder=4)
        legend(ax, [*handles, *made], ["mean", "root mean square"], within="best")
        parts += [_frame("mean", centre, mean), _frame("root mean square", centre, root)]
    label_x(ax, "Fitted value")
    label_y(ax, "Standardised residual")
    p = frame["p_value"].to_dict()["spread by fitted value"]
    title(ax, f"Spread by fitted value p {_p(p)}")
    return pd.concat(parts, ignore_index=True)


def _frame(
    part: str, x: Array, value: Array, low: Array | None = None, high: Array | None = None
) -> pd.DataFrame:
    import pandas as pd

    frame = pd.DataFrame({"part": part, "x": x, "value": value})
    return frame if low is None else frame.assign(low=low, high=high)


def _p(p: float) -> str:
    text = p_text(p)
    return text if text.startswith("<") else f"= {text}"
