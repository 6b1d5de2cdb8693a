"""Fitted lines within groups, with the population's over them."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.errors import OptionError
from ranef.formula.naming import column_of, columns_of
from ranef.present.plots.average import average_group
from ranef.present.plots.choice import check_column, choose_group, slope_variable
from ranef.present.plots.colouring import Colouring, colouring
from ranef.present.plots.grid import typical_of_groups, values_along
from ranef.present.plots.ink import ink_on, muted_on
from ranef.present.plots.response_axis import check_scale, response_label
from ranef.present.plots.style import axes, check_axes, legend, title
from ranef.present.protocol import FittedModel
from ranef.present.text.names import spell

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["slopes"]

_MOST_GROUPS = 1000
_POINTS = 12
_PREDICTION = "`prediction`"  # no variable of a formula has a backtick in its name


def slopes(
    model: FittedModel,
    x: str | None = None,
    by: str | None = None,
    group: str | None = None,
    ax: Axes | None = None,
    scale: str = "response",
) -> Axes:
    """Draw one fitted line a group over its own range of `x`, and the population's.

    Parameters
    ----------
    model : FittedModel
    x : str, optional
        A numeric predictor; by default that of the first random slope.
    by : str, optional
        A variable to colour by, constant within groups.
    group : str, optional
        The grouping factor; the first one by default.
    ax : Axes, optional
    scale : {"response", "link"}
        Means of the response, or linear predictors.

    Returns
    -------
    Axes
        Other predictors are at their group's mean (most frequent value for categories). The line
        of the population is that of an average group: numbers at their mean, categories at their
        proportions. A line through occasions, as in ``ar1(0 + x | g)``, has a corner at each that
        the group has. If the formula has ``within(x, g)``, that is a group of average x. Above
        1,000 groups, evenly chosen ones.

    Raises
    ------
    UnknownColumnError
        `x` or `by` is not a variable of the model.
    OptionError
        No numeric predictor; `by` varies within groups or has too many categories.
    """
    check_axes(ax)
    linked = check_scale(model, scale)
    label = choose_group(model, group)
    data = model.model_frame()
    x = slope_variable(model, label) if x is None else check_column(data, x)
    grouping = columns_of(label)
    if len(grouping) != 1:
        raise OptionError(
            f"{label!r} is not a single variable", fix="name another grouping factor: group='...'"
        )
    group = grouping[0]
    colours = None if by is None else _colours(data, by, group)
    keep = data[group].drop_duplicates()
    chosen = keep.iloc[np.unique(np.linspace(0, len(keep) - 1, _MOST_GROUPS).round().astype(int))]
    lines, starts = _group_lines(model, data[data[group].isin(chosen)], x, group, linked)
    ax = axes(ax, (7.0, 4.6) if by else (6.4, 4.6))
    thin = float(np.clip(110.0 / len(chosen), 0.4, 1.2))
    whose = lines[by].iloc[[0, *starts]] if by else repeat(None)
    points = (np.split(lines[name].to_numpy(float), starts) for name in (x, _PREDICTION))
    for along, up, value in zip(*points, whose, strict=False):
        colour = colours.colour(value, ax) if colours else muted_on(ax)
        ax.plot(along, up, color=colour, linewidth=thin, alpha=0.5, zorder=2)
    _population_lines(model, data, x, by, colours, ax, linked)
    ax.set_xlabel(x)
    ax.set_ylabel(response_label(model, linked))
    title(ax, f"Fitted lines within {group}" + (f", by {by}" if by else ""))
    return ax


def _colours(data: pd.DataFrame, by: str, group: str) -> Colouring:
    check_column(data, by)
    if int(data.groupby(group, observed=True)[by].nunique().max()) > 1:
        raise OptionError(
            f"{by!r} varies within {group!r}", fix="colour by a variable of the groups"
        )
    return colouring(data[by], by)


def _group_lines(
    model: FittedModel, data: pd.DataFrame, x: str, group: str, linked: bool
) -> tuple[pd.DataFrame, list[int]]:
    """Points of all lines, and where each line but the first starts."""
    rows = typical_of_groups(data, model, group)
    own = data.groupby(group, sort=False, observed=True)[x]
    if _of_occasions(model, x):
        points = [np.unique(values.to_numpy(float)) for _, values in own]
    else:
        ends = own.agg(["min", "max"]).to_numpy(float)
        points = list(np.linspace(ends[:, 0], ends[:, 1], _POINTS, axis=1))
    sizes = [len(values) for values in points]
    frame = rows.loc[rows.index.repeat(sizes)].reset_index(drop=True)
    frame[x] = np.concatenate(points)
    kind: Any = {"kind": "link"} if linked and model._distribution is not None else {}
    predicted = np.asarray(model.predict(frame, level="conditional", **kind))
    return frame.assign(**{_PREDICTION: predicted}), np.cumsum(sizes)[:-1].tolist()


def _of_occasions(model: FittedModel, x: str) -> bool:
    """Whether a random part has an effect for each value of `x`: there is nothing in between."""
    return any(
        column_of(term.label.names[0]) == x
        for term in model._covariances
        if term.block is not None and term.block.positions
    )


def _population_lines(
    model: FittedModel,
    data: pd.DataFrame,
    x: str,
    by: str | None,
    colours: Colouring | None,
    ax: Axes,
    linked: bool,
) -> None:
    points = values_along(data[x], 50)
    handles = []
    for value in colours.values if colours else (None,):
        moving: dict[str, Any] = {x: points}
        if by:
            moving[by] = [value] * len(points)
        y = np.asarray(average_group(model, data, moving, linked)["estimate"], dtype=float)
        colour = colours.colour(value, ax) if colours else ink_on(ax)
        ax.plot(points, y, color=ax.get_facecolor(), linewidth=4.5, zorder=3)
        handles += ax.plot(points, y, color=colour, linewidth=2.4, zorder=4)
    if colours and colours.limits is None:
        legend(ax, handles, list(colours.labels()), spell(by or ""))
    elif colours:
        bar = ax.figure.colorbar(colours.scale(ax), ax=ax, shrink=0.8)
        bar.set_label(by or "", fontsize=11)
        bar.outline.set_visible(False)
    else:
        legend(ax, handles, ["population"])
