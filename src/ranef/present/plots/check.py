"""The check of a model: residuals, random effects and influence over simulated bands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ranef.errors import OptionError
from ranef.inference.checks.record import EffectsCheck, InfluenceCheck, ModelCheck, Ordered, Trend
from ranef.options import name_list, shown
from ranef.present.plots.band import (
    band_frame,
    draw_band,
    draw_points,
    name_points,
    said_outside,
)
from ranef.present.plots.ink import accent_on, muted_on, second_on
from ranef.present.plots.panels import Panels, with_data
from ranef.present.plots.style import head, label_x, label_y, panel_axes, title
from ranef.present.plots.wording import level_in_words, words_of
from ranef.present.protocol import FittedModel
from ranef.present.text.words import Words
from ranef.types import Array

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["PANELS", "check"]

_Drawn: TypeAlias = "tuple[pd.DataFrame, str, str]"
"""What is drawn in a panel, its title, and what to look for."""

PANELS = ("residuals", "scale", "normal", "effects", "influence")
_MOST_POINTS = 2000  # rows that are drawn
_EXTREMES = 30  # of them those with the largest residuals
_NAMED = 4
_RATIO = 10.0  # of fitted values, above which their axis is logarithmic


def check(
    model: FittedModel,
    n: int | None = None,
    seed: int | None = None,
    level: float = 0.95,
    panels: Sequence[str] | None = None,
    labels: Mapping[str, str] | None = None,
    ax: Any = None,
) -> Panels:
    """Draw the check of a model.

    Parameters
    ----------
    model : FittedModel
    n : int, optional
        Simulations; by default 199, or fewer if there are many rows.
    seed : int, optional
    level : float
        Of the bands, at each point.
    panels : sequence of str, optional
        Some of `PANELS`, in the order in which they are to be drawn; by default all that the model
        has.
    labels : mapping of str to str, optional
    ax : Axes or sequence of Axes, optional
        As many as there are panels.

    Returns
    -------
    Panels

    Raises
    ------
    OptionError
        Another panel, or one that this model has not.
    """
    asked = _asked(panels)
    found = model._check(n, level, seed)
    words = words_of(model, labels)
    chosen = [(kind, one) for kind in asked for one in _of_kind(found, kind, panels is not None)]
    drawn = panel_axes(len(chosen), ax, (3.7, 3.5) if len(chosen) > 1 else (5.6, 4.6))
    rows = "" if found.fitted.size <= _MOST_POINTS else f" {_MOST_POINTS:,} rows are drawn."
    note = (
        f"Bands: where {level_in_words(found.level)} of {found.n:,} responses simulated from the "
        f"model lie, point by point; the broken line is their median.{rows}"
    )
    frames = []
    for one, (kind, what) in zip(drawn, chosen, strict=True):
        frame, text, said = _DRAW[kind](one, found, what, words, model)
        said = said if len(drawn) > 1 else f"{said} {note}"
        title(one, text, said)
        frame.attrs["note"] = said
        with_data(one, frame)
        frames.append(frame)
    if len(drawn) > 1:
        head(drawn, "Does the model fit?", note)
    whole = _joined(frames, found)
    whole.attrs["note"] = note
    return Panels(tuple(drawn), whole)


def _asked(panels: Sequence[str] | None) -> Sequence[str]:
    if panels is None:
        return PANELS
    asked = list(name_list("panels", panels, "panel"))
    for one in asked:
        if one not in PANELS:
            raise OptionError(
                f"there is no panel {shown(one)}",
                found=f"panels={shown(list(panels))}",
                fix=f"choose from {', '.join(PANELS)}",
            )
    return asked


def _of_kind(found: ModelCheck, kind: str, asked: bool) -> Sequence[Any]:
    """What is drawn of one kind: a picture for each effect, one or none of the others."""
    if kind == "effects":
        own: Sequence[Any] = found.effects
    elif kind == "influence":
        own = () if found.influence is None else (found.influence,)
    else:
        own = (getattr(found, {"residuals": "mean"}.get(kind, kind)),)
    if asked and not own:
        why = {
            "effects": "random effects that vary, of a factor with 5 levels or more",
            "influence": "fixed effects, and rows with residuals of their own",
        }[kind]
        raise OptionError(
            f"this model has nothing to draw in the panel {kind!r}",
            found=f"a model without {why}",
            fix="leave the panel out",
        )
    return own


def _residuals(ax: Axes, found: ModelCheck, trend: Trend, words: Words, model: Any) -> _Drawn:
    y = found.residuals
    frame = _with_rows(ax, found, trend, y, "residuals", model)
    label_y(ax, found.kind)
    outside = trend.band.outside(trend.value)
    return (
        frame,
        "Residuals: their mean should stay in the band",
        said_outside(outside, 1.0 - found.level, "bins"),
    )


def _scale(ax: Axes, found: ModelCheck, trend: Trend, words: Words, model: Any) -> _Drawn:
    y = np.sqrt(np.abs(found.residuals))
    frame = _with_rows(ax, found, trend, y, "scale", model)
    label_y(ax, "Root of |residual|")
    outside = trend.band.outside(trend.value)
    return (
        frame,
        "Spread: the mean size of residuals should stay in the band",
        said_outside(outside, 1.0 - found.level, "bins"),
    )


def _with_rows(
    ax: Axes, found: ModelCheck, trend: Trend, y: Array, panel: str, model: FittedModel
) -> pd.DataFrame:
    """Points of rows, and a line of means over its band."""
    import pandas as pd

    rows = _thinned(found.residuals)
    x = found.fitted
    if _is_logarithmic(x, model):
        ax.set_xscale("log")
    alpha = float(np.clip(300.0 / max(rows.size, 1), 0.18, 0.6))
    ax.scatter(x[rows], y[rows], s=9, color=muted_on(ax), alpha=alpha, linewidths=0, zorder=1.5)
    draw_band(ax, trend.x, trend.band)
    ax.plot(trend.x, trend.value, color=accent_on(ax), linewidth=1.6, zorder=3)
    outside = trend.band.outside(trend.value)
    ax.scatter(
        trend.x[outside], trend.value[outside], s=22, color=second_on(ax), marker="D", zorder=4
    )
    label_x(ax, "Fitted value")
    line = band_frame(panel, trend.x, trend.value, trend.band, "mean")
    points = pd.DataFrame({"panel": panel, "name": rows, "x": x[rows], "value": y[rows]})
    return pd.concat([line, points], ignore_index=True)


def _thinned(residuals: Array) -> NDArray[np.intp]:
    """Rows to draw: all, or those with the largest residuals and some of the others."""
    known = np.flatnonzero(~np.isnan(residuals))
    if known.size <= _MOST_POINTS:
        return known
    order = known[np.argsort(-np.abs(residuals[known]), kind="stable")]
    rng = np.random.default_rng(0)
    rest = rng.choice(order[_EXTREMES:], _MOST_POINTS - _EXTREMES, replace=False)
    return np.sort(np.concatenate([order[:_EXTREMES], rest]))


def _is_logarithmic(x: Array, model: FittedModel) -> bool:
    by_ratios = model._distribution is not None and model._distribution.link == "log"
    return bool(by_ratios and 0.0 < _RATIO * float(x.min()) < float(x.max()))


def _normal(ax: Axes, found: ModelCheck, values: Ordered, words: Words, model: Any) -> _Drawn:
    frame = _in_order(ax, found, values, "normal", values.place.astype(str))
    label_x(ax, "Normal quantile")
    label_y(ax, found.kind)
    text = "Distribution of residuals: points should stay in the band"
    return frame, text, _outside(values, found.level)


def _effects(ax: Axes, found: ModelCheck, effect: EffectsCheck, words: Words, model: Any) -> _Drawn:
    values = effect.values
    names = np.array([effect.levels[k] for k in values.place])
    frame = _in_order(ax, found, values, f"effects: {effect.effect}, {effect.label}", names)
    outside = values.band.outside(values.value)
    name_points(ax, values.quantile, values.value, list(names), outside, _NAMED)
    label_x(ax, "Normal quantile")
    label_y(ax, "Conditional mode")
    said = f"{words.effect(effect.effect)}, {words.group(effect.label)}"
    text = f"{said[:1].upper()}{said[1:]}: points should stay in the band"
    return frame, text, _outside(values, found.level)


def _influence(
    ax: Axes, found: ModelCheck, influence: InfluenceCheck, words: Words, model: Any
) -> _Drawn:
    values = influence.values
    names = np.array([influence.levels[k] for k in values.place])
    frame = _in_order(ax, found, values, "influence", names)
    above = values.value > values.band.high
    name_points(ax, values.quantile, values.value, list(names), above, _NAMED)
    label_x(ax, "Half-normal quantile")
    label_y(ax, "Cook's distance")
    by = "rows" if influence.by == "rows" else words.group(influence.by)
    return (
        frame,
        f"Influence, {by}: no point should be above the band",
        said_outside(above, 0.5 * (1.0 - found.level), "points", "Above"),
    )


def _in_order(ax: Axes, found: ModelCheck, values: Ordered, panel: str, names: Any) -> pd.DataFrame:
    draw_band(ax, values.quantile, values.band)
    draw_points(ax, values.quantile, values.value, values.band.outside(values.value))
    return band_frame(panel, values.quantile, values.value, values.band, names)


def _outside(values: Ordered, level: float) -> str:
    return said_outside(values.band.outside(values.value), 1.0 - level, "points")


def _joined(frames: Sequence[pd.DataFrame], found: ModelCheck) -> pd.DataFrame:
    import pandas as pd

    whole = pd.concat(frames, ignore_index=True)
    whole.attrs.update(n=found.n, level=found.level, seed=found.seed)
    return whole


_DRAW: dict[str, Callable[..., _Drawn]] = {
    "residuals": _residuals,
    "scale": _scale,
    "normal": _normal,
    "effects": _effects,
    "influence": _influence,
}
