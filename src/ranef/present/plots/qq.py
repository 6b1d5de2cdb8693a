"""Normal quantile plots of the residuals or of the conditional modes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ranef.present.plots.choice import choose_group, choose_term
from ranef.present.plots.ink import accent_on, faint_on, muted_on
from ranef.present.plots.style import axes, title
from ranef.present.protocol import FittedModel, residual_sd
from ranef.present.text.names import spell
from ranef.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["qq"]

_TAIL = 500


def qq(
    model: FittedModel,
    group: str | None = None,
    term: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw ordered values against normal quantiles.

    Parameters
    ----------
    model : FittedModel
    group, term : str, optional
        Of the conditional modes to draw; by default the Pearson residuals over sigma, or the
        quantile residuals of a generalised model.
    ax : Axes, optional

    Returns
    -------
    Axes
        The line passes through the quartiles. The band holds each ordered value of an
        independent normal sample with probability 0.95 (beta law of order statistics); the
        values of a fitted model are close to independent only in large samples.

    Raises
    ------
    OptionError
        The model has no such group or term.
    """
    from scipy.special import betaincinv, ndtri

    if group is None and term is None:
        if model._has_residual:
            y = np.asarray(model.residuals("pearson"), dtype=float) / residual_sd(model)
            what, label = "residuals", "Pearson residual / sigma"
        else:
            y = np.asarray(model.residuals("quantile"), dtype=float)
            what, label = "quantile residuals", "Quantile residual"
        y = np.sort(y[np.isfinite(y)])
    else:
        group = choose_group(model, group)
        term = choose_term(model, group, term)
        y = np.sort(model.ranef(condvar=False)[group][term].to_numpy(dtype=float))
        what = f"{group}: {spell(term)}"
        label = f"{spell(term)}: conditional mode"
    n = y.size
    rank = _thinned(n)
    x = ndtri((rank - 0.5) / n)
    slope, middle = _quartile_line(y)
    ax = axes(ax, (5.0, 4.8))
    lower, upper = (ndtri(betaincinv(rank, n + 1 - rank, p)) for p in (0.025, 0.975))
    ax.fill_between(
        x,
        middle + slope * lower,
        middle + slope * upper,
        color=faint_on(ax),
        alpha=0.6,
        linewidth=0,
    )
    ax.plot(x, middle + slope * x, color=muted_on(ax), linewidth=1.0)
    ax.scatter(x, y[rank.astype(int) - 1], s=12, color=accent_on(ax), linewidths=0, zorder=3)
    ax.set_xlabel("Normal quantile")
    ax.set_ylabel(label)
    title(ax, f"Normal quantiles, {what}")
    return ax


def _thinned(n: int) -> Array:
    """Ranks to draw: all, or both tails in full and the middle evenly."""
    if n <= 6 * _TAIL:
        return np.arange(1.0, n + 1.0)
    middle = np.linspace(_TAIL + 1, n - _TAIL, 2 * _TAIL).round()
    return np.concatenate(
        [np.arange(1.0, _TAIL + 1.0), np.unique(middle), np.arange(n - _TAIL + 1.0, n + 1.0)]
    )


def _quartile_line(y: Array) -> tuple[float, float]:
    """Slope and intercept of the line through the quartiles."""
    from scipy.special import ndtri

    low, high = np.quantile(y, (0.25, 0.75))
    return float((high - low) / (2.0 * ndtri(0.75))), float((low + high) / 2.0)
