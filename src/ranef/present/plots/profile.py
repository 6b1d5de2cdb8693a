"""The profile of one parameter: how far its deviance is from a parabola."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.errors import OptionError, suggestion
from ranef.options import name as name_option
from ranef.present.plots.grid import value_text
from ranef.present.plots.ink import accent_on, muted_on, quiet_on, setting
from ranef.present.plots.lettering import points
from ranef.present.plots.panels import with_data
from ranef.present.plots.style import axes, check_axes, label_x, label_y, title, write
from ranef.present.plots.wording import level_in_words, words_of
from ranef.present.protocol import FittedModel
from ranef.present.text.parameters import parameter_words
from ranef.types import Array

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["LEVELS", "cut_off", "profile", "smooth"]

LEVELS = (0.5, 0.8, 0.9, 0.95, 0.99)
_DENSE = 12
"""Points of the curve between two of the profile."""


def profile(
    model: FittedModel,
    parameter: str | None = None,
    level: float = 0.99,
    ax: Axes | None = None,
    labels: Mapping[str, str] | None = None,
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
    labels : mapping of str to str, optional
        Words by name.

    Returns
    -------
    Axes
        A V with straight arms where intervals of the form estimate +- z SE hold; a bent or a
        shorter arm where they do not. ``data`` has the points of the profile and the intervals.

    Raises
    ------
    OptionError
        The model has no such parameter.
    """
    if parameter is not None:
        name_option("parameter", parameter, of="parameter")
    check_axes(ax)
    words = words_of(model, labels)
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
    rows = frame[frame["parameter"] == parameter].reset_index(drop=True)
    values, zeta = (rows[name].to_numpy(dtype=float) for name in ("value", "zeta"))
    shares = sorted({share for share in LEVELS if share <= level} or {level})
    ends = [found.confint(share).loc[parameter].to_numpy(dtype=float) for share in shares]
    said = parameter_words(names, words)[parameter]
    ax = axes(ax)
    _intervals(ax, shares, ends, values)
    x, y = smooth(values, zeta)
    ax.plot(x, np.abs(y), color=accent_on(ax), linewidth=1.8, zorder=3)
    ax.plot(values, np.abs(zeta), "o", color=accent_on(ax), markersize=3.5, zorder=4)
    ax.set_ylim(bottom=0.0)
    label_x(ax, said)
    label_y(ax, "Absolute profile zeta")
    note = _note(values, zeta, level)
    title(ax, f"Profile of {said} (maximum likelihood)", note)
    whole = _frame(rows, parameter, shares, ends)
    whole.attrs["note"] = note
    return with_data(ax, whole)


def cut_off(level: float) -> float:
    """The absolute zeta at which an interval ends."""
    from scipy.special import ndtri

    return float(ndtri(0.5 + level / 2.0))


def smooth(values: Array, zeta: Array) -> tuple[Array, Array]:
    """A monotone curve through the points of a profile, in order of the values."""
    from scipy.interpolate import PchipInterpolator

    order = np.argsort(values, kind="stable")
    x, y = values[order], zeta[order]
    apart = np.concatenate([[True], np.diff(x) > 0.0])
    x, y = x[apart], y[apart]
    if x.size < 3:
        return x, y
    steps = np.linspace(0.0, 1.0, _DENSE, endpoint=False)
    dense = np.append((x[:-1, None] + np.diff(x)[:, None] * steps).ravel(), x[-1])
    return dense, np.asarray(PchipInterpolator(x, y)(dense))


def _intervals(ax: Axes, shares: list[float], ends: list[Any], values: Array) -> None:
    """A line for each interval at the zeta that it ends at, with its level beyond the curve."""
    span = float(np.ptp(values)) or 1.0
    right = float(values.max()) + 0.16 * span
    size = 0.9 * points(setting("font.size"))
    for share, (low, high) in zip(shares, ends, strict=True):
        height = cut_off(share)
        ax.plot([low, high], [height, height], color=quiet_on(ax), linewidth=1.2, zorder=2)
        dotted: Any = {
            "color": quiet_on(ax),
            "linewidth": 0.8,
            "linestyle": (0, (1, 3)),
            "zorder": 1,
        }
        ax.plot([high, right], [height, height], **dotted)
        made = write(ax, level_in_words(share), (right, height), (0.0, 1.5), fontsize=size)
        made.set(color=muted_on(ax), ha="right", va="bottom")
    ax.set_xlim(float(values.min()) - 0.04 * span, right)


def _note(values: Array, zeta: Array, level: float) -> str:
    """What the picture shows; and where the profile ends at the edge of the parameter space."""
    reach = cut_off(level)
    parts = ["Horizontal lines: profile intervals. Arms are straight where Wald intervals hold."]
    edges = [
        value_text(float(value))
        for value, height in ((values.min(), zeta.min()), (values.max(), zeta.max()))
        if abs(height) < 0.99 * reach
    ]
    if edges:
        parts.append(f"At {' and '.join(edges)} the parameter reaches the edge of its range.")
    return " ".join(parts)


def _frame(
    rows: pd.DataFrame, parameter: str, shares: list[float], ends: list[Any]
) -> pd.DataFrame:
    """Points of the profile, and the intervals: ``part`` says which."""
    import pandas as pd

    low, high = np.array(ends, dtype=float).T
    intervals = {"parameter": parameter, "level": shares, "conf_low": low, "conf_high": high}
    both = [rows.assign(part="point"), pd.DataFrame(intervals).assign(part="interval")]
    whole = pd.concat(both, ignore_index=True)
    return whole[["part", *(name for name in whole.columns if name != "part")]]
