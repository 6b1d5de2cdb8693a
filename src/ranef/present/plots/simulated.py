"""The response beside responses that are simulated from the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ranef.inference.checks.record import Band
from ranef.inference.checks.simulated import (
    Bars,
    Curves,
    Levels,
    SimulatedData,
    Single,
    Steps,
)
from ranef.present.plots.band import band_frame, draw_band, draw_points, said_outside
from ranef.present.plots.ink import accent_on, edge_on, faint_on, muted_on, second_on
from ranef.present.plots.panels import Panels, with_data
from ranef.present.plots.style import (
    axes,
    head,
    label_x,
    label_y,
    legend,
    name_y,
    panel_axes,
    title,
)
from ranef.present.plots.wording import level_in_words, words_of
from ranef.present.protocol import FittedModel
from ranef.present.text.names import response_of
from ranef.present.text.words import Words

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["simulated"]

_MANY = 60  # levels with a line each


def simulated(
    model: FittedModel,
    statistic: str | Callable[[Any], float] = "density",
    by: str | None = None,
    n: int | None = None,
    seed: int | None = None,
    level: float = 0.95,
    random: Literal["new", "conditional"] = "new",
    labels: Mapping[str, str] | None = None,
    ax: Any = None,
) -> Axes | Panels:
    """Draw data over simulated data; see ``fit.plot.simulated`` for the parameters.

    Returns
    -------
    Axes, or Panels
        Panels if there is one for each level of `by`.
    """
    found = model._compared(statistic, by, n, level, seed, random, _MANY)
    words = words_of(model, labels)
    shown = found.what or words.variable(response_of(model.formula))
    kept = "new random effects" if random == "new" else "the random effects of the data"
    how = f", with {kept}" if model.ngroups else ""
    note = f"{found.n:,} responses simulated from the model{how}."
    if len(found.parts) == 1:
        _, part = found.parts[0]
        one = axes(ax, _size(part))
        frame, said = _draw(one, part, found, shown, words)
        note = f"{said} {note}".strip()
        title(one, _head(found, shown, words), note)
        return with_data(one, _with(frame, found, note))
    panels = panel_axes(len(found.parts), ax, (3.5, 2.9), sharex=True)
    frames = []
    for one, (name, part) in zip(panels, found.parts, strict=True):
        frame, said = _draw(one, part, found, shown, words, one is panels[-1])
        frames.append(_with(frame.assign(panel=name), found, said))
        with_data(one, frames[-1])
        title(one, f"{words.variable(found.by)}: {name}", said)
    head(panels, _head(found, shown, words), note)
    return Panels(tuple(panels), _with(_joined(frames), found, note))


def _head(found: SimulatedData, shown: str, words: Words) -> str:
    if not found.words:
        return f"{shown}: data and simulations"
    where = f" by {_by(found, words)}" if found.by else ""
    return f"{found.words} of {shown}{where}"


def _by(found: SimulatedData, words: Words) -> str:
    return words.labels.get(found.by, words.group(found.by))


def _size(part: Any) -> tuple[float, float]:
    if isinstance(part, Levels) and part.x is None and _is_tall(part):
        return 6.4, max(2.8, 0.2 * len(part.names) + 1.4)
    return 6.4, 4.2


def _is_tall(part: Levels) -> bool:
    return len(part.names) > 12 or sum(map(len, part.names)) > 60


def _draw(
    ax: Axes, part: Any, found: SimulatedData, shown: str, words: Words, with_legend: bool = True
) -> tuple[pd.DataFrame, str]:
    """One picture: its numbers, and what it says."""
    if isinstance(part, Curves):
        return _curves(ax, part, shown, with_legend)
    if isinstance(part, Steps):
        return _steps(ax, part, found, shown, words, with_legend)
    if isinstance(part, Bars):
        return _bars(ax, part, found, shown, with_legend)
    if isinstance(part, Single):
        return _single(ax, part, found, shown, with_legend)
    return _levels(ax, part, found, shown, words, with_legend)


def _curves(ax: Axes, part: Curves, shown: str, with_legend: bool) -> tuple[pd.DataFrame, str]:
    import pandas as pd

    alpha = float(np.clip(8.0 / len(part.drawn), 0.08, 0.5))
    for curve in part.drawn:
        (thin,) = ax.plot(part.x, curve, color=muted_on(ax), linewidth=0.8, alpha=alpha, zorder=2)
    (own,) = ax.plot(part.x, part.own, color=accent_on(ax), linewidth=2.0, zorder=3)
    ax.set_ylim(bottom=0.0)
    label_x(ax, shown)
    label_y(ax, "Density")
    if with_legend:
        line = ax.plot([], [], color=thin.get_color(), linewidth=0.8, alpha=0.7)[0]
        legend(ax, [own, line], ["data", "simulated"])
    count = len(part.drawn)
    frame = pd.DataFrame(
        {
            "panel": "",
            "draw": np.repeat(np.arange(-1, count), part.x.size),
            "x": np.tile(part.x, count + 1),
            "density": np.concatenate([part.own, part.drawn.ravel()]),
        }
    )
    return frame.assign(what=np.where(frame["draw"] < 0, "data", "simulated")), ""


def _steps(
    ax: Axes, part: Steps, found: SimulatedData, shown: str, words: Words, with_legend: bool
) -> tuple[pd.DataFrame, str]:
    band = ax.fill_between(
        part.x, part.band.low, part.band.high, step="post", color=faint_on(ax), linewidth=0
    )
    (own,) = ax.step(part.x, part.own, where="post", color=accent_on(ax), linewidth=1.7, zorder=3)
    ax.set_ylim(0.0, 1.01)
    rows = part.of == "rows"
    label_x(ax, shown if rows else f"{found.words} of {shown}")
    label_y(ax, "Share of rows" if rows else f"Share of {_by(found, words)}")
    if with_legend:
        legend(ax, [own, band], ["data", f"{level_in_words(found.level)} of simulations"])
    frame = band_frame("", part.x, part.own, part.band)
    where = "The line should stay in the band. "
    share = f"{100 * float(frame['outside'].mean()):.0f}% of it is outside."
    return frame, where + share


def _bars(
    ax: Axes, part: Bars, found: SimulatedData, shown: str, with_legend: bool
) -> tuple[pd.DataFrame, str]:
    roots = not part.names
    bars = ax.bar(
        part.x,
        part.own,
        width=(0.86 if part.width >= 1.0 else 0.94) * part.width,
        color=accent_on(ax),
        alpha=0.45,
        linewidth=0,
        zorder=2,
    )
    outside = part.band.outside(part.own)
    lines = _intervals(ax, part.x, part.band, outside)
    if roots:
        ax.set_yscale("function", functions=(_root, _square))
        ax.set_ylim(bottom=0.0)
    else:
        ax.set_xticks(part.x, part.names)
        ax.margins(x=0.02)
    label_x(ax, shown)
    label_y(ax, "Rows (root scale)" if roots else "Rows")
    if with_legend:
        legend(ax, [bars, lines], ["data", f"{level_in_words(found.level)} of simulations"])
    frame = band_frame("", part.x, part.own, part.band, list(part.names) or "")
    said = said_outside(outside, 1.0 - found.level, "bars")
    if np.isfinite(part.last):
        said += f" The last bar holds all values from {part.last:g} on."
    return frame, said


def _root(values: Any) -> Any:
    return np.sqrt(np.maximum(values, 0.0))


def _square(values: Any) -> Any:
    return np.square(np.maximum(values, 0.0))


def _intervals(ax: Axes, x: Any, band: Band, outside: Any) -> Any:
    """What simulations show, as lines with dots at their medians."""
    made = None
    for chosen, colour in ((outside, second_on(ax)), (~outside, edge_on(ax))):
        lines = ax.vlines(
            x[chosen], band.low[chosen], band.high[chosen], color=colour, linewidth=1.5, zorder=4
        )
        ax.scatter(x[chosen], band.middle[chosen], s=11, color=colour, linewidths=0, zorder=5)
        made = lines
    return made


def _single(
    ax: Axes, part: Single, found: SimulatedData, shown: str, with_legend: bool
) -> tuple[pd.DataFrame, str]:
    import pandas as pd

    known = part.drawn[~np.isnan(part.drawn)]
    counts, edges = np.histogram(known, min(30, max(8, known.size // 8)))
    bars = ax.bar(
        edges[:-1],
        counts,
        width=np.diff(edges),
        align="edge",
        color=faint_on(ax),
        edgecolor=muted_on(ax),
        linewidth=0.4,
        zorder=2,
    )
    line = ax.axvline(part.own, color=accent_on(ax), linewidth=2.2, zorder=3)
    label_x(ax, f"{found.words} of {shown}")
    label_y(ax, "Simulations")
    if with_legend:
        legend(ax, [line, bars], ["data", "simulated"])
    draws = np.arange(-1, part.drawn.size)
    frame = pd.DataFrame(
        {"panel": "", "draw": draws, "value": np.concatenate([[part.own], part.drawn])}
    )
    said = (
        f"Data: {part.own:.4g}. {100 * part.share:.0f}% of the simulations are as large or larger."
    )
    return frame.assign(what=np.where(draws < 0, "data", "simulated")), said


def _levels(
    ax: Axes, part: Levels, found: SimulatedData, shown: str, words: Words, with_legend: bool
) -> tuple[pd.DataFrame, str]:
    value = f"{found.words} of {shown}"
    outside = part.band.outside(part.own)
    said = said_outside(outside, 1.0 - found.level, "points")
    if part.x is not None:
        band = draw_band(ax, part.x, part.band)
        draw_points(ax, part.x, part.own, outside)
        label_x(ax, _by(found, words))
        label_y(ax, value)
        x: Any = part.x
        marks: Sequence[Any] = [_dot(ax), band]
    elif _is_tall(part):
        x = np.arange(len(part.names), 0, -1, dtype=float)
        order = np.argsort(-part.own, kind="stable") if len(part.names) > 12 else np.arange(x.size)
        return _across(ax, part, order, found, value, words, with_legend), said
    else:
        x = np.arange(len(part.names), dtype=float)
        lines = ax.vlines(
            x, part.band.low, part.band.high, color=muted_on(ax), linewidth=1.6, zorder=2
        )
        ax.scatter(x, part.band.middle, s=26, marker="_", color=muted_on(ax), zorder=2)
        draw_points(ax, x, part.own, outside)
        ax.set_xticks(x, part.names)
        ax.margins(x=0.1)
        label_x(ax, _by(found, words))
        label_y(ax, value)
        marks = [_dot(ax), lines]
    if with_legend:
        legend(ax, marks, ["data", f"{level_in_words(found.level)} of simulations"])
    return band_frame("", x, part.own, part.band, list(part.names)), said


def _across(
    ax: Axes,
    part: Levels,
    order: Any,
    found: SimulatedData,
    value: str,
    words: Words,
    with_legend: bool,
) -> pd.DataFrame:
    """Levels below each other, if there are many or their names are long."""
    own, names = part.own[order], [part.names[k] for k in order]
    band = Band(part.band.low[order], part.band.middle[order], part.band.high[order])
    y = np.arange(len(names), 0, -1, dtype=float)
    outside = band.outside(own)
    lines = ax.hlines(y, band.low, band.high, color=muted_on(ax), linewidth=1.6, zorder=2)
    for chosen, colour, mark in ((~outside, accent_on(ax), "o"), (outside, second_on(ax), "D")):
        ax.scatter(own[chosen], y[chosen], s=20, color=colour, marker=mark, linewidths=0, zorder=3)
    name_y(ax, y, names)
    ax.set_ylim(0.2, len(names) + 0.8)
    label_x(ax, value)
    label_y(ax, _by(found, words))
    if with_legend:
        legend(ax, [_dot(ax), lines], ["data", f"{level_in_words(found.level)} of simulations"])
    return band_frame("", y, own, band, names)


def _dot(ax: Axes) -> Any:
    return ax.scatter([], [], s=20, color=accent_on(ax), linewidths=0)


def _with(frame: pd.DataFrame, found: SimulatedData, note: str) -> pd.DataFrame:
    frame.attrs.update(n=found.n, level=found.level, seed=found.seed, note=note)
    return frame


def _joined(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    import pandas as pd

    return pd.concat(frames, ignore_index=True)
