"""Quantile residuals against uniform quantiles, and residuals against fitted values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.errors import OptionError
from ranef.options import shown
from ranef.present.plots.ink import accent_on, muted_on, second_on
from ranef.present.plots.style import axes, check_axes, title
from ranef.present.text.numbers import p_text
from ranef.types import Array

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["residual_check"]

_MOST_POINTS = 20_000
_BINS = 20


def residual_check(
    residuals: Array, fitted: Array, frame: pd.DataFrame, ax: Any = None
) -> tuple[Axes, Axes]:
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
    tuple of two Axes
        Left the distance of the ordered quantile residuals from uniform quantiles, with a band
        that holds each of them with probability 0.95 if they are independent. Right the residuals
        against the fitted values, with the mean and the mean size in bins.

    Raises
    ------
    OptionError
        `ax` is not a pair of axes.
    """
    left, right = _pair(ax)
    here = ~np.isnan(residuals)
    _uniform(left, residuals[here], frame)
    _against_fitted(right, residuals[here], fitted[here], frame)
    return left, right


def _pair(ax: Any) -> tuple[Axes, Axes]:
    if ax is None:
        axes(None)  # says which library is missing
        import matplotlib.pyplot as plt

        plt.close()
        _, drawn = plt.subplots(1, 2, figsize=(10.4, 4.4), layout="constrained")
        return axes(drawn[0]), axes(drawn[1])
    pair = np.asarray(ax, dtype=object).ravel()
    if pair.size != 2:
        raise OptionError(
            "ax is a pair of Matplotlib axes",
            found=f"ax={shown(ax)}",
            fix="as in fig, ax = plt.subplots(1, 2)",
        )
    for one in pair:
        check_axes(one)
    return axes(pair[0]), axes(pair[1])


def _uniform(ax: Axes, z: Array, frame: pd.DataFrame) -> None:
    from scipy.special import betaincinv, ndtr

    n = z.size
    u = np.sort(ndtr(z))
    rank = np.unique(np.linspace(1, n, min(n, 2000)).round())
    x = (rank - 0.5) / n
    low, high = (betaincinv(rank, n + 1 - rank, p) for p in (0.025, 0.975))
    ax.fill_between(x, low - x, high - x, color=muted_on(ax), alpha=0.22, linewidth=0)
    ax.axhline(0.0, color=muted_on(ax), linewidth=0.8, zorder=1)
    ax.scatter(x, u[rank.astype(int) - 1] - x, s=9, color=accent_on(ax), linewidths=0, zorder=3)
    ax.set_xlabel("Uniform quantile")
    ax.set_ylabel("Quantile residual less uniform quantile")
    p = frame.loc[["uniformity", "outliers"], "p_value"].to_list()
    title(ax, f"Uniformity p {_p(p[0])}, outliers p {_p(p[1])}")


def _against_fitted(ax: Axes, z: Array, fitted: Array, frame: pd.DataFrame) -> None:
    ax.axhline(0.0, color=muted_on(ax), linewidth=0.8, zorder=1)
    if z.size > _MOST_POINTS:
        ax.hexbin(fitted, z, gridsize=70, bins="log", cmap="Greys", mincnt=1, linewidths=0.1)
    else:
        alpha = float(np.clip(300.0 / max(z.size, 1), 0.15, 0.7))
        ax.scatter(
            fitted,
            z,
            s=12,
            color=accent_on(ax),
            alpha=alpha,
            linewidths=0,
            rasterized=z.size > 3000,
        )
    if z.size >= 3 * _BINS:
        bins = np.array_split(np.argsort(fitted, kind="stable"), _BINS)
        centre = np.array([fitted[b].mean() for b in bins])
        root = np.array([np.sqrt(np.mean(z[b] ** 2)) for b in bins])
        mean = np.array([z[b].mean() for b in bins])
        ax.plot(centre, mean, color=second_on(ax), linewidth=1.6, zorder=4, label="mean")
        for sign in (1.0, -1.0):
            ax.plot(
                centre,
                sign * root,
                color=second_on(ax),
                linewidth=1.1,
                linestyle="--",
                zorder=4,
                label="root mean square" if sign > 0 else None,
            )
        ax.legend(frameon=False, fontsize=10, loc="best")
    ax.set_xlabel("Fitted value")
    ax.set_ylabel("Standardised residual")
    p = frame["p_value"].to_dict()["spread by fitted value"]
    title(ax, f"Spread by fitted value p {_p(p)}")


def _p(p: float) -> str:
    text = p_text(p)
    return text if text.startswith("<") else f"= {text}"
