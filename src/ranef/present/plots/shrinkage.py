"""How far partial pooling draws each group towards the population."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ranef.errors import OptionError
from ranef.formula.naming import column_of, columns_of, factors
from ranef.present.plots.choice import choose_group
from ranef.present.plots.ink import accent_on, ink_on, muted_on, second_on
from ranef.present.plots.style import axes, check_axes, legend, title
from ranef.present.protocol import FittedModel
from ranef.present.text.names import spell
from ranef.types import INTERCEPT, Array

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["shrinkage"]

_MOST_GROUPS = 1000


def shrinkage(model: FittedModel, group: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw each group's estimate without pooling and its conditional mode, joined by a line.

    Parameters
    ----------
    model : FittedModel
        A linear model.
    group : str, optional
        The grouping factor; the first one by default. Its first two terms are drawn, against
        each other; a single term is drawn against the size of the group.
    ax : Axes, optional

    Returns
    -------
    Axes
        Both are deviations from the population. Without pooling: the least-squares fit of the
        group's own rows, given the fixed effects and the other grouping factors. Groups with
        too few rows for it are left out.

    Raises
    ------
    OptionError
        A generalised model, or terms that are not variables of the model.
    """
    if not model._has_residual:
        raise OptionError(
            "shrinkage is drawn for linear models only",
            where=model.formula,
            found="a generalised model: groups of equal responses have no estimate of their own",
            fix="fit.plot.caterpillar() draws the conditional modes",
        )
    check_axes(ax)
    group = choose_group(model, group)
    modes = model.ranef(condvar=False)[group]
    alone, size = _without_pooling(model, group, modes)
    usable = np.isfinite(alone).all(axis=1)
    if not usable.any():
        raise OptionError(
            f"no level of {group!r} has rows enough for an estimate of its own",
            where=model.formula,
        )
    step = -(-int(usable.sum()) // _MOST_GROUPS)
    rows = np.flatnonzero(usable)[::step]
    before, after = alone[rows], modes.to_numpy(dtype=float)[rows]
    names = [spell(str(c)) for c in modes.columns]
    if before.shape[1] == 1:
        counts = size[rows].astype(float)
        before, after = (np.column_stack([v[:, 0], counts]) for v in (before, after))
        names = [names[0], f"Rows of each {group}"]
    ax = axes(ax, (7.4, 4.9))
    width = float(np.clip(80.0 / len(rows), 0.3, 0.9))
    dots = float(np.clip(2400.0 / len(rows), 4.0, 22.0))
    for a, b in zip(before, after, strict=True):
        ax.plot([a[0], b[0]], [a[1], b[1]], color="#c4c4c4", linewidth=width, zorder=1)
    open_dots = ax.scatter(
        before[:, 0],
        before[:, 1],
        s=dots,
        facecolors=ax.get_facecolor(),
        edgecolors=second_on(ax),
        linewidths=0.8,
        zorder=2,
    )
    full_dots = ax.scatter(
        after[:, 0], after[:, 1], s=dots, color=accent_on(ax), linewidths=0, zorder=3
    )
    handles, labels = [open_dots, full_dots], ["no pooling", "partial pooling"]
    if modes.shape[1] > 1:
        handles.append(
            ax.scatter([0], [0], marker="+", s=90, color=ink_on(ax), linewidths=1.4, zorder=4)
        )
        labels.append("population")
    else:
        ax.axvline(0.0, color=muted_on(ax), linewidth=0.8, zorder=0)
    legend(ax, handles, labels)
    ax.set_xlabel(f"{names[0]}: deviation from the population")
    ax.set_ylabel(f"{names[1]}: deviation" if modes.shape[1] > 1 else names[1])
    omitted = f"; {int((~usable).sum())} with too few rows left out" if not usable.all() else ""
    title(ax, f"Shrinkage of {group}{omitted}")
    return ax


def _without_pooling(model: FittedModel, group: str, modes: pd.DataFrame) -> tuple[Array, Array]:
    """Per level the mode plus the least-squares fit of its residuals; and the rows it has.

    The residuals are those of the full fit, so what a level's own rows say beyond its mode is
    their regression on the term's columns.
    """
    data = model.model_frame()
    factor = columns_of(group)
    columns = [_column(data, str(name), model) for name in modes.columns]
    if len(factor) != 1:
        raise OptionError(
            f"{group!r} is not a single variable", fix="name another grouping factor: group='...'"
        )
    Z = np.column_stack(columns)
    residual = np.asarray(model.residuals("response"), dtype=float)
    rows_of = data.groupby(data[factor[0]].astype(str), observed=True).indices
    alone = np.full(modes.shape, np.nan)
    size = np.zeros(len(modes))
    for i, level in enumerate(modes.index.astype(str)):
        rows = np.asarray(rows_of.get(level, []), dtype=int)
        size[i] = rows.size
        if rows.size > Z.shape[1]:
            extra, _, rank, _ = np.linalg.lstsq(Z[rows], residual[rows])
            if rank == Z.shape[1]:
                alone[i] = modes.iloc[i].to_numpy(dtype=float) + extra
    return alone, size


def _column(data: pd.DataFrame, name: str, model: FittedModel) -> Array:
    from pandas.api.types import is_numeric_dtype

    if name == INTERCEPT:
        return np.ones(len(data))
    column = column_of(name) if len(factors(name)) == 1 else None
    if column in data.columns and is_numeric_dtype(data[column]):
        return np.asarray(data[column], dtype=float)
    raise OptionError(
        f"the random effect {name!r} is not a numeric variable of the model",
        where=model.formula,
        fix="draw plot.caterpillar() instead, or make it a column of the data",
    )
