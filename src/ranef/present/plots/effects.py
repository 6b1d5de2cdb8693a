"""The population prediction along one predictor, with its confidence band."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.errors import DataError, OptionError
from ranef.options import boolean, confidence
from ranef.page.phrases import level_text, sentence
from ranef.present.plots.average import average_group, centred_within, held_in_words
from ranef.present.plots.choice import check_column, is_number
from ranef.present.plots.colouring import Colouring, colouring, series_style
from ranef.present.plots.grid import levels_in_order, value_text, values_along
from ranef.present.plots.ink import accent_on, muted_on
from ranef.present.plots.panels import Panels, with_data
from ranef.present.plots.response_axis import check_scale, observed, response_label
from ranef.present.plots.style import (
    axes,
    check_axes,
    grid,
    head,
    label_x,
    label_y,
    legend,
    name_x,
    panel_axes,
    title,
)
from ranef.present.plots.wording import words_of
from ranef.present.protocol import FittedModel
from ranef.present.text.words import Words

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["effects"]

_POINTS = 80
_FEW = 20
"""Different responses that are shaken, to be told apart."""
_MOST_PANELS = 9


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is drawn: x, the variable of the colours, that of the panels, and on which scale."""

    x: str
    by: str | None
    facet: str | None
    linked: bool
    level: float
    points: bool


def effects(
    model: FittedModel,
    x: str,
    by: str | None = None,
    ax: Any = None,
    data: bool = False,
    scale: str = "response",
    facet: str | None = None,
    level: float = 0.95,
    labels: Mapping[str, str] | None = None,
) -> Axes | Panels:
    """Draw the population prediction along `x` in an average group, with a confidence band.

    Parameters
    ----------
    model : FittedModel
    x : str
        A variable of the model: a line for numbers, points for categories.
    by : str, optional
        A second variable: one line a value, or three quantiles (10%, 50%, 90%) of a number.
    ax : Axes, optional
        A sequence of axes, one for each panel, with `facet`.
    data : bool
        Whether the observed responses are drawn too.
    scale : {"response", "link"}
        Means of the response, or linear predictors.
    facet : str, optional
        A third variable: one panel a value, or three quantiles of a number.
    level : float
        Of the band.
    labels : mapping of str to str, optional
        Words by name.

    Returns
    -------
    Axes or Panels
        ``data`` has the estimates with their limits. Other numbers are at their mean, other
        categories at their proportions in the data. If the formula has ``within(x, g)``, x moves
        within a group of average x. The band is that of :meth:`~ranef.Fit.predict`, with
        Satterthwaite's degrees of freedom. Combinations that the data of the fit do not determine
        are left out.

    Raises
    ------
    UnknownColumnError
        `x`, `by` or `facet` is not a variable of the model.
    OptionError
        Another scale, or means of ordered answers; a variable that is named twice; more values than
        colours or panels.
    """
    linked = check_scale(model, scale)
    points = boolean("data", data) and not linked
    confidence("level", level)
    words = words_of(model, labels)
    rows = _rows_in_memory(model, x)
    others = [name for name in (by, facet) if name is not None]
    named = [check_column(rows, name) for name in (x, *others)]
    if len(set(named)) < len(named):
        raise OptionError(
            "x, by and facet name a variable twice",
            found=", ".join(named),
            fix="name different variables",
        )
    asked = _Asked(x, by, facet, linked, level, points)
    colours = None if by is None else colouring(rows[by], by)
    shown, note = _title(model, asked, words), _note(model, rows, asked, words)
    if facet is None:
        check_axes(ax)
        made = axes(ax, (7.0, 4.4) if by else (6.4, 4.4))
        frame, handles = _panel(model, rows, asked, {}, colours, made, words)
        _key(made, handles, colours, asked, words)
        title(made, shown, note)
        frame.attrs["note"] = note
        return with_data(made, frame)
    values = _panel_values(rows[facet], facet)
    every = panel_axes(len(values), ax, (3.6, 3.6), sharex=True, sharey=True)
    frames = []
    for one, value in zip(every, values, strict=True):
        panel = f"{words.variable(facet)}: {value_text(value)}"
        frame, handles = _panel(model, rows, asked, {facet: value}, colours, one, words)
        title(one, panel)
        one.label_outer(remove_inner_ticks=False)
        frames.append(frame.assign(panel=panel))
    _key(every[-1], handles, colours, asked, words)
    head(every, shown, note)
    import pandas as pd

    whole = pd.concat(frames, ignore_index=True)
    whole.attrs["note"] = note
    for one, frame in zip(every, frames, strict=True):
        with_data(one, frame)
    return Panels(tuple(every), whole)


def _rows_in_memory(model: FittedModel, x: str) -> pd.DataFrame:
    """The rows, whose averages and quantiles a picture shows.

    Raises
    ------
    DataError
        There are none; for sums of rows the message has the call that draws their means.
    """
    try:
        return model.model_frame()
    except DataError as error:
        sums = getattr(model, "_elsewhere", None)
        if sums is None:
            raise
        raise DataError(
            "this picture averages over the rows, and the fit was made from sums of the rows",
            where=error.where,
            fix=f"{sums.means_along(x)} draws means of the model with their intervals",
        ) from None


def _panel_values(values: pd.Series[Any], name: str) -> tuple[Any, ...]:
    found = colouring(values, name, _MOST_PANELS)
    return found.values


def _title(model: FittedModel, asked: _Asked, words: Words) -> str:
    group = centred_within(model, asked.x)
    within = f" within {words.group(group)}" if group else ""
    by = "".join(f", by {words.variable(name)}" for name in (asked.by, asked.facet) if name)
    return f"Effect of {words.variable(asked.x)}{within}{by}"


def _note(model: FittedModel, rows: pd.DataFrame, asked: _Asked, words: Words) -> str:
    moving = [name for name in (asked.x, asked.by, asked.facet) if name]
    held = held_in_words(model, rows, moving, words)
    what = "Band" if is_number(rows[asked.x]) else "Bars"
    interval = f"{what}: {level_text(asked.level)} confidence interval"
    return f"{sentence(held)} {interval}.".strip()


def _key(
    ax: Axes, handles: list[Any], colours: Colouring | None, asked: _Asked, words: Words
) -> None:
    if colours is not None and asked.by:
        legend(ax, handles, colours.labels(), words.variable(asked.by))


def _panel(
    model: FittedModel,
    rows: pd.DataFrame,
    asked: _Asked,
    held: dict[str, Any],
    colours: Colouring | None,
    ax: Axes,
    words: Words,
) -> tuple[pd.DataFrame, list[Any]]:
    """One panel: a line or a row of points for each colour, then the observed responses.

    Its numbers, and a handle of each colour for the legend.
    """
    import pandas as pd

    values: tuple[Any, ...] = (None,) if colours is None else colours.values
    shifts = np.linspace(-0.12, 0.12, len(values)) if len(values) > 1 else np.zeros(1)
    frames, handles = [], []
    for k, (value, shift) in enumerate(zip(values, shifts, strict=True)):
        own = {**held, **({asked.by: value} if asked.by else {})}
        frame = _estimates(model, rows, asked, own)
        colour = accent_on(ax) if colours is None else colours.colour(value, ax)
        handles.append(_draw(ax, rows[asked.x], frame, asked.x, colour, float(shift), k))
        frames.append(frame)
    if asked.points:
        _observed(model, rows, asked, held, colours, ax)
    grid(ax, "y")
    label_x(ax, words.variable(asked.x))
    label_y(ax, response_label(model, asked.linked, words))
    return pd.concat(frames, ignore_index=True), handles


def _estimates(
    model: FittedModel, rows: pd.DataFrame, asked: _Asked, held: dict[str, Any]
) -> pd.DataFrame:
    """The numbers of one line: its variables, estimate, conf_low, conf_high."""
    numeric = is_number(rows[asked.x])
    points: Any = (
        values_along(rows[asked.x], _POINTS) if numeric else levels_in_order(rows[asked.x])
    )
    moving = {asked.x: points, **{name: [value] * len(points) for name, value in held.items()}}
    made = average_group(model, rows, moving, asked.linked, asked.level)
    limits = {name: np.asarray(made[name], float) for name in ("estimate", "conf_low", "conf_high")}
    return type(rows)({**moving, **limits})


def _draw(
    ax: Axes,
    values: pd.Series[Any],
    frame: pd.DataFrame,
    x: str,
    colour: Any,
    shift: float,
    k: int,
) -> Any:
    """One line with its band, or one row of points with bars; the handle for the legend."""
    estimate, low, high = (frame[name].to_numpy() for name in ("estimate", "conf_low", "conf_high"))
    style = series_style(k)
    if is_number(values):
        points = frame[x].to_numpy()
        ax.fill_between(points, low, high, color=colour, alpha=0.18, linewidth=0)
        return ax.plot(points, estimate, color=colour, linewidth=2.0, linestyle=style.dash)[0]
    levels = frame[x].tolist()
    place = np.arange(len(levels)) + shift
    ax.vlines(place, low, high, color=colour, linewidth=1.6)
    name_x(ax, np.arange(len(levels)), [value_text(level) for level in levels])
    ax.set_xlim(-0.6, len(levels) - 0.4)
    return ax.scatter(
        place, estimate, s=42, color=colour, marker=style.mark, linewidths=0, zorder=3
    )


def _observed(
    model: FittedModel,
    rows: pd.DataFrame,
    asked: _Asked,
    held: dict[str, Any],
    colours: Colouring | None,
    ax: Axes,
) -> None:
    """The observed responses; those of a panel that stands for a number are the nearest to it."""
    kept = np.ones(len(rows), dtype=bool)
    for name, value in held.items():
        kept &= _of_value(rows[name], value)
    if colours is None or colours.limits is not None:
        _rows(model, rows, asked.x, kept, muted_on(ax), ax)
        return
    for value in colours.values:
        own = kept & np.asarray(rows[asked.by] == value)
        _rows(model, rows, asked.x, own, colours.colour(value, ax), ax)


def _of_value(values: pd.Series[Any], value: Any) -> Any:
    """The rows that belong to a panel: of a number with many values, the nearest panel's."""
    panels = _panel_values(values, str(values.name))
    if value in set(levels_in_order(values)) and len(panels) == values.nunique():
        return np.asarray(values == value)
    away = np.abs(values.to_numpy(float)[:, None] - np.asarray(panels, dtype=float))
    return np.asarray(panels)[away.argmin(axis=1)] == value


def _rows(model: FittedModel, data: pd.DataFrame, x: str, kept: Any, colour: Any, ax: Axes) -> None:
    """The observed responses; places of categories, and repeated responses, are shaken a little."""
    y = observed(model)[kept]
    shake = np.random.default_rng(0)
    if is_number(data[x]):
        place = data[x].to_numpy(dtype=float)[kept]
    else:
        order = {level: k for k, level in enumerate(levels_in_order(data[x]))}
        place = np.array([order[level] for level in data[x].to_numpy()[kept]], dtype=float)
        place = place + shake.uniform(-0.25, 0.25, place.size)
    if np.unique(y).size <= _FEW:
        y = y + 0.02 * float(np.ptp(y) if y.size else 1.0) * shake.uniform(-1.0, 1.0, y.size)
    alpha = float(np.clip(120.0 / max(y.size, 1), 0.12, 0.6))
    ax.scatter(
        place,
        y,
        s=9,
        color=colour,
        alpha=alpha,
        linewidths=0,
        zorder=1.5,
        rasterized=y.size > 3000,
    )
