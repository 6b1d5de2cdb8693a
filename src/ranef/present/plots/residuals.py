"""Residuals against fitted values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from ranef.present.plots.ink import accent_on, faint_on, muted_on, second_on
from ranef.present.plots.style import axes, title
from ranef.present.protocol import FittedModel
from ranef.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["residuals"]

_MOST_POINTS = 20_000
_BINS = 20


def residuals(
    model: FittedModel,
    kind: Literal["response", "pearson", "deviance", "working", "quantile"] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw residuals against fitted values, with their mean in bins of equal size.

    Parameters
    ----------
    model : FittedModel
    kind : {"pearson", "response", "deviance", "working", "quantile"}, optional
        By default Pearson residuals, or quantile residuals of a generalised model.
    ax : Axes, optional

    Returns
    -------
    Axes
        Above 20,000 rows shaded hexagons take the place of points.
    """
    if kind is None:
        kind = "pearson" if model._distribution is None else "quantile"
    x = np.asarray(model.fitted, dtype=float)
    y = np.asarray(model.residuals(kind), dtype=float)
    ax = axes(ax)
    ax.axhline(0.0, color=muted_on(ax), linewidth=0.8, zorder=1)
    by_ratios = model._distribution is not None and model._distribution.link == "log"
    logarithmic = by_ratios and 0.0 < 10.0 * float(x.min()) < float(x.max())
    if logarithmic:
        ax.set_xscale("log")
    if x.size > _MOST_POINTS:
        ax.hexbin(
            x,
            y,
            gridsize=70,
            bins="log",
            cmap="Greys",
            mincnt=1,
            linewidths=0.1,
            xscale="log" if logarithmic else "linear",
        )
    else:
        alpha = float(np.clip(300.0 / max(x.size, 1), 0.15, 0.7))
        ax.scatter(
            x, y, s=12, color=accent_on(ax), alpha=alpha, linewidths=0, rasterized=x.size > 3000
        )
    if x.size >= 3 * _BINS:
        centre, mean = _binned(x, y)
        ax.plot(
            centre,
            mean,
            color=second_on(ax),
            linewidth=1.6,
            zorder=4,
            label="mean of the residuals",
        )
        ax.legend(frameon=False, fontsize=10, loc="best")
    ax.grid(axis="y", color=faint_on(ax), linewidth=0.5, alpha=0.7)
    ax.set_xlabel("Fitted value")
    ax.set_ylabel(f"{kind.capitalize()} residual")
    title(ax, "Residuals against fitted values")
    return ax


def _binned(x: Array, y: Array) -> tuple[Array, Array]:
    bins = np.array_split(np.argsort(x, kind="stable"), _BINS)
    return np.array([x[b].mean() for b in bins]), np.array([y[b].mean() for b in bins])
