"""How far partial pooling draws each group towards the population."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.errors import OptionError
from ranef.formula.naming import column_of, factors
from ranef.inference.no_pooling import NoPooling, no_pooling
from ranef.options import name_list
from ranef.present.plots.choice import choose_group, choose_term, codes_of
from ranef.present.plots.ink import (
    accent_on,
    ground_of,
    ink_on,
    muted_on,
    quiet_on,
    second_on,
    setting,
)
from ranef.present.plots.lettering import points, shortened
from ranef.present.plots.panels import with_data
from ranef.present.plots.style import axes, check_axes, label_x, label_y, legend, title, write
from ranef.present.plots.wording import words_of
from ranef.present.protocol import FittedModel
from ranef.types import INTERCEPT, Array

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Places = NDArray[np.intp]

__all__ = ["shrinkage"]

_MOST_GROUPS = 1000
_NAMED = 20
"""Groups that are named on the picture."""
_FAR = 2.5
"""Times as wide as what nearly all groups take up."""


def shrinkage(
    model: FittedModel,
    group: str | None = None,
    ax: Axes | None = None,
    terms: Sequence[str] | None = None,
    labels: Mapping[str, str] | None = None,
) -> Axes:
    """Draw each group's estimate without pooling and its conditional mode, joined by a line.

    Parameters
    ----------
    model : FittedModel
        A linear model.
    group : str, optional
        The grouping factor; by default the first that is not nested in another one.
    ax : Axes, optional
    terms : sequence of str, optional
        One or two of its random effects; the first two by default. Two are drawn against each
        other, one against the size of the group.
    labels : mapping of str to str, optional
        Words by name.

    Returns
    -------
    Axes
        Both are deviations from the population; ``data`` has them. Without pooling: the
        least-squares fit of the group's own rows, given the fixed effects and the other grouping
        factors. Groups with too few rows for it are left out.

    Raises
    ------
    OptionError
        A generalised model, or effects that it does not have.
    """
    if not model._has_residual:
        raise OptionError(
            "shrinkage is drawn for linear models only",
            where=model.formula,
            found="a generalised model: groups of equal responses have no estimate of their own",
            fix="fit.plot.caterpillar() draws the conditional modes",
        )
    check_axes(ax)
    words = words_of(model, labels)
    group = choose_group(model, group)
    modes = model.ranef(condvar=False)[group]
    drawn = _effects(model, group, terms, list(map(str, modes.columns)))
    found = _without_pooling(model, group, modes)
    usable = np.isfinite(found.effects).all(axis=1)
    if not usable.any():
        raise OptionError(
            f"no level of {group!r} has rows enough for an estimate of its own",
            where=model.formula,
        )
    step = -(-int(usable.sum()) // _MOST_GROUPS)
    rows = np.flatnonzero(usable)[::step]
    places = [list(modes.columns).index(name) for name in drawn]
    frame = _frame(modes, found, rows, drawn, places, group)
    before, after = (v[rows][:, places] for v in (found.effects, modes.to_numpy(dtype=float)))
    equal = np.ptp(found.rows[rows]) == 0.0
    if len(places) == 1:
        beside = np.argsort(np.argsort(after[:, 0])) + 1.0 if equal else found.rows[rows]
        before, after = (np.column_stack([v[:, 0], beside]) for v in (before, after))
    ax = axes(ax, (7.4, 4.9))
    _draw(ax, before, after, both=len(places) > 1)
    beyond = _look_at_most(ax, before, after)
    if len(rows) <= _NAMED:
        _name(ax, before, after, [str(level) for level in modes.index[rows]])
    label_x(ax, f"{words.coefficient(drawn[0])}: deviation from the population")
    if len(places) > 1:
        label_y(ax, f"{words.coefficient(drawn[1])}: deviation from the population")
    elif equal:
        label_y(ax, f"{words.group(group)}, in order")
    else:
        label_y(ax, f"Rows of each {words.group(group)}")
    note = _note(len(modes), int(usable.sum()), len(rows), beyond)
    title(ax, f"Shrinkage of {words.group(group)}", note)
    frame.attrs["note"] = note
    return with_data(ax, frame)


def _effects(
    model: FittedModel, group: str, terms: Sequence[str] | None, known: list[str]
) -> list[str]:
    if terms is None:
        return known[:2]
    names = name_list("terms", terms, "random effect")
    drawn = [choose_term(model, group, name) for name in names]
    if len(drawn) > 2 or len(set(drawn)) < len(drawn):
        raise OptionError(
            "terms are one random effect, or two different ones",
            found=", ".join(names),
            fix=f"name one or two of {', '.join(known)}",
        )
    return drawn


def _note(levels: int, usable: int, drawn: int, beyond: int) -> str:
    parts = ["Lines join the two estimates of a group."]
    if drawn < usable:
        parts.append(f"{drawn:,} of {usable:,} groups are drawn.")
    if usable < levels:
        few = levels - usable
        verb = "is" if few == 1 else "are"
        parts.append(f"{few:,} with too few rows {verb} left out.")
    if beyond:
        lies = "lies" if beyond == 1 else "lie"
        parts.append(f"{beyond:,} estimates without pooling {lies} beyond the axes.")
    return " ".join(parts)


def _look_at_most(ax: Axes, before: Array, after: Array) -> int:
    """Leave estimates that are far out beyond the axes; how many those are."""
    outside = np.zeros(len(before), dtype=bool)
    axes_of: tuple[Any, ...] = (ax.set_xlim, ax.set_ylim)
    for k, look in enumerate(axes_of):
        low, high = np.quantile(before[:, k], (0.01, 0.99))
        low, high = min(low, after[:, k].min()), max(high, after[:, k].max())
        margin = 0.15 * (high - low)
        if np.ptp(before[:, k]) > _FAR * (high - low):
            low, high = low - margin, high + margin
            look(low, high)
            outside |= (before[:, k] < low) | (before[:, k] > high)
    return int(outside.sum())


def _name(ax: Axes, before: Array, after: Array, names: list[str]) -> None:
    """Names beside the estimates without pooling, on the side that the lines do not go to."""
    size = 0.8 * points(setting("font.size"))
    for one, other, name in zip(before, after, names, strict=True):
        right = one[0] >= other[0]
        made = write(ax, shortened(name, 70.0, size, ax), tuple(one), (4.0 if right else -4.0, 0.0))
        made.set(fontsize=size, color=muted_on(ax), ha="left" if right else "right", va="center")


def _frame(
    modes: pd.DataFrame,
    found: NoPooling,
    rows: Places,
    drawn: list[str],
    places: list[int],
    group: str,
) -> pd.DataFrame:
    """What is drawn: the level, its rows, the effect, and its estimate in both ways."""
    import pandas as pd

    parts = [
        pd.DataFrame(
            {
                group: modes.index[rows],
                "rows": found.rows[rows].astype(int),
                "effect": name,
                "no_pooling": found.effects[rows, place],
                "partial_pooling": modes.to_numpy(dtype=float)[rows, place],
            }
        )
        for name, place in zip(drawn, places, strict=True)
    ]
    return pd.concat(parts, ignore_index=True)


def _draw(ax: Axes, before: Array, after: Array, both: bool) -> None:
    from matplotlib.collections import LineCollection

    width = float(np.clip(80.0 / len(before), 0.35, 0.9))
    dots = float(np.clip(2400.0 / len(before), 4.0, 22.0))
    open_dots = ax.scatter(
        before[:, 0],
        before[:, 1],
        s=dots,
        facecolors=[ground_of(ax)],
        edgecolors=second_on(ax),
        linewidths=0.8,
        zorder=2,
    )
    full_dots = ax.scatter(
        after[:, 0], after[:, 1], s=dots, color=accent_on(ax), linewidths=0, zorder=3
    )
    joins = np.stack([before, after], axis=1)
    ax.add_collection(
        LineCollection(list(joins), colors=[quiet_on(ax)], linewidths=width, zorder=1)
    )
    handles, names = [open_dots, full_dots], ["no pooling", "partial pooling"]
    if both:
        handles.append(
            ax.scatter([0], [0], marker="+", s=90, color=ink_on(ax), linewidths=1.4, zorder=4)
        )
        names.append("population")
    else:
        ax.axvline(0.0, color=muted_on(ax), linewidth=0.8, zorder=0)
    legend(ax, handles, names)


def _without_pooling(model: FittedModel, group: str, modes: pd.DataFrame) -> NoPooling:
    """Estimates without pooling; a model that has no design is read from its frame."""
    if hasattr(model, "_without_pooling"):
        return model._without_pooling(group)
    data = model.model_frame()
    codes, names = codes_of(data, group)
    known = {level: k for k, level in enumerate(modes.index.astype(str))}
    place = np.array([known[name] for name in names], dtype=np.int32)
    residuals = np.asarray(model.residuals("response"), dtype=float)
    Z = np.column_stack([_column(data, str(name)) for name in modes.columns])
    return no_pooling(Z, place[codes], residuals, modes.to_numpy(dtype=float))


def _column(data: pd.DataFrame, name: str) -> Array:
    if name == INTERCEPT:
        return np.ones(len(data))
    column = column_of(name) if len(factors(name)) == 1 else None
    return np.asarray(data[column or name], dtype=float)
