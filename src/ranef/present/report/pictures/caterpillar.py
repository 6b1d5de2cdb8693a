"""The levels of a grouping factor in order, each with its interval, lying on their side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.diagnose.words import join
from ranef.page.html import escaped
from ranef.page.phrases import whole
from ranef.present.report.figures import plain
from ranef.present.report.pictures.canvas import COLOURS, GREY, SOFT, picture
from ranef.types import INTERCEPT, Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ranef.present.report.material import Material

__all__ = ["caterpillar", "effects_of"]

_Z = 1.959964
_EACH = 400
"""Levels up to which each has a line of its own; of more, a band is drawn."""
_NAMED = 40
_EXTREMES = 3


def effects_of(material: Material, group: str) -> list[str]:
    """The effects of a grouping factor that vary, the intercept first."""
    frame = material.model.ranef(condvar=True)[group]
    names = [name for name in map(str, frame.columns) if f"{name}_sd" in frame.columns]
    here = [name for name in names if np.any(frame[name].to_numpy(dtype=float) != 0.0)]
    return sorted(here, key=lambda name: name != INTERCEPT)


def caterpillar(material: Material, group: str, term: str) -> tuple[str, str] | None:
    """The picture of one effect of a grouping factor, and its caption.

    Returns
    -------
    tuple of str, or None
        SVG, and HTML; None if there are no levels to put in order.
    """
    frame = material.model.ranef(condvar=True)[group].sort_values(term, kind="stable")
    mode = frame[term].to_numpy(dtype=float)
    half = _Z * frame[f"{term}_sd"].to_numpy(dtype=float)
    n = mode.size
    if n < 2 or not np.isfinite(mode).all():
        return None
    names = [str(level) for level in frame.index]
    clear = np.abs(mode) > half
    effect, factor = material.words.effect(term), material.words.group(group)
    label = (
        f"{_capital(effect)} of {whole(n)} levels of {factor} in order, from "
        f"{plain(mode[0])} ({names[0]}) to {plain(mode[-1])} ({names[-1]}); the 95% intervals of "
        f"{whole(int(clear.sum()))} exclude zero"
    )
    each = n <= _EACH

    def draw(ax: Axes) -> None:
        ax.axhline(0.0, color=GREY, linewidth=0.7, zorder=1)
        (_levels if each else _band)(ax, mode, half, clear)
        ax.set_xlim(0.2 if each else 1.0, n + (0.8 if each else 0.0))
        ax.spines["bottom"].set_visible(False)
        if n <= _NAMED and max(map(len, names)) * n <= 150:
            ax.set_xticks(np.arange(1, n + 1), names)
            ax.tick_params(axis="x", length=0.0)
        else:
            ax.set_xticks([])
        ax.set_xlabel(f"{whole(n)} levels of {factor}, in order")
        ax.set_ylabel(effect)

    svg = picture(f"cat-{_safe(group)}-{_safe(term)}", (10.6, 2.6), label, draw)
    return svg, _caption(effect, factor, names, clear, each)


def _levels(ax: Axes, mode: Array, half: Array, clear: Any) -> None:
    """A line and a dot for each level; those clear of zero are thicker and coloured."""
    n = mode.size
    x = np.arange(1, n + 1)
    width = float(np.clip(420.0 / n, 0.8, 4.0))
    dots = float(np.clip(700.0 / n, 1.6, 5.0))
    for chosen, colour, dot in ((~clear, SOFT, GREY), (clear, COLOURS[0], COLOURS[0])):
        share = 0.55 if colour == SOFT else 0.75
        ax.vlines(
            x[chosen],
            (mode - half)[chosen],
            (mode + half)[chosen],
            color=colour,
            linewidth=share * width,
        )
        ax.plot(x[chosen], mode[chosen], "o", color=dot, markersize=dots, markeredgewidth=0.0)


def _band(ax: Axes, mode: Array, half: Array, clear: Any) -> None:
    """Smallest and largest ends in even groups of ranks, and the line of the modes."""
    n = mode.size
    pieces = np.array_split(np.arange(n), _EACH)
    x = np.array([piece.mean() + 1.0 for piece in pieces])
    low = np.array([np.median((mode - half)[piece]) for piece in pieces])
    high = np.array([np.median((mode + half)[piece]) for piece in pieces])
    middle = np.array([mode[piece].mean() for piece in pieces])
    most = np.array([clear[piece].mean() >= 0.5 for piece in pieces])
    ax.fill_between(x, low, high, color=SOFT, alpha=0.45, linewidth=0.0)
    ax.fill_between(x, low, high, where=most, color=COLOURS[0], alpha=0.35, linewidth=0.0)
    ax.plot(x, middle, color=COLOURS[0], linewidth=1.8)


def _caption(effect: str, factor: str, names: list[str], clear: Any, each: bool) -> str:
    n, k = len(names), int(clear.sum())
    drawn = (
        "Each level with its 95% interval; coloured and thicker where that excludes zero"
        if each
        else "A band of the 95% intervals of levels of similar rank; coloured where most of them "
        "exclude zero"
    )
    found = f"{whole(k)} of {whole(n)} levels differ clearly from the average"
    text = f"{_capital(effect)} of {factor}. {drawn}: {found}."
    if n > 2 * _EXTREMES:
        low, high = join(names[:_EXTREMES]), join(names[: -_EXTREMES - 1 : -1])
        text += f" Lowest: {low}. Highest: {high}."
    return escaped(text)


def _capital(text: str) -> str:
    """An effect at the start of a sentence; names stay as they are."""
    named = not text.startswith(("intercepts", "slopes of"))
    return text if named else f"{text[:1].upper()}{text[1:]}"


def _safe(name: str) -> str:
    """Letters and digits of a name, for an id."""
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in name)
