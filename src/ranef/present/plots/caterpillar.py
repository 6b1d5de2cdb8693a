"""Conditional modes of one random effect, sorted, with their intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ranef.present.plots.choice import choose_group, choose_term
from ranef.present.plots.ink import accent_on, faint_on, ground_of, mixed, muted_on
from ranef.present.plots.style import axes, title
from ranef.present.protocol import FittedModel
from ranef.present.text.names import spell

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["caterpillar"]

_LABELLED = 60
_Z = 1.96


def caterpillar(
    model: FittedModel,
    group: str | None = None,
    term: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the conditional modes with 1.96 conditional standard deviations to each side.

    Parameters
    ----------
    model : FittedModel
    group, term : str, optional
        The first grouping factor and its first term by default.
    ax : Axes, optional

    Returns
    -------
    Axes
        Levels whose interval does not reach zero are coloured. Up to 60 levels are named.

    Raises
    ------
    OptionError
        The model has no such group or term.
    """
    group = choose_group(model, group)
    term = choose_term(model, group, term)
    frame = model.ranef(condvar=True)[group].sort_values(term, kind="stable")
    mode = frame[term].to_numpy(dtype=float)
    half = _Z * frame[f"{term}_sd"].to_numpy(dtype=float)
    n = mode.size
    named = n <= _LABELLED
    ax = axes(ax, (6.4, max(2.4, 0.19 * n + 1.0) if named else 7.0))
    y = np.arange(1, n + 1)
    clear = np.abs(mode) > half
    width = float(np.clip(230.0 / n, 0.2, 1.6))
    dots = float(np.clip(1800.0 / n, 2.0, 22.0))
    ax.axvline(0.0, color=muted_on(ax), linewidth=0.8, zorder=1)
    quiet = mixed(muted_on(ax), ground_of(ax), 0.55)
    for chosen, colour, dot in (
        (~clear, quiet, muted_on(ax)),
        (clear, accent_on(ax), accent_on(ax)),
    ):
        ax.hlines(
            y[chosen],
            (mode - half)[chosen],
            (mode + half)[chosen],
            color=colour,
            linewidth=width,
            rasterized=n > 2000,
            zorder=2,
        )
        ax.scatter(mode[chosen], y[chosen], s=dots, color=dot, linewidths=0, zorder=3)
    ax.set_ylim(0.2, n + 0.8)
    if named:
        ax.set_yticks(y, [str(level) for level in frame.index], fontsize=9)
        ax.grid(axis="y", color=faint_on(ax), linewidth=0.4, alpha=0.6)
        ax.set_ylabel(group)
    else:
        ax.set_ylabel(f"{group}, {n} levels in order")
    ax.set_xlabel(f"{spell(term)}: conditional mode \N{PLUS-MINUS SIGN} {_Z} conditional SD")
    title(ax, f"{group}: {spell(term)}")
    return ax
