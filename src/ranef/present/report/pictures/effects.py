"""The population prediction along a predictor, and what it says in a sentence."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.page.html import minus
from ranef.present.plots.average import average_group
from ranef.present.plots.choice import is_number
from ranef.present.plots.effects import effects
from ranef.present.plots.grid import levels_in_order
from ranef.present.report.blocks import prose
from ranef.present.report.figures import value
from ranef.present.report.pictures.canvas import direct_labels, note_of, picture

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from ranef.present.report.material import Material

__all__ = ["Effect", "effect_picture"]

Effect = tuple[str, str, str]
"""SVG, caption as HTML, sentence."""

_MOST_VALUES = 6


def effect_picture(
    material: Material, frame: pd.DataFrame, x: str, by: str | None, name: str
) -> Effect:
    """The picture of one predictor, with a line for each value of another if they have a product.

    Parameters
    ----------
    material : Material
    frame : DataFrame
        The rows used.
    x, by : str
        Columns.
    name : str
        Of the picture.
    """
    model = material.model
    distribution = model._distribution
    linked = distribution is not None and distribution.family == "cumulative"
    words = material.words
    label_x, label_by = words.variable(x), "" if by is None else words.variable(by)

    notes: list[str] = []

    def draw(ax: Axes) -> None:
        effects(model, x, by=by, ax=ax, scale="link" if linked else "response")
        notes.append(note_of(ax))
        direct_labels(ax)

    said = _sentence(material, frame, x, by, linked)
    shown = f"{material.response}, predicted along {label_x}" + (f" by {label_by}" if by else "")
    label = f"{shown}. {said}" if said else shown
    svg = picture(name, (5.3, 3.5), label, draw)
    caption = f"Predicted {material.response}. {' '.join(notes)}".strip()
    return svg, prose(caption), said


def _sentence(material: Material, frame: pd.DataFrame, x: str, by: str | None, linked: bool) -> str:
    """How far the prediction moves from low to high values, or across the categories."""
    values = [] if by is None else _values(frame[by])
    label_by = "" if by is None else material.words.variable(by)
    moves = []
    numeric = is_number(frame[x])
    if numeric:
        ends = frame[x].quantile([0.1, 0.9], interpolation="nearest")
        points: list[Any] = [float(q) for q in ends]
    else:
        points = levels_in_order(frame[x])
    for each in values or [None]:
        moving: dict[str, Any] = {x: points}
        if by is not None:
            moving[by] = [each] * len(points)
        made = average_group(material.model, frame, moving, linked)["estimate"]
        moves.append(np.asarray(made, dtype=float))
    if any(not np.isfinite(move).any() for move in moves):
        return ""
    what = f"predicted {material.response}"
    if material.model._distribution is not None:
        scale = material.model._response_scale
        what = f"the predicted {scale.predictor if linked else scale.of}"
    name = material.words.variable(x)
    if numeric:
        return _along(name, points, what, moves, values, label_by)
    return _across(name, points, what, moves, values, label_by)


def _along(
    name: str, points: list[Any], what: str, moves: list[Any], values: list[Any], label_by: str
) -> str:
    span = f"From {name} = {_text(points[0])} to {_text(points[1])} (10th and 90th percentile)"
    decimals = _decimals(moves)
    parts = []
    for k, move in enumerate(moves):
        change = round(float(move[1]) - float(move[0]), decimals)
        where = f" where {label_by} = {_text(values[k])}" if values else ""
        low, high = (value(float(end), decimals) for end in move)
        if not change:
            parts.append(f"hardly changes{where}: it is {low}")
            continue
        verb = "rises" if change > 0.0 else "falls"
        parts.append(f"{verb} by {value(abs(change), decimals)}{where}, from {low} to {high}")
    return f"{span} {what} {'; it '.join(parts)}."


def _across(
    name: str, points: list[Any], what: str, moves: list[Any], values: list[Any], label_by: str
) -> str:
    decimals = _decimals(moves)
    parts = []
    for k, move in enumerate(moves):
        low, high = int(np.nanargmin(move)), int(np.nanargmax(move))
        where = f" where {label_by} = {_text(values[k])}" if values else ""
        parts.append(
            f"lowest for {_text(points[low])} ({value(float(move[low]), decimals)}) and highest "
            f"for {_text(points[high])} ({value(float(move[high]), decimals)}){where}"
        )
    return f"By {name}, {what} is {'; it is '.join(parts)}."


def _decimals(moves: list[Any]) -> int:
    """Of predictions in one sentence: three digits of the largest, and two of the differences."""
    every = np.concatenate(moves)
    every = every[np.isfinite(every)]
    largest, spread = float(np.abs(every).max()), float(np.ptp(every))
    least = 2 - math.floor(math.log10(largest)) if largest > 0.0 else 2
    wanted = 1 - math.floor(math.log10(spread)) if spread > 0.0 else 0
    return int(np.clip(max(least, min(wanted, least + 1)), 0, 6))


def _values(column: Any) -> list[Any]:
    """The values that have a line each: those of the plot."""
    distinct = levels_in_order(column)
    if len(distinct) <= _MOST_VALUES:
        return distinct
    return [float(q) for q in column.quantile([0.1, 0.5, 0.9])]


def _text(level: Any) -> str:
    return minus(f"{level:.4g}") if isinstance(level, float) else str(level)
