"""Conditional modes of random effects, sorted, with their intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.options import confidence
from ranef.page.phrases import level_text
from ranef.present.plots.choice import choose_group, choose_term
from ranef.present.plots.ink import accent_on, faint_on, muted_on, quiet_on, setting
from ranef.present.plots.lettering import points, room_in, shortened, width_of
from ranef.present.plots.panels import Panels, with_data
from ranef.present.plots.style import (
    axes,
    check_axes,
    head,
    is_laid_out,
    label_x,
    label_y,
    legend,
    name_y,
    panel_axes,
    title,
    write,
)
from ranef.present.plots.wording import words_of
from ranef.present.protocol import FittedModel

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["caterpillar"]

_LABELLED = 60
_EXTREMES = 5
"""Levels at each end that are named if there are too many to name all."""
_FEW = 12
"""Levels of a picture that has no room for a legend."""
_RASTER = 2000
_NAME_SIZE = 9.0
_WIDEST = 230.0  # points for names
_SMALL_SIZE = 0.8
_AS_IN_DATA = "levels"


def caterpillar(
    model: FittedModel,
    group: str | None = None,
    term: str | None = None,
    ax: Any = None,
    order: str | None = None,
    level: float = 0.95,
    labels: Mapping[str, str] | None = None,
) -> Axes | Panels:
    """Draw the conditional modes with normal intervals from their conditional SDs.

    Parameters
    ----------
    model : FittedModel
    group : str, optional
        The grouping factor; by default the first that is not nested in another one.
    term : str, optional
        One of its random effects; by default all of them side by side, or the first if `ax` is a
        single one.
    ax : Axes or sequence of Axes, optional
    order : str, optional
        The random effect that the levels are sorted by, by default the first that is drawn;
        ``"levels"`` leaves them in their own order.
    level : float
        Of the intervals.
    labels : mapping of str to str, optional
        Words by name.

    Returns
    -------
    Axes or Panels
        ``data`` has the modes and their limits, from bottom to top. Levels whose interval does not
        reach zero are coloured. Up to 60 levels are named, otherwise the extreme ones.

    Raises
    ------
    OptionError
        The model has no such group or term, or `ax` is not one for each effect.
    """
    confidence("level", level)
    words = words_of(model, labels)
    group = choose_group(model, group)
    known = [str(name) for name in model.ranef(condvar=False)[group].columns]
    alone = term is not None or _is_single(ax)
    effects = [choose_term(model, group, term)] if alone else known
    by = _sorted_by(model, group, effects[0] if order is None else order)
    frame = model.ranef(condvar=True)[group]
    if by != _AS_IN_DATA:
        frame = frame.sort_values(by, kind="stable")
    every = _axes(ax, frame, effects)
    parts, inside = [], len(every) == 1 and (len(frame) > _FEW or not is_laid_out(every[0]))
    for k, (one, effect) in enumerate(zip(every, effects, strict=True)):
        part = _intervals(frame, effect, level, group)
        handles = _draw(one, part, named=k == 0)
        one_of = f"{words.coefficient(effect)}, {level_text(level)} interval"
        label_x(one, f"Conditional mode of {one_of}" if len(every) == 1 else "Conditional mode")
        if k == len(every) - 1:
            place = "upper left" if inside else ""
            texts = _meanings(part, counted=len(every) == 1)
            legend(one, handles, texts, f"{level_text(level)} interval", within=place)
        if len(frame) > _LABELLED:
            _name_extremes(one, part, effect == by, inside)
        parts.append(part.assign(panel=words.coefficient(effect)))
        with_data(one, part)
    label_y(every[0], _levels(words.group(group), len(frame)))
    note = _note(model)
    if len(every) == 1:
        shown = f"Random effects of {words.group(group)}: {words.coefficient(effects[0])}"
        title(every[0], shown, note)
        parts[0].attrs["note"] = note
        return with_data(every[0], parts[0].drop(columns="panel"))
    for one, effect in zip(every, effects, strict=True):
        title(one, words.coefficient(effect))
    sorted_by = "" if by == _AS_IN_DATA else f", sorted by {words.coefficient(by)}"
    head(every, f"Random effects of {words.group(group)}{sorted_by}", note)
    import pandas as pd

    whole = pd.concat(parts, ignore_index=True)
    whole.attrs["note"] = note
    return Panels(tuple(every), whole)


def _sorted_by(model: FittedModel, group: str, order: Any) -> str:
    in_own_order = isinstance(order, str) and order == _AS_IN_DATA
    return _AS_IN_DATA if in_own_order else choose_term(model, group, order)


def _is_single(ax: Any) -> bool:
    if ax is None:
        return False
    from matplotlib.axes import Axes

    if np.ndim(np.asarray(ax, dtype=object)) == 0:
        check_axes(ax)
    return isinstance(ax, Axes)


def _axes(ax: Any, frame: pd.DataFrame, effects: list[str]) -> list[Axes]:
    n = len(frame)
    named = n <= _LABELLED
    height = max(2.6, 0.19 * n + 1.2) if named else 6.6
    names = _name_width(frame) / 72.0 if named and ax is None else 0.0
    if len(effects) == 1 and (ax is None or _is_single(ax)):
        return [axes(ax, (max(6.4, 4.6 + names), height))]
    width = 2.8 + (names + 1.6) / len(effects)
    return panel_axes(len(effects), ax, (width, height), columns=4, sharey=True)


def _name_width(frame: pd.DataFrame) -> float:
    widths = [width_of(str(name), _NAME_SIZE) for name in frame.index]
    return min(max(widths, default=0.0), _WIDEST)


def _intervals(frame: pd.DataFrame, effect: str, level: float, group: str) -> pd.DataFrame:
    import pandas as pd
    from scipy.special import ndtri

    mode = frame[effect].to_numpy(dtype=float)
    error = frame[f"{effect}_sd"].to_numpy(dtype=float)
    half = float(ndtri(0.5 + level / 2.0)) * error
    return pd.DataFrame(
        {
            group: list(frame.index),
            "effect": effect,
            "estimate": mode,
            "std_error": error,
            "conf_low": mode - half,
            "conf_high": mode + half,
        }
    )


def _draw(ax: Axes, part: pd.DataFrame, named: bool) -> list[Any]:
    """Intervals and modes; handles for the legend."""
    n = len(part)
    y = np.arange(1, n + 1)
    mode, low, high = (
        part[name].to_numpy(dtype=float) for name in ("estimate", "conf_low", "conf_high")
    )
    clear = _excludes_zero(part)
    width = float(np.clip(230.0 / n, 0.2, 1.6))
    dots = float(np.clip(1800.0 / n, 2.0, 22.0))
    ax.axvline(0.0, color=muted_on(ax), linewidth=0.8, zorder=1)
    handles = []
    for chosen, colour, dot in (
        (~clear, quiet_on(ax), muted_on(ax)),
        (clear, accent_on(ax), accent_on(ax)),
    ):
        ends = (y[chosen], low[chosen], high[chosen])
        ax.hlines(*ends, color=colour, linewidth=width, rasterized=n > _RASTER, zorder=2)
        ax.scatter(
            mode[chosen],
            y[chosen],
            s=dots,
            color=dot,
            linewidths=0,
            rasterized=n > _RASTER,
            zorder=3,
        )
        handles.append(_handle(colour, dot))
    ax.set_ylim(0.2, n + 0.8)
    if n <= _LABELLED:
        ax.grid(axis="y", color=faint_on(ax), linewidth=0.4, alpha=0.6)
        if named:
            name_y(ax, y, [str(level) for level in part.iloc[:, 0]], _NAME_SIZE)
    return handles


def _excludes_zero(part: pd.DataFrame) -> Any:
    return ((part["conf_low"] > 0.0) | (part["conf_high"] < 0.0)).to_numpy()


def _meanings(part: pd.DataFrame, counted: bool) -> list[str]:
    """What the colours mean; counts belong to one panel, so several have none."""
    clear = _excludes_zero(part)
    texts = {"includes zero": int((~clear).sum()), "excludes zero": int(clear.sum())}
    return [f"{text} ({n:,})" if counted else text for text, n in texts.items()]


def _handle(line: Any, dot: Any) -> Any:
    from matplotlib.lines import Line2D

    return Line2D([], [], color=line, marker="o", markersize=4.5, markerfacecolor=dot,
                  markeredgewidth=0, linewidth=1.6)  # fmt: skip


def _name_extremes(ax: Axes, part: pd.DataFrame, in_order: bool, under_legend: bool) -> None:
    names = [str(level) for level in part.iloc[:, 0]]
    size = _SMALL_SIZE * points(setting("font.size"))
    if in_order:
        top = 0.98 - (6.0 * points(setting("font.size")) / room_in(ax, "y") if under_legend else 0)
        _name_ends(ax, names, size, top)
    else:
        _name_outermost(ax, names, part, size)


def _name_ends(ax: Axes, names: list[str], size: float, top: float) -> None:
    """Names of the highest and lowest levels, in the corners that a sorted picture leaves free."""
    for ends, place, side, end in (
        (["Highest", *names[: -_EXTREMES - 1 : -1]], (0.02, top), "left", "top"),
        ([*names[_EXTREMES - 1 :: -1], "Lowest"], (0.98, 0.02), "right", "bottom"),
    ):
        lines = "\n".join(shortened(name, 0.35 * room_in(ax), size, ax) for name in ends)
        made = write(ax, lines, place, coordinates="axes fraction", fontsize=size)
        made.set(color=muted_on(ax), ha=side, va=end)


def _name_outermost(ax: Axes, names: list[str], part: pd.DataFrame, size: float) -> None:
    """Names beside the intervals that lie furthest out, as long as they do not collide."""
    mode, low, high = (
        part[name].to_numpy(dtype=float) for name in ("estimate", "conf_low", "conf_high")
    )
    gap = 1.2 * size * len(names) / room_in(ax, "y")
    taken: list[int] = []
    order = np.argsort(mode, kind="stable").tolist()
    for k in (*order[: -_EXTREMES - 1 : -1], *order[:_EXTREMES]):
        if all(abs(k - other) >= gap for other in taken):
            taken.append(k)
            right = mode[k] > 0.0
            place = (float(high[k] if right else low[k]), float(k + 1))
            said = shortened(names[k], 60.0, size, ax)
            made = write(ax, said, place, (3.0 if right else -3.0, 0.0), fontsize=size)
            made.set(ha="left" if right else "right", va="center")


def _levels(group: str, n: int) -> str:
    return group if n <= _LABELLED else f"{group}, {n} levels in order"


def _note(model: FittedModel) -> str:
    scale = ""
    if model._distribution is not None:
        scale = f" On the scale of the linear predictor ({model._response_scale.predictor})."
    return f"Conditional modes with normal intervals, given the estimated parameters.{scale}"
