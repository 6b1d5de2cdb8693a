"""Words on a picture: broken into lines or shortened where there is not room for them."""

from __future__ import annotations

import re
import warnings
from functools import lru_cache
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from ranef.present.plots.ink import figure_of, setting

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text

__all__ = [
    "broken",
    "height_of",
    "is_laid_out",
    "points",
    "room_above",
    "room_in",
    "room_left_of",
    "shortened",
    "verbatim",
    "width_of",
]

_MATHEMATICS = re.compile(r"\$[^$]*[\\^{][^$]*\$")
_TICKS = 20.0  # points below axes
_SAFE = 1.03  # the figure may be saved with other pixels
_LINE = 1.25  # heights of letters from line to line


def points(size: str | float) -> float:
    """A font size of the style sheet, as ``"small"``, in points."""
    from matplotlib.font_manager import FontProperties

    return float(FontProperties(size=size).get_size_in_points())


def verbatim(text: str) -> bool:
    r"""Whether dollar signs in a text are dollars, and not around mathematics.

    >>> verbatim("cost ($) by price ($)"), verbatim(r"$\\beta$ of price")
    (True, False)
    """
    return _MATHEMATICS.search(text) is None


def room_in(ax: Axes, which: str = "x") -> float:
    """The length of an axis in points, as the figure stands."""
    box = ax.get_window_extent()
    length = box.width if which == "x" else box.height
    return float(length) * 72.0 / float(figure_of(ax).dpi)


def room_left_of(ax: Axes) -> float:
    """From the axes to the next ones on their left, or to the edge of the figure; in points."""
    figure = figure_of(ax)
    own = ax.get_window_extent()
    ends = [box.x1 for box in _others(ax) if box.y0 < own.y1 and own.y0 < box.y1]
    edge = max([0.0, *(end for end in ends if end <= own.x0)])
    return float((own.x0 - edge) * 72.0 / figure.dpi)


def room_above(ax: Axes) -> float:
    """From the axes to the next ones above, less the ticks of these, or to the edge; in points."""
    figure = figure_of(ax)
    own, scale = ax.get_window_extent(), 72.0 / float(figure.dpi)
    starts = [box.y0 for box in _others(ax) if box.x0 < own.x1 and own.x0 < box.x1]
    above = [start for start in starts if start >= own.y1]
    room = float(min([figure.bbox.y1, *above]) - own.y1) * scale
    return room - (_TICKS if above else 0.0)


def _others(ax: Axes) -> list[Any]:
    figure = figure_of(ax)
    return [other.get_window_extent() for other in figure.axes if other is not ax]


def is_laid_out(ax: Axes) -> bool:
    """Whether the figure moves its axes so that what stands around them has room."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine, TightLayoutEngine

    engine = figure_of(ax).get_layout_engine()
    return isinstance(engine, (ConstrainedLayoutEngine, TightLayoutEngine))


def broken(text: str, room: float, size: str | float, ax: Axes | None = None) -> str:
    """A text in lines of at most `room` points; words longer than that are broken too."""
    if width_of(text, points(size), ax) <= room:
        return text
    each = width_of(text, points(size), ax) / max(len(text), 1)
    most = max(int(room / each), 6)
    for letters in range(most + 6, 5, -1):
        lines = wrap(text, letters, break_on_hyphens=False)
        if letters == 6 or all(width_of(line, points(size), ax) <= room for line in lines):
            return "\n".join(lines)
    return text


def shortened(text: str, room: float, size: str | float, ax: Axes | None = None) -> str:
    """A text that fits into `room` points; what is left out of its middle is an ellipsis."""
    full = points(size)
    if width_of(text, full, ax) <= room:
        return text
    low, high = 1, len(text)  # letters kept: fits, does not
    while high - low > 1:
        middle = (low + high) // 2
        fits = width_of(_cut(text, middle), full, ax) <= room
        low, high = (middle, high) if fits else (low, middle)
    return _cut(text, low)


def height_of(text: str, size: str | float) -> float:
    """The height of some lines in points."""
    return (text.count("\n") + 1) * _LINE * points(size)


def _cut(text: str, letters: int) -> str:
    """The beginning and the end of a text, the beginning longer."""
    end = letters // 3
    return text[: letters - end].rstrip() + "\N{HORIZONTAL ELLIPSIS}" + text[len(text) - end :]


def width_of(text: str, size: float, ax: Axes | None = None) -> float:
    """The width of one line in points, in the style sheet's font and on the figure's pixels."""
    dpi = float(setting("figure.dpi") if ax is None else figure_of(ax).dpi)
    return _SAFE * _measured(text, float(size), dpi, tuple(setting("font.family")))


@lru_cache(maxsize=4096)
def _measured(text: str, size: float, dpi: float, family: tuple[Any, ...]) -> float:
    ruler = _ruler(dpi)
    ruler.set(text=text, fontsize=size, fontfamily=list(family))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # letters that the font lacks are said when it is drawn
        return float(ruler.get_window_extent().width) * 72.0 / dpi


@lru_cache(maxsize=8)
def _ruler(dpi: float) -> Text:
    """A text that is only measured."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(dpi=dpi)
    FigureCanvasAgg(figure)
    return figure.text(0.0, 0.0, "", parse_math=False)
