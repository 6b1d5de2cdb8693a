"""Fitted lines within groups, with the population's over them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ranef.errors import OptionError
from ranef.formula.naming import column_of, columns_of
from ranef.present.plots.average import average_group, held_in_words, straight_along
from ranef.present.plots.choice import (
    around,
    check_column,
    choose_group,
    codes_of,
    is_number,
    slope_variable,
)
from ranef.present.plots.colouring import Colouring, colouring, series_style
from ranef.present.plots.grid import levels_in_order, typical_of_groups, value_text, values_along
from ranef.present.plots.ink import ground_of, ink_on, label_ink, muted_on, setting, tick_ink
from ranef.present.plots.lettering import points, room_in, shortened
from ranef.present.plots.panels import with_data
from ranef.present.plots.response_axis import check_scale, response_label
from ranef.present.plots.style import (
    axes,
    check_axes,
    label_x,
    label_y,
    legend,
    name_x,
    title,
    write,
)
from ranef.present.plots.wording import joined, words_of
from ranef.present.protocol import FittedModel
from ranef.present.text.words import Words

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["slopes"]

_MOST_GROUPS = 1000
_NAMED = 12
"""Lines whose groups are named."""
_SINGLE = 200
"""Lines that are drawn one by one; more of them are one object."""
_BENT = 40
"""Points of a line that is not straight."""
_PREDICTION = "`prediction`"  # no variable of a formula has a backtick in its name
_GROUP = "`group`"


class _Drawn(NamedTuple):
    """Points of all lines, where each line but the first starts, and how many groups there are."""

    points: pd.DataFrame
    starts: list[int]
    groups: int


def slopes(
    model: FittedModel,
    x: str | None = None,
    by: str | None = None,
    group: str | None = None,
    ax: Axes | None = None,
    scale: str = "response",
    labels: Mapping[str, str] | None = None,
) -> Axes:
    """Draw one fitted line a group over its own range of `x`, and the population's.

    Parameters
    ----------
    model : FittedModel
    x : str, optional
        A predictor; by default that of the first random slope. Lines join the levels of a category.
    by : str, optional
        A variable to colour by, constant within groups.
    group : str, optional
        The grouping factor; by default the first that is not nested in another one.
    ax : Axes, optional
    scale : {"response", "link"}
        Means of the response, or linear predictors.
    labels : mapping of str to str, optional
        Words by name.

    Returns
    -------
    Axes
        ``data`` has the points of the lines: ``line`` is "group" or "population". Other predictors
        are at their group's mean (most frequent value for categories), random effects of other
        grouping factors at zero unless the group lies in one of their levels. The line of the
        population is that of an average group: numbers at their mean, categories at their
        proportions. A line through occasions, as in ``ar1(0 + x | g)``, has a corner at each that
        the group has. If the formula has ``within(x, g)``, that is a group of average x. Above
        1,000 groups, evenly chosen ones.

    Raises
    ------
    UnknownColumnError
        `x` or `by` is not a variable of the model.
    OptionError
        No predictor; `by` varies within groups or has too many categories.
    """
    check_axes(ax)
    linked = check_scale(model, scale)
    words = words_of(model, labels)
    factor = choose_group(model, group)
    data = model.model_frame()
    x = slope_variable(model, factor) if x is None else check_column(data, x)
    codes, names = codes_of(data, factor)
    colours = None if by is None else _colours(data, by, codes, factor)
    within = around(model, factor)
    drawn = _group_lines(model, data, x, factor, within, codes, names, linked)
    ax = axes(ax, (7.0, 4.6) if by else (6.4, 4.6))
    _draw_groups(ax, drawn, x, by, colours, is_number(data[x]))
    population = _population_lines(model, data, x, by, colours, ax, linked, words)
    label_x(ax, words.variable(x))
    label_y(ax, response_label(model, linked, words))
    if not is_number(data[x]):
        levels = levels_in_order(data[x])
        name_x(ax, np.arange(len(levels)), [value_text(level) for level in levels])
        ax.set_xlim(-0.4, len(levels) - 0.6)
    coloured = f", by {words.variable(by)}" if by else ""
    note = _note(model, data, x, by, within, drawn, words)
    title(ax, f"Fitted lines within {words.group(factor)}{coloured}", note)
    frame = _frame(drawn, population, factor, x, by)
    frame.attrs["note"] = note
    return with_data(ax, frame)


def _colours(data: pd.DataFrame, by: str, codes: Any, group: str) -> Colouring:
    check_column(data, by)
    if int(data[by].groupby(codes).nunique().max()) > 1:
        raise OptionError(
            f"{by!r} varies within {group!r}", fix="colour by a variable of the groups"
        )
    return colouring(data[by], by)


def _note(
    model: FittedModel,
    data: pd.DataFrame,
    x: str,
    by: str | None,
    within: list[str],
    drawn: _Drawn,
    words: Words,
) -> str:
    held = held_in_words(model, data, [name for name in (x, by) if name], words)
    shown = len(drawn.starts) + 1
    some = f"{shown:,} of {drawn.groups:,} groups are drawn." if (shown < drawn.groups) else ""
    others = [words.group(f) for f in model.ngroups if f not in within]
    zero = f"The effects of {joined(others)} are zero in their lines." if others else ""
    whose = f"Thick line: the population{', ' if held else ''}{held}."
    return " ".join(part for part in (some, zero, whose) if part)


def _group_lines(
    model: FittedModel,
    data: pd.DataFrame,
    x: str,
    factor: str,
    within: list[str],
    codes: Any,
    names: list[str],
    linked: bool,
) -> _Drawn:
    chosen = np.unique(np.linspace(0, len(names) - 1, _MOST_GROUPS).round().astype(int))
    kept = np.isin(codes, chosen)
    rows, own = data[kept], codes[kept]
    whose = list(columns_of(factor))
    typical = typical_of_groups(rows, model, whose).assign(**{_GROUP: [names[k] for k in chosen]})
    values = rows[x].groupby(own)
    places: list[Any]
    if not is_number(data[x]):
        order = _places(rows[x])
        levels = np.asarray(levels_in_order(rows[x]), dtype=object)
        places = [levels[np.unique(order[place]).astype(int)] for place in values.indices.values()]
    elif _of_occasions(model, x):
        places = [np.unique(group.to_numpy(float)) for _, group in values]
    else:
        ends = values.agg(["min", "max"]).to_numpy(float)
        length = 2 if straight_along(model, x) else _BENT
        places = list(np.linspace(ends[:, 0], ends[:, 1], length, axis=1))
    sizes = [len(place) for place in places]
    frame = typical.loc[typical.index.repeat(sizes)].reset_index(drop=True)
    moved = np.concatenate([np.asarray(place) for place in places])
    frame[x] = type(data[x])(moved).astype(data[x].dtype) if not is_number(data[x]) else moved
    options: Any = {"kind": "link"} if linked and model._distribution is not None else {}
    if len(model.ngroups) > 1:
        options["random"] = within
    predicted = np.asarray(model.predict(frame, level="conditional", **options))
    return _Drawn(
        frame.assign(**{_PREDICTION: predicted}), np.cumsum(sizes)[:-1].tolist(), len(names)
    )


def _of_occasions(model: FittedModel, x: str) -> bool:
    """Whether a random part has an effect for each value of `x`: there is nothing in between."""
    return any(
        column_of(term.label.names[0]) == x
        for term in model._covariances
        if term.block is not None and term.block.positions
    )


def _draw_groups(
    ax: Axes, drawn: _Drawn, x: str, by: str | None, colours: Colouring | None, numeric: bool
) -> None:
    frame = drawn.points
    along = frame[x].to_numpy(float) if numeric else _places(frame[x])
    lines = np.split(np.column_stack([along, frame[_PREDICTION].to_numpy(float)]), drawn.starts)
    thin = float(np.clip(110.0 / len(lines), 0.4, 1.2))
    colour = [muted_on(ax)] * len(lines)
    if colours and by:
        colour = colours.colours(frame[by].iloc[[0, *drawn.starts]].tolist(), ax)
    if len(lines) <= _SINGLE:
        for line, own in zip(lines, colour, strict=True):
            ax.plot(*line.T, color=own, linewidth=thin, alpha=0.5, zorder=2)
        if len(lines) <= _NAMED:
            names = frame[_GROUP].iloc[[0, *drawn.starts]].tolist()
            _name_ends(ax, [line[-1] for line in lines], names)
        return
    from matplotlib.collections import LineCollection

    ax.add_collection(LineCollection(lines, colors=colour, linewidths=thin, alpha=0.5, zorder=2))
    ax.autoscale_view()


def _name_ends(ax: Axes, ends: list[Any], names: list[str]) -> None:
    """Names of a few groups at the right ends of their lines, moved apart where they collide."""
    size = 0.8 * points(setting("font.size"))
    low, high = ax.get_ylim()
    gap = 1.1 * size * (high - low) / room_in(ax, "y")
    last: dict[float, float] = {}  # height of the name below, by the place along x
    for k in np.argsort([end[1] for end in ends], kind="stable"):
        x, y = (float(v) for v in ends[k])
        last[x] = max(y, last.get(x, -np.inf) + gap)
        said = shortened(names[k], 70.0, size, ax)
        made = write(ax, said, (x, last[x]), (3.0, 0.0), fontsize=size)
        made.set(color=muted_on(ax), ha="left", va="center")


def _places(values: pd.Series[Any]) -> Any:
    """Categories by their place among all levels that occur."""
    order = {level: k for k, level in enumerate(levels_in_order(values))}
    return np.array([order[value] for value in values.tolist()], dtype=float)


def _population_lines(
    model: FittedModel,
    data: pd.DataFrame,
    x: str,
    by: str | None,
    colours: Colouring | None,
    ax: Axes,
    linked: bool,
    words: Words,
) -> pd.DataFrame:
    """Draw the line of an average group, one for each colour; its points."""
    import pandas as pd

    numeric = is_number(data[x])
    points: Any = values_along(data[x], 50) if numeric else levels_in_order(data[x])
    along = np.asarray(points, dtype=float) if numeric else np.arange(len(points))
    handles, frames = [], []
    for k, value in enumerate(colours.values if colours else (None,)):
        moving: dict[str, Any] = {x: points}
        if by:
            moving[by] = [value] * len(points)
        y = np.asarray(average_group(model, data, moving, linked)["estimate"], dtype=float)
        colour = colours.colour(value, ax) if colours else ink_on(ax)
        dash = series_style(k).dash if colours else "-"
        ax.plot(along, y, color=ground_of(ax), linewidth=4.5, zorder=3)
        handles += ax.plot(along, y, color=colour, linewidth=2.4, linestyle=dash, zorder=4)
        frames.append(pd.DataFrame({**moving, "estimate": y}))
    if colours and by and colours.limits is None:
        legend(ax, handles, colours.labels(), words.variable(by))
    elif colours and by:
        bar = ax.figure.colorbar(colours.scale(ax), ax=ax, shrink=0.8)
        bar.set_label(words.variable(by), color=label_ink(ax))
        bar.ax.tick_params(color=tick_ink(ax, "y"), labelcolor=tick_ink(ax, "y"))
        bar.outline.set_visible(False)
    return pd.concat(frames, ignore_index=True)


def _frame(
    drawn: _Drawn, population: pd.DataFrame, factor: str, x: str, by: str | None
) -> pd.DataFrame:
    """All points: line, the group, x, the variable of the colours, estimate."""
    import pandas as pd

    groups = drawn.points[[_GROUP, x, *([by] if by else []), _PREDICTION]]
    groups = groups.set_axis([factor, x, *([by] if by else []), "estimate"], axis=1)
    both = [groups.assign(line="group"), population.assign(line="population")]
    whole = pd.concat(both, ignore_index=True)
    return whole[["line", *groups.columns]]
