"""Normal quantile plots of the residuals or of the conditional modes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ranef.inference.checks.record import Band, ModelCheck, Ordered
from ranef.present.plots.choice import choose_group, choose_term
from ranef.present.plots.ink import accent_on, faint_on, muted_on
from ranef.present.plots.panels import with_data
from ranef.present.plots.residuals import simulated_check
from ranef.present.plots.style import axes, check_axes, grid, label_x, label_y, title
from ranef.present.plots.wording import level_in_words, words_of
from ranef.present.protocol import FittedModel, residual_sd
from ranef.types import Array

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["qq"]

_TAIL = 500


class _Values(NamedTuple):
    """What is drawn: ordered values, their names in title and axis, and the simulated band."""

    y: Array
    what: str
    label: str
    simulated: Ordered | None


def qq(
    model: FittedModel,
    group: str | None = None,
    term: str | None = None,
    ax: Axes | None = None,
    n: int | None = None,
    level: float = 0.95,
    seed: int | None = 0,
    labels: Mapping[str, str] | None = None,
) -> Axes:
    """Draw ordered values against normal quantiles, over a band that is simulated from the model.

    Parameters
    ----------
    model : FittedModel
    group, term : str, optional
        Of the conditional modes to draw; by default standardised residuals, or the quantile
        residuals of a generalised model.
    ax : Axes, optional
    n : int, optional
        Simulations; by default 99, or fewer if there are many rows.
    level : float
        Of the band, at each point.
    seed : int or None
        The same seed gives the same band.
    labels : mapping of str to str, optional
        Words by name.

    Returns
    -------
    Axes
        ``data`` has the points and the band. If the model cannot be simulated, or of fewer than 5
        levels, the band is that of the order statistics of an independent normal sample (beta law).

    Raises
    ------
    OptionError
        The model has no such group or term; fewer simulations than the level needs.
    """
    check_axes(ax)
    values = _values(model, group, term, n, level, seed, labels)
    y, rank = values.y, _thinned(values.y.size)
    x = _quantiles(rank, y.size)
    ax = axes(ax, (5.2, 4.9))
    at, band, note = _band(values, x, rank, level)
    ax.fill_between(at, band.low, band.high, color=faint_on(ax), linewidth=0, zorder=1)
    ax.plot(at, band.middle, color=muted_on(ax), linewidth=1.0, linestyle=(0, (4, 3)), zorder=2)
    shown = y[rank.astype(int) - 1]
    size = float(np.clip(3600.0 / max(x.size, 1), 7.0, 18.0))
    ax.scatter(x, shown, s=size, color=accent_on(ax), linewidths=0, zorder=3)
    grid(ax, "y")
    label_x(ax, "Normal quantile")
    label_y(ax, values.label)
    title(ax, f"Normal quantiles, {values.what}", note)
    frame = _frame(x, shown, at, band)
    frame.attrs["note"] = note
    return with_data(ax, frame)


def _values(
    model: FittedModel,
    group: str | None,
    term: str | None,
    n: int | None,
    level: float,
    seed: int | None,
    labels: Mapping[str, str] | None,
) -> _Values:
    words = words_of(model, labels)
    if group is None and term is None:
        found = simulated_check(model, n, level, seed)
        if not model._has_residual:
            y, label = np.asarray(model.residuals("quantile"), dtype=float), "Quantile residual"
        elif found is not None:
            y, label = found.residuals, "Standardised residual"
        else:
            y = np.asarray(model.residuals("pearson"), dtype=float) / residual_sd(model)
            label = "Pearson residual / sigma"
        what = label[:1].lower() + label[1:] + "s"
        simulated = None if found is None else found.normal
        return _Values(np.sort(y[np.isfinite(y)]), what, label, simulated)
    group = choose_group(model, group)
    term = choose_term(model, group, term)
    modes = model.ranef(condvar=False)[group][term].to_numpy(dtype=float)
    found = simulated_check(model, n, level, seed)
    said = words.coefficient(term)
    what, label = f"{words.group(group)}: {said}", f"Conditional mode of {said}"
    return _Values(np.sort(modes), what, label, _of_effect(found, group, term))


def _of_effect(found: ModelCheck | None, group: str, term: str) -> Ordered | None:
    for one in () if found is None else found.effects:
        if (one.factor, one.effect) == (group, term):
            return one.values
    return None


def _quantiles(rank: Array, n: int) -> Array:
    from scipy.special import ndtri

    return np.asarray(ndtri((rank - 0.5) / n))


def _band(values: _Values, x: Array, rank: Array, level: float) -> tuple[Array, Band, str]:
    """Where the band is, the band, and what it is in words."""
    from scipy.special import betaincinv, ndtri

    share = level_in_words(level)
    if values.simulated is not None:
        said = f"Band: where {share} of responses simulated from the model lie; broken line: their"
        return values.simulated.quantile, values.simulated.band, f"{said} median."
    n = values.y.size
    slope, middle = _quartile_line(values.y)
    tail = 0.5 * (1.0 - level)
    low, high = (ndtri(betaincinv(rank, n + 1 - rank, p)) for p in (tail, 1.0 - tail))
    limits = (np.asarray(middle + slope * z, dtype=float) for z in (low, x, high))
    band = Band(*limits)
    return x, band, f"Band: {share} of each ordered value of independent normal samples."


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


def _frame(x: Array, y: Array, at: Array, band: Band) -> pd.DataFrame:
    """Points with the band at their quantiles: quantile, value, low, middle, high."""
    import pandas as pd

    limits = {
        name: np.interp(x, at, values) for name, values in zip(Band._fields, band, strict=True)
    }
    return pd.DataFrame({"quantile": x, "value": y, **limits})
