"""The profile of one parameter: how far its deviance is from a parabola."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ranef.errors import OptionError, suggestion
from ranef.options import name as name_option
from ranef.present.plots.ink import accent_on, faint_on, muted_on
from ranef.present.plots.style import axes, check_axes, title
from ranef.present.protocol import FittedModel

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["profile"]

LEVELS = (0.5, 0.8, 0.9, 0.95, 0.99)


def profile(
    model: FittedModel, parameter: str | None = None, level: float = 0.99, ax: Axes | None = None
) -> Axes:
    """Draw the absolute profile zeta of a parameter and intervals at common levels.

    Parameters
    ----------
    model : FittedModel
    parameter : str, optional
        A name of ``fit.profile().parameters``; by default the first standard deviation.
    level : float
        How far to profile.
    ax : Axes, optional

    Returns
    -------
    Axes
        A V with straight arms where intervals of the form estimate +- z SE hold; a bent or a
        shorter arm where they do not.

    Raises
    ------
    OptionError
        The model has no such parameter.
    """
    if parameter is not None:
        name_option("parameter", parameter, of="parameter")
    check_axes(ax)
    found = model.profile(level)
    names = found.parameters
    if parameter is None:
        parameter = next((name for name in names if name.startswith(("sd__", "sd|"))), "sigma")
    if parameter not in names:
        raise OptionError(
            f"there is no parameter {parameter!r}",
            found=", ".join(names),
            fix=suggestion(parameter, names),
        )
    frame = found.frame
    points = frame[frame["parameter"] == parameter]
    values, zeta = (points[name].to_numpy(dtype=float) for name in ("value", "zeta"))
    ax = axes(ax)
    for share in (share for share in LEVELS if share <= level):
        low, high = found.confint(share).loc[parameter].to_numpy(dtype=float)
        height = float(np.abs(np.interp(high, values, zeta)))
        ax.plot([low, high], [height, height], color=faint_on(ax), linewidth=1.0)
        ax.annotate(
            f"{100 * share:g} %",
            (high, height),
            (4, 0),
            textcoords="offset points",
            color=muted_on(ax),
            fontsize=9,
            va="center",
        )
    ax.plot(values, np.abs(zeta), color=accent_on(ax), marker="o", markersize=3.5)
    ax.set_xlabel(parameter)
    ax.set_ylabel("Absolute profile zeta")
    title(ax, f"Profile of {parameter} (maximum likelihood)")
    return ax
