"""Each group's own line along a predictor; of many groups, the bands that hold most lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.formula.naming import column_of, columns_of, factors
from ranef.page.html import escaped
from ranef.page.phrases import whole
from ranef.present.plots.average import average_group
from ranef.present.plots.choice import is_number
from ranef.present.plots.grid import values_along
from ranef.present.plots.response_axis import response_label
from ranef.present.plots.slopes import slopes
from ranef.present.report.blocks import Missing, prose
from ranef.present.report.figures import plain
from ranef.present.report.pictures.canvas import COLOURS, direct_labels, note_of, picture
from ranef.types import INTERCEPT

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from ranef.present.report.material import Material

__all__ = ["lines"]

_MOST_LINES = 200
_BANDS = ((0.05, 0.95, 0.18), (0.25, 0.75, 0.32))
_POINTS = 25
_MOST_VALUES = 4


def lines(material: Material) -> tuple[str, str] | None:
    """The picture and its caption; None if no slope of a number varies between groups."""
    frame = material.frame
    if isinstance(frame, Missing):
        if not _has_slopes(material):
            return None
        raise_missing(material)
    assert not isinstance(frame, Missing)
    found = _slope(material, frame)
    if found is None:
        return None
    group, x = found
    n = material.model.ngroups[group]
    linked = _ordered(material)
    name, factor = material.words.variable(x), material.words.group(group)
    if n > _MOST_LINES or len(columns_of(group)) > 1:
        return _bands(material, frame, group, x, linked)
    by = _by(material, frame, x, columns_of(group)[0])
    notes: list[str] = []

    def draw(ax: Axes) -> None:
        slopes(
            material.model,
            x=x,
            by=by,
            group=group,
            ax=ax,
            scale="link" if linked else "response",
        )
        notes.append(note_of(ax))
        direct_labels(ax)

    coloured = f", coloured by {material.words.variable(by)}" if by else ""
    label = (
        f"Fitted lines of {whole(n)} levels of {factor} along {name}{coloured}"
        f"{_spread(material, group, x)}"
    )
    svg = picture("lines", (5.3, 3.5), label, draw)
    caption = f"Each level of {factor} over its own range of {name}{coloured}."
    return svg, prose(" ".join([caption, *notes]).strip())


def raise_missing(material: Material) -> None:
    """Say why the rows are not there, in the words of the fit."""
    material.model.model_frame()


def _has_slopes(material: Material) -> bool:
    return any(_variable(n) for t in material.model._covariances for n in t.label.names)


def _ordered(material: Material) -> bool:
    distribution = material.model._distribution
    return distribution is not None and distribution.family == "cumulative"


def _variable(name: str) -> str | None:
    """The column whose slope varies: of ``x``, or of ``within(x, g)``."""
    if name == INTERCEPT or len(factors(name)) > 1:
        return None
    if name.startswith("within("):
        return column_of(name.partition("(")[2].partition(",")[0].strip())
    return column_of(name)


def _slope(material: Material, frame: pd.DataFrame) -> tuple[str, str] | None:
    """A grouping factor of one column if there is one, and the number whose slope varies."""
    found = []
    for term in material.model._covariances:
        for name in term.label.names:
            x = _variable(name)
            if x is not None and x in frame.columns and is_number(frame[x]):
                found.append((term.label.factor, x))
                break
    found.sort(key=lambda each: len(columns_of(each[0])) > 1)
    return found[0] if found else None


def _spread(material: Material, group: str, x: str) -> str:
    """How much the slopes differ, as the end of a sentence."""
    for term in material.model._covariances:
        for name, sd in zip(term.label.names, term.sds.tolist(), strict=True):
            if term.label.factor == group and _variable(name) == x:
                return f"; the slopes have a standard deviation of {plain(sd)}"
    return ""


def _by(material: Material, frame: pd.DataFrame, x: str, group: str) -> str | None:
    """A variable of the groups with few values that x has a product with."""
    for name in material.focal:
        parts = factors(name)
        if len(parts) < 2 or not any(_variable(part) == x for part in parts):
            continue
        for part in parts:
            category = material.words.categories.get(part.partition("[")[0])
            column = category.column if category else column_of(part)
            if column in (None, x) or column not in frame.columns:
                continue
            few = frame[column].nunique() <= _MOST_VALUES
            if few and int(frame.groupby(group, observed=True)[column].nunique().max()) == 1:
                return column
    return None


def _bands(
    material: Material, frame: pd.DataFrame, group: str, x: str, linked: bool
) -> tuple[str, str]:
    """The bands that hold half, and nine tenths, of the groups' lines."""
    model = material.model
    modes = model.ranef(condvar=False)[group]
    points = values_along(frame[x], _POINTS)
    centre, from_zero = _line(modes, x, points, frame)
    average = np.asarray(
        average_group(model, frame, {x: points.tolist()}, True)["estimate"], dtype=float
    )
    eta = average[:, None] + centre[None, :] + from_zero
    scale: Any = model._response_scale
    values = eta if linked or model._distribution is None else scale.mean(eta)
    middle = average if linked or model._distribution is None else scale.mean(average)
    name, factor, n = material.words.variable(x), material.words.group(group), len(modes)

    def draw(ax: Axes) -> None:
        for low, high, alpha in _BANDS:
            ends = np.quantile(values, (low, high), axis=1)
            ax.fill_between(points, *ends, color=COLOURS[0], alpha=alpha, linewidth=0.0)
        ax.plot(points, middle, color=COLOURS[0], linewidth=2.0)
        ax.set_xlabel(name)
        ax.set_ylabel(response_label(model, linked, material.words))

    label = (
        f"Bands that hold 50% and 90% of the lines of {whole(n)} levels of {factor} along {name}"
        f"{_spread(material, group, x)}"
    )
    caption = (
        f"The lines of {whole(n)} levels of {factor} along {name}: the dark band holds half of "
        "them at each point, the light band nine tenths; thick: the line of an average group."
    )
    return picture("lines", (5.3, 3.5), label, draw), escaped(caption)


def _line(modes: Any, x: str, points: Any, frame: pd.DataFrame) -> tuple[Any, Any]:
    """What each group adds: at zero of its slope, and along the points."""
    centre = np.zeros(len(modes))
    along = np.zeros((len(points), len(modes)))
    for name in map(str, modes.columns):
        own = modes[name].to_numpy(dtype=float)
        if name == INTERCEPT:
            centre = centre + own
        elif _variable(name) == x:
            middle = float(frame[x].mean()) if name.startswith("within(") else 0.0
            along = along + np.outer(points - middle, own)
        elif (other := _variable(name)) in frame.columns and is_number(frame[other]):
            at = 0.0 if name.startswith("within(") else float(frame[other].mean())
            centre = centre + at * own
    return centre, along
