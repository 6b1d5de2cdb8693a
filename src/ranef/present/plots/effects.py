"""The population prediction along one predictor, with its confidence band."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.present.plots.average import average_group, centred_within
from ranef.present.plots.choice import check_column, is_number
from ranef.present.plots.colouring import colouring
from ranef.present.plots.grid import levels_in_order, values_along
from ranef.present.plots.style import ACCENT, axes, faint_on, legend, title
from ranef.present.protocol import FittedModel
from ranef.present.text.names import response_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["effects"]

_POINTS = 80


def effects(model: FittedModel, x: str, by: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the population prediction along `x` in an average group, with a 95% confidence band.

    Parameters
    ----------
    model : FittedModel
    x : str
        A variable of the model: a line for numbers, points for categories.
    by : str, optional
        A second variable: one line a value, or three quantiles (10%, 50%, 90%) of a number.
    ax : Axes, optional

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
    """
    data = model.model_frame()
    check_column(data, x)
    if by is not None:
        check_column(data, by)
    ax = axes(ax, (7.0, 4.4) if by else (6.4, 4.4))
    if by is None:
        _draw(model, data, x, {}, ACCENT, ax, 0.0)
    else:
        colours = colouring(data[by], by)
        shifts = np.linspace(-0.12, 0.12, len(colours.values))
        handles = [
            _draw(model, data, x, {by: value}, colours.colour(value), ax, float(shift))
            for value, shift in zip(colours.values, shifts, strict=True)
        ]
        legend(ax, handles, list(colours.labels()), by)
    ax.grid(axis="y", color=faint_on(ax), linewidth=0.5, alpha=0.7)
    ax.set_xlabel(x)
    ax.set_ylabel(f"{response_of(model.formula)}, population prediction")
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
) -> Any:
    """One line with its band, or one row of points with bars; the handle for the legend."""
    numeric = is_number(data[x])
    points: Any = values_along(data[x], _POINTS) if numeric else levels_in_order(data[x])
    moving = {x: points, **{name: [value] * len(points) for name, value in held.items()}}
    frame = average_group(model, data, moving)
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
