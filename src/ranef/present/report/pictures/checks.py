"""Residuals as a two-way histogram, and values in order, over bands simulated from the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ranef.inference.checks.record import EffectsCheck, ModelCheck, Ordered
from ranef.page.html import escaped
from ranef.page.phrases import percent, share
from ranef.present.report.pictures.canvas import COLOURS, GREY, SOFT, picture
from ranef.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ranef.inference.checks.record import Band
    from ranef.present.report.material import Material

__all__ = ["effects", "quantiles", "residuals"]

_SIZE = (3.9, 3.1)
_CELLS = (34, 30)
_SHADES = (0.16, 0.32, 0.55, 0.85)
_FEW = 400
"""Rows up to which each is a dot."""
_MOST_DOTS = 300


def residuals(material: Material, check: ModelCheck) -> tuple[str, str]:
    """Residuals against fitted values, with their mean in bins over its band."""
    here = np.isfinite(check.residuals) & np.isfinite(check.fitted)
    x, y, trend = check.fitted[here], check.residuals[here], check.mean
    distribution = material.model._distribution
    by_ratios = distribution is not None and distribution.link == "log"
    logarithmic = by_ratios and 0.0 < 10.0 * float(x.min()) < float(x.max())
    at = np.log10(x) if logarithmic else x
    centre = np.log10(trend.x) if logarithmic else trend.x
    out = int(trend.band.outside(trend.value).sum())

    def draw(ax: Axes) -> None:
        if x.size <= _FEW:
            ax.plot(at, y, "o", color=SOFT, markersize=3.2, markeredgewidth=0.0)
        else:
            _histogram(ax, at, y)
        ax.fill_between(centre, trend.band.low, trend.band.high, color=GREY, alpha=0.45, lw=0.0)
        ax.plot(centre, trend.value, color=COLOURS[1], linewidth=1.8)
        ax.set_xlabel("log10 of the fitted value" if logarithmic else "Fitted value")
        ax.set_ylabel(check.kind)

    found = f"is outside of its band in {share(out, trend.x.size, 'bin')}"
    drawn = "One dot a row" if x.size <= _FEW else "Stronger colour: more rows"
    caption = f"Residuals against fitted values. {drawn}. The line, their mean, {found}."
    label = f"Residuals against fitted values; their mean {found}"
    return picture("res", _SIZE, label, draw), escaped(caption)


def quantiles(material: Material, check: ModelCheck) -> tuple[str, str]:
    """Residuals in order against normal quantiles."""
    return _in_order("qq", "Residuals", check.normal, check.kind)


def effects(material: Material, found: EffectsCheck) -> tuple[str, str]:
    """The effects of one term in order against normal quantiles."""
    words = material.words
    what = words.spread("Effects", found.factor, [found.effect]).removeprefix("Effects of ")
    return _in_order("qqg", f"{what[:1].upper()}{what[1:]}", found.values, "Effect")


def _in_order(name: str, what: str, values: Ordered, axis: str) -> tuple[str, str]:
    thin = _thinned(values.value.size)
    x, y, band = values.quantile, values.value, values.band
    outside = float(np.mean(band.outside(y)))

    def draw(ax: Axes) -> None:
        _band(ax, x[thin], band, thin)
        ax.plot(x[thin], y[thin], "o", color=COLOURS[0], markersize=3.0, markeredgewidth=0.0)
        ax.set_xlabel("Normal quantile")
        ax.set_ylabel(axis)

    found = f"{percent(outside)} of the points drawn are outside of the band"
    label = f"{what} against normal quantiles; {found}"
    return picture(name, _SIZE, label, draw), escaped(f"{what} against normal quantiles: {found}.")


def _band(ax: Axes, x: Array, band: Band, thin: NDArray[np.intp]) -> None:
    ax.fill_between(x, band.low[thin], band.high[thin], color=GREY, alpha=0.28, linewidth=0.0)
    ax.plot(x, band.middle[thin], color=GREY, linewidth=0.9)


def _thinned(n: int) -> NDArray[np.intp]:
    """Positions to draw: both ends in full, the middle evenly."""
    if n <= _MOST_DOTS:
        return np.arange(n, dtype=np.intp)
    tail = _MOST_DOTS // 5
    middle = np.linspace(tail, n - tail - 1, _MOST_DOTS - 2 * tail).round().astype(np.intp)
    ends = [np.arange(tail, dtype=np.intp), np.arange(n - tail, n, dtype=np.intp)]
    return np.unique(np.concatenate([ends[0], middle, ends[1]]))


def _histogram(ax: Axes, x: Array, y: Array) -> None:
    """Cells of equal size, one path for each of a few shades."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    counts, across, up = np.histogram2d(x, y, bins=_CELLS)
    filled = counts[counts > 0]
    edges = np.quantile(filled, np.linspace(0.0, 1.0, len(_SHADES) + 1)[1:-1])
    shade = np.digitize(counts, edges, right=True)
    codes = [Path.MOVETO, *[Path.LINETO] * 3, Path.CLOSEPOLY]
    for k, alpha in enumerate(_SHADES):
        i, j = np.nonzero((counts > 0) & (shade == k))
        if not i.size:
            continue
        left, right, low, high = across[i], across[i + 1], up[j], up[j + 1]
        corners = np.array([(left, low), (right, low), (right, high), (left, high), (left, low)])
        path = Path(corners.transpose(2, 0, 1).reshape(-1, 2), codes * i.size)
        ax.add_patch(PathPatch(path, facecolor=COLOURS[0], alpha=alpha, linewidth=0.0))
    ax.set_xlim(across[0], across[-1])
    ax.set_ylim(up[0], up[-1])
