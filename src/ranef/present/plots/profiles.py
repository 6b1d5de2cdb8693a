"""Profiles of all parameters: signed zeta, densities, and regions of pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.errors import OptionError, suggestion
from ranef.inference.profile_curves import (
    contour,
    density_of,
    has_profile,
    trace_in_other,
    zeta_curve,
)
from ranef.inference.profile_walk import ProfileTrace
from ranef.options import name_list, one_of
from ranef.present.plots.ink import accent_on, faint_on, muted_on, second_on
from ranef.present.plots.panels import Panels, with_data
from ranef.present.plots.profile import LEVELS, cut_off
from ranef.present.plots.style import (
    head,
    label_x,
    label_y,
    panel_axes,
    pyplot,
    title,
    write,
)
from ranef.present.plots.wording import level_in_words
from ranef.present.text.parameters import parameter_words
from ranef.present.text.words import Words
from ranef.types import Array

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["draw_zeta", "profiles"]

REGIONS = (0.5, 0.8, 0.95, 0.99)
MOST_PAIRS = 8
NO_WAY = 1e-2  # in zeta: a bound so near is where the estimate is
KINDS = ("zeta", "density", "pairs")


def profiles(
    traces: Sequence[ProfileTrace],
    level: float,
    kind: str = "zeta",
    parameters: str | Sequence[str] | None = None,
    words: Words | None = None,
    ax: Any = None,
) -> Axes | Panels:
    """Draw profiles.

    Parameters
    ----------
    traces : sequence of ProfileTrace
        Of all parameters of a model.
    level : float
        To which they reach.
    kind : {"zeta", "density", "pairs"}
    parameters : str or sequence of str, optional
        Some of them; by default all that have a profile.
    words : Words, optional
    ax : Axes or sequence of Axes, optional
        As many as there are pictures.

    Returns
    -------
    Axes, or Panels
        Panels if there are several pictures.

    Raises
    ------
    OptionError
        Another kind or parameter, or too many parameters for pairs.
    """
    one_of("kind", kind, KINDS)
    names = [trace.parameter.name for trace in traces]
    chosen = _chosen(names, traces, parameters)
    said = parameter_words(names, words or Words())
    if kind == "pairs":
        return _pairs(traces, chosen, said, ax)
    panels = panel_axes(len(chosen), ax, (3.4, 2.9) if len(chosen) > 1 else (5.6, 4.2))
    draw = draw_zeta if kind == "zeta" else _draw_density
    note = _note(kind, level, any(_at_bounds(traces[k]) for k in chosen))
    frames = []
    for one, k in zip(panels, chosen, strict=True):
        frame = draw(one, traces[k], level).assign(panel=names[k])
        title(one, said[names[k]], "" if len(chosen) > 1 else note)
        frame.attrs["note"] = note
        with_data(one, frame)
        frames.append(frame)
    if len(chosen) == 1:
        return panels[0]
    whole = "Profiles" if kind == "zeta" else "Profiles as densities"
    head(panels, f"{whole} (maximum likelihood)", note)
    return Panels(tuple(panels), _joined(frames, note))


def _chosen(
    names: Sequence[str],
    traces: Sequence[ProfileTrace],
    parameters: str | Sequence[str] | None,
) -> list[int]:
    if parameters is None:
        return [k for k, trace in enumerate(traces) if has_profile(trace)]
    asked = [parameters] if isinstance(parameters, str) else parameters
    out = []
    for one in name_list("parameters", asked, "parameter"):
        if one not in names:
            raise OptionError(
                f"there is no parameter {one!r}",
                found=", ".join(names),
                fix=suggestion(one, names),
            )
        k = names.index(one)
        if not has_profile(traces[k]):
            raise OptionError(
                f"{one!r} has no profile",
                found="a correlation with an effect that does not vary",
                fix="leave it out",
            )
        out.append(k)
    return out


def _note(kind: str, level: float, bounds: bool) -> str:
    share = level_in_words(level)
    if kind == "zeta":
        diamond = " A diamond is a bound of the parameter." if bounds else ""
        return (
            "Zeta: signed root of the deviance above the fit's. Intervals end where the curve meets"
            f" the lines of a level; shaded: {share}. The broken line is what a symmetric interval "
            f"assumes.{diamond}"
        )
    at = " A thick line is the share at a bound of the parameter." if bounds else ""
    return (
        f"The density has the profile's intervals as its quantiles; shaded: {share}. It ends where "
        f"the profile ends.{at}"
    )


def draw_zeta(ax: Axes, trace: ProfileTrace, level: float) -> pd.DataFrame:
    """One profile with the cut-offs of its intervals; the numbers that are drawn."""
    import pandas as pd

    x, zeta = zeta_curve(trace)
    low, high = trace.interval(level)
    ends = [end for end in (low, high) if np.isfinite(end)]
    if len(ends) == 2:
        ax.axvspan(ends[0], ends[1], color=faint_on(ax), alpha=0.45, linewidth=0, zorder=0.5)
    ax.axhline(0.0, color=muted_on(ax), linewidth=0.7, zorder=1)
    _tangent(ax, trace, x, zeta)
    ax.plot(x, zeta, color=accent_on(ax), linewidth=1.8, zorder=3)
    ax.scatter(trace.values, trace.zeta, s=10, color=accent_on(ax), linewidths=0, zorder=3)
    for k in _at_bounds(trace):
        ax.scatter(trace.values[k], trace.zeta[k], s=34, marker="D", color=second_on(ax), zorder=4)
    cuts = [cut_off(share) for share in LEVELS if share <= level + 1e-9]
    reach = max([*(1.15 * c for c in cuts[-1:]), float(np.abs(trace.zeta).max()) * 1.1])
    bottom = -reach if trace.zeta[0] < -1e-9 else -0.25 * reach
    top = reach if trace.zeta[-1] > 1e-9 else 0.25 * reach
    ax.set_ylim(bottom, top)
    for share, cut in zip(LEVELS, cuts, strict=False):
        for sign in (-1.0, 1.0):
            if bottom < sign * cut < top:
                ax.axhline(sign * cut, color=faint_on(ax), linewidth=0.9, zorder=0.8)
        if share in (0.5, 0.8, 0.95, 0.99) and cut < top:
            write(
                ax,
                f"{100 * share:g}%",
                (0.0, cut),
                (3.0, 1.0),
                coordinates=ax.get_yaxis_transform(),  # type: ignore[arg-type]
                color=muted_on(ax),
                fontsize="x-small",
            )
    label_y(ax, "Zeta")
    drawn = pd.DataFrame({"what": "curve", "value": x, "zeta": zeta})
    points = pd.DataFrame({"what": "point", "value": trace.values, "zeta": trace.zeta})
    return pd.concat([drawn, points], ignore_index=True)


def _at_bounds(trace: ProfileTrace) -> list[int]:
    """Which ends of a profile are bounds of the parameter: 0, -1."""
    return [k for k, v in zip((0, -1), trace.bounds, strict=True) if trace.values[k] == v]


def _tangent(ax: Axes, trace: ProfileTrace, x: Array, zeta: Array) -> None:
    """The straight line that touches the curve at the estimate, if that is not at a bound."""
    if min(-trace.zeta[0], trace.zeta[-1]) < NO_WAY:
        return
    k = int(np.searchsorted(x, trace.estimate))
    a, b = max(k - 1, 0), min(k + 1, x.size - 1)
    slope = (zeta[b] - zeta[a]) / (x[b] - x[a])
    ends = np.array([zeta[0], zeta[-1]])
    at = np.clip(trace.estimate + ends / slope, x[0], x[-1])
    ax.plot(
        at,
        slope * (at - trace.estimate),
        color=muted_on(ax),
        linewidth=0.9,
        linestyle=(0, (4, 3)),
        zorder=2,
    )


def _draw_density(ax: Axes, trace: ProfileTrace, level: float) -> pd.DataFrame:
    import pandas as pd

    found = density_of(trace)
    low, high = trace.interval(level)
    within = (found.x >= low) & (found.x <= high)
    colour = accent_on(ax)
    ax.fill_between(
        found.x, 0.0, found.density, where=within.tolist(), color=colour, alpha=0.2, linewidth=0
    )
    ax.plot(found.x, found.density, color=colour, linewidth=1.8, zorder=3)
    ax.axvline(trace.estimate, color=muted_on(ax), linewidth=0.9, linestyle=(0, (4, 3)))
    # At a bound that the estimate lies on, the density has no limit.
    away = np.ones(found.x.size, dtype=bool)
    for k in _at_bounds(trace):
        away &= np.abs(found.x - trace.values[k]) > 0.05 * (found.x[-1] - found.x[0])
    top = float(found.density[away].max())
    ax.set_ylim(0.0, 1.25 * top)
    for share, at, side in (
        (found.at_bounds[0], found.x[0], "left"),
        (found.at_bounds[1], found.x[-1], "right"),
    ):
        if share > 0.0:
            ax.plot([at, at], [0.0, top], color=second_on(ax), linewidth=2.2, zorder=4)
            write(
                ax,
                f"{100 * share:.0f}% at {at:.3g}",
                (float(at), 1.18 * top),
                (4.0 if side == "left" else -4.0, 0.0),
                fontsize="small",
                ha=side,
                va="top",
            )
    ax.set_yticks([])
    label_y(ax, "Density")
    return pd.DataFrame({"what": "density", "value": found.x, "density": found.density}).assign(
        within=within
    )


def _pairs(
    traces: Sequence[ProfileTrace], chosen: Sequence[int], said: Mapping[str, str], ax: Any
) -> Panels:
    """Regions of each pair below the diagonal, densities on it."""
    if not 2 <= len(chosen) <= MOST_PAIRS:
        raise OptionError(
            f"pairs are drawn of 2 to {MOST_PAIRS} parameters",
            found=f"{len(chosen)} parameters",
            fix="name them: parameters=[...]",
        )
    count = len(chosen)
    cells = [(i, j) for i in range(count) for j in range(i + 1)]
    if ax is None:
        figure, made = pyplot().subplots(
            count, count, figsize=(2.1 * count + 0.6,) * 2, layout="constrained", squeeze=False
        )
        for i in range(count):
            for j in range(i + 1, count):
                figure.delaxes(made[i, j])
        ax = [made[i, j] for i, j in cells]
    panels = panel_axes(len(cells), ax, (2.1, 2.1))
    frames = []
    for one, (i, j) in zip(panels, cells, strict=True):
        a, b = traces[chosen[j]], traces[chosen[i]]
        if i == j:
            frame = _draw_density(one, a, 0.95 if a.zeta.size else 0.5)
            one.set_ylabel("")
        else:
            frame = _draw_pair(one, a, b, (chosen[j], chosen[i]))
        name = f"{a.parameter.name}, {b.parameter.name}" if i != j else a.parameter.name
        if i == count - 1:
            label_x(one, said[a.parameter.name])
        else:
            one.tick_params(labelbottom=False)
        if j == 0:
            label_y(one, said[b.parameter.name])
        elif i != j:
            one.tick_params(labelleft=False)
        _limits(one, a, b if i != j else None)
        frames.append(frame.assign(panel=name))
        with_data(one, frames[-1])
    reached = sorted({float(v) for f in frames if "level" in f for v in f["level"].dropna()})
    shown = ", ".join(f"{100 * v:g}%" for v in reached)
    regions = f"Regions of two parameters: {shown}. " if shown else ""
    note = (
        f"{regions}Lines: where one parameter leaves the best value of the other. A profile to a "
        "higher level reaches larger regions."
    )
    head(panels, "Pairs of parameters (profiles, maximum likelihood)", note)
    return Panels(tuple(panels), _joined(frames, note))


def _limits(ax: Axes, a: ProfileTrace, b: ProfileTrace | None) -> None:
    for trace, change in ((a, ax.set_xlim), (b, ax.set_ylim)):
        if trace is not None:
            room = 0.06 * float(trace.values[-1] - trace.values[0])
            change(float(trace.values[0]) - room, float(trace.values[-1]) + room)


def _draw_pair(ax: Axes, a: ProfileTrace, b: ProfileTrace, places: tuple[int, int]) -> pd.DataFrame:
    import pandas as pd

    frames = []
    for level in REGIONS:
        found = contour(a, b, places, level)
        if found is None:
            continue
        x, y = found
        ax.plot(x, y, color=accent_on(ax), linewidth=1.3, zorder=3)
        ax.fill(x, y, color=accent_on(ax), alpha=0.08, linewidth=0, zorder=2)
        frames.append(pd.DataFrame({"what": "region", "level": level, "x": x, "y": y}))
    for trace, other, place in ((a, b, places[1]), (b, a, places[0])):
        along = trace.along[:, place]
        if np.isfinite(trace_in_other(trace, other, place)).all():
            x, y = (trace.values, along) if trace is a else (along, trace.values)
            ax.plot(x, y, color=muted_on(ax), linewidth=0.9, linestyle=(0, (4, 3)), zorder=2)
            frames.append(pd.DataFrame({"what": "trace", "level": np.nan, "x": x, "y": y}))
    ax.scatter(a.estimate, b.estimate, s=16, color=accent_on(ax), linewidths=0, zorder=4)
    estimate = {"what": ["estimate"], "level": [np.nan], "x": [a.estimate], "y": [b.estimate]}
    return pd.concat([*frames, pd.DataFrame(estimate)], ignore_index=True)


def _joined(frames: Sequence[pd.DataFrame], note: str) -> pd.DataFrame:
    import pandas as pd

    whole = pd.concat(frames, ignore_index=True)
    whole.attrs["note"] = note
    return whole
