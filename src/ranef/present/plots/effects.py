"""The population prediction along one predictor, with its confidence band."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.options import boolean
from ranef.present.plots.average import average_group, centred_within
from ranef.present.plots.choice import check_column, is_number
from ranef.present.plots.colouring import colouring
from ranef.present.plots.grid import levels_in_order, values_along
from ranef.present.plots.ink import accent_on, faint_on, muted_on
from ranef.present.plots.response_axis import check_scale, observed, response_label
from ranef.present.plots.style import axes, legend, title
from ranef.present.protocol import FittedModel

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["effects"]

_POINTS = 80
_FEW = 20
"""Different responses that are shaken, to be told apart."""


def effects(
    model: FittedModel,
    x: str,
    by: str | None = None,
    ax: Axes | None = None,
    data: bool = False,
    scale: str = "response",
) -> Axes:
    """Draw the population prediction along `x` in an average group, with a 95% confidence band.

    Parameters
    ----------
    model : FittedModel
    x : str
        A variable of the model: a line for numbers, points for categories.
    by : str, optional
        A second variable: one line a value, or three quantiles (10%, 50%, 90%) of a number.
    ax : Axes, optional
    data : bool
        Whether the observed responses are drawn too.
    scale : {"response", "link"}
        Means of the response, or linear predictors.

    Returns
    -------
    Axes
        Other numbers are at their mean, other categories at their proportions in the data. If the
        formula has ``within(x, g)``, x moves within a group of average x. The band is that of
        :meth:`~ranef.Fit.predict`, with Satterthwaite's degrees of freedom. Combinations that the
        data of the fit do not determine are left out.

    Raises
    ------
    UnknownColumnError
        `x` or `by` is not a variable of the model.
    OptionError
        Another scale, or means of ordered answers.
    """
    linked = check_scale(model, scale)
    points = boolean("data", data) and not linked
    rows = model.model_frame()
    check_column(rows, x)
    if by is not None:
        check_column(rows, by)
    ax = axes(ax, (7.0, 4.4) if by else (6.4, 4.4))
    if by is None:
        _draw(model, rows, x, {}, accent_on(ax), ax, 0.0, linked)
        if points:
            _rows(model, rows, x, np.ones(len(rows), dtype=bool), muted_on(ax), ax)
    else:
        colours = colouring(rows[by], by)
        shifts = np.linspace(-0.12, 0.12, len(colours.values))
        handles = [
            _draw(model, rows, x, {by: value}, colours.colour(value, ax), ax, float(shift), linked)
            for value, shift in zip(colours.values, shifts, strict=True)
        ]
        if points and colours.limits is None:
            for value in colours.values:
                _rows(model, rows, x, np.asarray(rows[by] == value), colours.colour(value, ax), ax)
        elif points:
            _rows(model, rows, x, np.ones(len(rows), dtype=bool), muted_on(ax), ax)
        legend(ax, handles, list(colours.labels()), by)
    ax.grid(axis="y", color=faint_on(ax), linewidth=0.5, alpha=0.7)
    ax.set_xlabel(x)
    label = response_label(model, linked)
    ax.set_ylabel(label if model._distribution else f"{label}, population prediction")
    group = centred_within(model, x)
    title(
        ax, f"Effect of {x}" + (f" within {group}" if group else "") + (f", by {by}" if by else "")
    )
    return ax


def _draw(
    model: FittedModel,
    data: pd.DataFrame,
    x: str,
    held: dict[str, Any],
    colour: Any,
    ax: Axes,
    shift: float,
    linked: bool,
) -> Any:
    """One line with its band, or one row of points with bars; the handle for the legend."""
    numeric = is_number(data[x])
    points: Any = values_along(data[x], _POINTS) if numeric else levels_in_order(data[x])
    moving = {x: points, **{name: [value] * len(points) for name, value in held.items()}}
    frame = average_group(model, data, moving, linked)
    estimate, low, high = (
        np.asarray(frame[name], dtype=float) for name in ("estimate", "conf_low", "conf_high")
    )
    if numeric:
        ax.fill_between(points, low, high, color=colour, alpha=0.18, linewidth=0)
        return ax.plot(points, estimate, color=colour, linewidth=2.0)[0]
    place = np.arange(len(points)) + shift
    ax.vlines(place, low, high, color=colour, linewidth=1.6)
    ax.set_xticks(
        np.arange(len(points)), [f"{p:g}" if isinstance(p, float) else str(p) for p in points]
    )
    ax.set_xlim(-0.6, len(points) - 0.4)
    return ax.scatter(place, estimate, s=42, color=colour, linewidths=0, zorder=3)


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
        y = y + 0.02 * float(np.ptp(y) or 1.0) * shake.uniform(-1.0, 1.0, y.size)
    alpha = float(np.clip(120.0 / max(y.size, 1), 0.12, 0.6))
    ax.scatter(place, y, s=9, color=colour, alpha=alpha, linewidths=0, zorder=1.5)
