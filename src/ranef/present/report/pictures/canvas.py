"""A picture of the page: a figure with one look, and what it shows in words."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ranef.errors import MissingLibraryError
from ranef.present.report.pictures.colours import DRAWN, drawing_style
from ranef.present.report.pictures.svg import inline_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "COLOURS",
    "FAINT",
    "GREY",
    "INK",
    "SOFT",
    "apart",
    "direct_labels",
    "note_of",
    "picture",
]

_BY_NAME = {name: shown for shown, name in DRAWN.items()}
INK, GREY = _BY_NAME["--ink"], _BY_NAME["--grey"]
_LINE = 16.0
"""Points from one direct label to the next, and some more for what is not the axes."""
SOFT, FAINT = _BY_NAME["--soft"], _BY_NAME["--faint"]
COLOURS = tuple(_BY_NAME[f"--c{k}"] for k in range(1, 7))


def picture(
    name: str,
    size: tuple[float, float],
    label: str,
    draw: Callable[..., Any],
    panels: int = 1,
) -> str:
    """Draw on axes of the page's look and give the SVG.

    Parameters
    ----------
    name : str
        Of the picture, one word; no other of the page has it.
    size : tuple of float
        Inches: 72 units of the SVG each.
    label : str
        The finding in words.
    draw : callable
        Takes the axes: one, or as many as there are `panels`, side by side.
    panels : int
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingLibraryError(
            "pictures need the library matplotlib", fix="pip install matplotlib"
        ) from error
    # The page has the reader's fonts: it does not matter which signs Matplotlib's own fonts lack.
    with matplotlib.rc_context(drawing_style()), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph", UserWarning)
        figure = Figure(size, layout="constrained")
        drawn = figure.subplots(1, panels, squeeze=False)[0]
        draw(*drawn)
        return inline_svg(figure, name, label)


def note_of(ax: Axes) -> str:
    """The note of a plot, which the page has as a caption; title and note leave the picture."""
    frame: Any = getattr(ax, "data", None)
    ax.set_title("")
    figure = ax.get_figure(root=True)
    if figure is not None:
        figure.supxlabel("")
    return "" if frame is None else str(frame.attrs.get("note", ""))


def direct_labels(ax: Axes) -> None:
    """The names of lines at their right ends, in the place of a legend."""
    legend, figure = ax.get_legend(), ax.get_figure(root=True)
    if legend is None or figure is None:
        return
    handles: list[Any] = list(legend.legend_handles)
    texts = [text.get_text() for text in legend.get_texts()]
    ends = []
    for handle in handles:
        colour = handle.get_color() if hasattr(handle, "get_color") else None
        drawn = [_end_of(line) for line in ax.get_lines() if line.get_color() == colour]
        found = [end for end in drawn if end is not None]
        if not found:
            return  # points and not lines: their legend stays
        ends.append((*found[-1], colour))
    head = legend.get_title().get_text()
    legend.remove()
    low, high = ax.get_ylim()
    height = _LINE / (72.0 * figure.get_figheight()) * (high - low)
    places = apart([y for _, y, _ in ends], height)
    right = max(x for x, _, _ in ends)
    left, edge = ax.get_xlim()
    for (_, _, colour), y, text in zip(ends, places, texts, strict=True):
        said = f"{head} = {text}" if head else text
        ax.annotate(
            said,
            (right, y),
            xytext=(5.0, 0.0),
            textcoords="offset points",
            va="center",
            color=colour,
            annotation_clip=False,
        )
    ax.set_xlim(left, edge)


def _end_of(line: Any) -> tuple[float, float] | None:
    """The last point of a line; None for a pair of points, as in a legend."""
    places = line.get_xydata()
    return (float(places[-1][0]), float(places[-1][1])) if len(places) > 2 else None


def apart(places: Sequence[float], least: float) -> list[float]:
    """The places moved as little as makes neighbours `least` apart.

    >>> apart([1.0, 5.0], 1.0), apart([1.0, 1.0], 1.0)
    ([1.0, 5.0], [0.5, 1.5])
    """
    order = sorted(range(len(places)), key=lambda k: places[k])
    blocks: list[tuple[float, list[int]]] = []
    for k in order:
        blocks.append((places[k], [k]))
        while len(blocks) > 1:
            (a, left), (b, right) = blocks[-2], blocks[-1]
            room = least * (len(left) + len(right)) / 2.0
            if b - a >= room - 1e-12:
                break
            both = [*left, *right]
            middle = sum(places[i] for i in both) / len(both)
            blocks[-2:] = [(middle, both)]
    out = list(places)
    for middle, members in blocks:
        for step, i in enumerate(members):
            out[i] = middle + least * (step - (len(members) - 1) / 2.0)
    return out
