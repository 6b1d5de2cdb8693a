"""Replicates of a bootstrap: a density for each parameter, with the estimate and the interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.errors import OptionError, suggestion
from ranef.inference.density import Spread, spread_of
from ranef.inference.parameters import Parameter
from ranef.options import name_list
from ranef.present.plots.ink import accent_on, ink_on, muted_on, second_on
from ranef.present.plots.panels import Panels, with_data
from ranef.present.plots.style import head, label_y, panel_axes, title, write
from ranef.present.plots.wording import level_in_words
from ranef.present.text.parameters import parameter_words
from ranef.present.text.words import Words
from ranef.types import Array

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["bootstrap"]

_UNDER = 0.12  # of the height: where the interval stands


def bootstrap(
    parameters: Sequence[Parameter],
    columns: Sequence[Array],
    estimates: Array,
    intervals: pd.DataFrame,
    what: str,
    level: float,
    asked: str | Sequence[str] | None,
    words: Words,
    ax: Any = None,
) -> Axes | Panels:
    """Draw replicates.

    Parameters
    ----------
    parameters : sequence of Parameter
    columns : sequence of ndarray
        The replicates of each.
    estimates : ndarray, shape (parameters,)
        Of the fit itself.
    intervals : DataFrame
        Columns conf_low, conf_high, one row a parameter.
    what : str
        What was drawn, for the note.
    level : float
        Of the intervals.
    asked : str or sequence of str, optional
        Which parameters; by default those that differ between replicates.
    words : Words
    ax : Axes or sequence of Axes, optional

    Returns
    -------
    Axes, or Panels

    Raises
    ------
    OptionError
        Another parameter, or one without finite replicates.
    """
    names = [parameter.name for parameter in parameters]
    finite = [column[np.isfinite(column)] for column in columns]
    chosen = _chosen(names, finite, asked)
    said = parameter_words(names, words)
    panels = panel_axes(len(chosen), ax, (3.4, 2.7) if len(chosen) > 1 else (5.6, 4.0))
    note = f"{what}; bar: {level_in_words(level)} interval; dot: estimate."
    frames, lumps = [], False
    for one, k in zip(panels, chosen, strict=True):
        spread = spread_of(finite[k], _bounds(parameters[k]))
        lumps = lumps or bool(spread.at)
        ends = intervals.iloc[k].to_numpy(dtype=float)
        frame = _draw(one, spread, float(estimates[k]), ends).assign(panel=names[k])
        frame = frame[["panel", "what", "value", "density"]]
        frames.append(frame)
    note += " A thick line is the share at a bound of the parameter." if lumps else ""
    for one, k, frame in zip(panels, chosen, frames, strict=True):
        title(one, said[names[k]], note if len(chosen) == 1 else "")
        frame.attrs["note"] = note
        with_data(one, frame)
    if len(chosen) == 1:
        return panels[0]
    head(panels, "Bootstrap", note)
    return Panels(tuple(panels), _joined(frames, note))


def _chosen(
    names: Sequence[str], finite: Sequence[Array], asked: str | Sequence[str] | None
) -> list[int]:
    if asked is None:
        some = [k for k, column in enumerate(finite) if np.unique(column).size > 1]
        if some:
            return some
        raise OptionError(
            "no parameter differs between replicates",
            found="no replicates that converged",
            fix="draw more replicates, or look at boot.replicates",
        )
    out = []
    for one in name_list("parameters", asked, "parameter"):
        if one not in names:
            raise OptionError(
                f"there is no parameter {one!r}",
                found=", ".join(names),
                fix=suggestion(one, names),
            )
        if not finite[names.index(one)].size:
            raise OptionError(
                f"there are no replicates of {one!r}",
                found="values that are missing or infinite",
                fix="leave it out, or look at boot.replicates",
            )
        out.append(names.index(one))
    return out


def _bounds(parameter: Parameter) -> tuple[float, float]:
    if parameter.kind == "cor":
        return parameter.lowest, 1.0
    low = 0.0 if parameter.kind in ("sd", "sigma", "dispersion") else -np.inf
    return low, np.inf


def _draw(ax: Axes, spread: Spread, estimate: float, ends: Array) -> pd.DataFrame:
    import pandas as pd

    colour = accent_on(ax)
    top = float(spread.density.max()) if spread.density.size else 1.0
    ax.fill_between(spread.x, 0.0, spread.density, color=colour, alpha=0.22, linewidth=0)
    ax.plot(spread.x, spread.density, color=colour, linewidth=1.6, zorder=3)
    for place, share in spread.at:
        ax.plot([place, place], [0.0, top], color=second_on(ax), linewidth=2.4, zorder=4)
        right = bool(spread.x.size and place > float(np.median(spread.x)))
        write(
            ax,
            f"{_percent(share)} at {place:g}",
            (place, 1.04 * top),
            (-4.0 if right else 4.0, 0.0),
            fontsize="small",
            ha="right" if right else "left",
            va="bottom",
        )
    y = -_UNDER * top
    ax.plot(ends, [y, y], color=ink_on(ax), linewidth=2.0, solid_capstyle="butt", zorder=4)
    if np.isfinite(estimate):
        ax.axvline(estimate, color=muted_on(ax), linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
        ax.scatter(estimate, y, s=26, color=ink_on(ax), linewidths=0, zorder=5)
    ax.axhline(0.0, color=muted_on(ax), linewidth=0.7, zorder=2)
    ax.set_ylim(2.0 * y, 1.25 * top)
    ax.set_yticks([])
    label_y(ax, "Density")
    curve = pd.DataFrame({"what": "density", "value": spread.x, "density": spread.density})
    rest = {
        "what": ["estimate", "conf_low", "conf_high", *["share at a bound"] * len(spread.at)],
        "value": [estimate, *ends, *(place for place, _ in spread.at)],
        "density": [np.nan] * 3 + [share for _, share in spread.at],
    }
    return pd.concat([curve, pd.DataFrame(rest)], ignore_index=True)


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%" if share >= 0.005 else "<1%"


def _joined(frames: Sequence[pd.DataFrame], note: str) -> pd.DataFrame:
    import pandas as pd

    whole = pd.concat(frames, ignore_index=True)
    whole.attrs["note"] = note
    return whole
