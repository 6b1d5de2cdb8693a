"""What is written around the axes of a picture: titles, notes, labels and names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.present.plots.ink import figure_of, ink_on, label_ink, muted_ink, setting, title_ink
from ranef.present.plots.lettering import (
    broken,
    height_of,
    is_laid_out,
    points,
    room_above,
    room_in,
    room_left_of,
    shortened,
    verbatim,
    width_of,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["head", "label_x", "label_y", "name_x", "name_y", "title", "write"]

_NOTE = "_ranef_note"
_GAP = 5.0  # points between the label of an axis and the note under it
_SMALL = 0.85  # of the size of labels
_OF_WIDTH = 0.92  # of a figure: small letters are wider if it is saved with few pixels
_WIDE = 250.0  # points: axes with room for a note of more than two lines
_WIDEST_NAME = 230.0  # points
_FEWEST_LETTERS = 2.0  # widths of a square letter that names need


def title(ax: Axes, text: str, note: str = "") -> None:
    """A title over the left edge, and a note that tells what is held fixed or left out.

    Both are broken into lines as long as there is room. The note stands in small letters at the
    foot of the figure, or under the label of the x axis if the figure has other axes. If the figure
    does not make room for what stands around its axes, the note is part of the title. It is left
    out if there is not room for it.
    """
    room, size = room_in(ax), points(setting("axes.titlesize"))
    said = broken(text, room, size, ax)
    if is_laid_out(ax):
        if _is_alone(ax):
            _figure_note(ax, note)
        else:
            _caption(ax, note)
    else:
        said, size = _fitted_above(ax, text, note)
    ax.set_title(
        said,
        loc="left",
        color=title_ink(ax),
        fontsize=size,
        pad=6.0,
        parse_math=not verbatim(text),
    )


def _is_alone(ax: Axes) -> bool:
    """Whether the figure has no other axes than bars of colours, and no note of the user's."""
    figure = figure_of(ax)
    others = [one for one in figure.axes if one is not ax and one.get_label() != "<colorbar>"]
    return not others and figure.get_supxlabel() in ("", _noted(figure))


def _noted(figure: Figure) -> str:
    return getattr(figure, _NOTE, "")


def _figure_note(ax: Axes, note: str) -> None:
    """A note in small letters at the foot of the figure, in place of one that is there."""
    figure = figure_of(ax)
    if note or _noted(figure):
        size = _SMALL * points(setting("axes.labelsize"))
        room = _OF_WIDTH * 72.0 * float(figure.get_size_inches()[0])
        lines = broken(note, room, size, ax)
        said = figure.supxlabel(lines, x=0.008, ha="left", color=muted_ink(ax), fontsize=size)
        said.set_parse_math(not verbatim(note))
        setattr(figure, _NOTE, lines)


def _caption(ax: Axes, note: str) -> None:
    for old in [t for t in ax.texts if t.get_gid() == _NOTE]:
        old.remove()
    if not note:
        return
    size, room = _SMALL * points(setting("axes.labelsize")), room_in(ax)
    lines = broken(note, room, size, ax)
    if lines.count("\n") < (4 if room > _WIDE else 2):
        ax.annotate(
            lines,
            (0.0, 0.0),
            (0.0, -_GAP),
            xycoords=("axes fraction", ax.xaxis.label),
            textcoords="offset points",
            fontsize=size,
            color=muted_ink(ax),
            va="top",
            ha="left",
            gid=_NOTE,
            annotation_clip=False,
            parse_math=not verbatim(note),
        )


def _fitted_above(ax: Axes, text: str, note: str) -> tuple[str, float]:
    """Title and note in letters that fit above the axes; the title alone if both do not."""
    room, above = room_in(ax), room_above(ax) - 8.0
    usual = points(setting("axes.titlesize"))
    for said in (f"{text}\n{note}", text) if note else (text,):
        for share in (1.0, 0.85, 0.7):
            size = share * usual
            lines = "\n".join(broken(part, room, size, ax) for part in said.split("\n"))
            if height_of(lines, size) <= above:
                return lines, size
    return broken(text, room, 0.7 * usual, ax), 0.7 * usual


def head(panels: Sequence[Axes], text: str, note: str = "") -> None:
    """A title over several panels of one figure, and a note under them.

    If the figure does not make room, the first panel has both.
    """
    figure = figure_of(panels[0])
    if not is_laid_out(panels[0]) or len(panels) < 2:
        title(panels[0], text, note)
        return
    width = 72.0 * float(figure.get_size_inches()[0]) - 12.0
    size = points(setting("figure.titlesize"))
    figure.suptitle(
        broken(text, width, size, panels[0]),
        x=0.008,
        ha="left",
        color=title_ink(panels[0]),
        fontsize=size,
    )
    _figure_note(panels[0], note)


def label_x(ax: Axes, text: str) -> None:
    """What lies along the x axis: in lines as long as it is, or in one if there is no more room."""
    size, said = points(setting("axes.labelsize")), text
    power = _has_power(ax)  # the power of ten stands at the right end
    room = room_in(ax) * (0.8 if power else 1.0)
    if is_laid_out(ax):
        said = broken(text, room, size, ax)
    else:
        size *= _share(text, 1.15 * room, size, ax)
        said = shortened(text, 1.15 * room, size, ax)
    place: Any = {"loc": "left"} if power else {}
    ax.set_xlabel(said, color=label_ink(ax), fontsize=size, parse_math=not verbatim(text), **place)


def _has_power(ax: Axes) -> bool:
    """Whether the ticks of the x axis have a common power of ten."""
    from matplotlib.ticker import ScalarFormatter

    formatter: Any = ax.xaxis.get_major_formatter()
    if not isinstance(formatter, ScalarFormatter):
        return False
    formatter.set_locs(ax.get_xticks())  # type: ignore[arg-type]
    return bool(formatter.get_offset())


def label_y(ax: Axes, text: str) -> None:
    """What lies along the y axis: in lines as long as it is, or in one if there is no more room."""
    size, said = points(setting("axes.labelsize")), text
    if is_laid_out(ax):
        said = broken(text, room_in(ax, "y"), size, ax)
    else:
        size *= _share(text, 1.15 * room_in(ax, "y"), size, ax)
        said = shortened(text, 1.15 * room_in(ax, "y"), size, ax)
    ax.set_ylabel(said, color=label_ink(ax), fontsize=size, parse_math=not verbatim(text))


def _share(text: str, room: float, size: float, ax: Axes) -> float:
    """Of the size of letters, so that a text fits into `room` points; not less than 0.8."""
    return float(np.clip(room / max(width_of(text, size, ax), 1.0), 0.8, 1.0))


def name_x(ax: Axes, places: Any, names: Sequence[str]) -> None:
    """Names at places of the x axis: broken into lines, shortened or turned if they are long."""
    size = points(setting("xtick.labelsize"))
    room = 0.92 * room_in(ax) / max(len(names), 1)
    lines = [broken(name, room, size, ax) for name in names]
    if all(width_of(line, size, ax) <= room for name in lines for line in name.split("\n")) and (
        max(name.count("\n") for name in lines) < (3 if is_laid_out(ax) else 1)
    ):
        ax.set_xticks(places, lines, parse_math=False)
        return
    if not is_laid_out(ax):
        size *= 0.8
        ax.set_xticks(
            places,
            [shortened(name, room, size, ax) for name in names],
            fontsize=size,
            parse_math=False,
        )
        return
    short = [shortened(name, 110.0, size, ax) for name in names]
    ax.set_xticks(places, short, rotation=35, ha="right", rotation_mode="anchor", parse_math=False)


def name_y(ax: Axes, places: Any, names: Sequence[str], fontsize: float | None = None) -> None:
    """Names at places of the y axis, as long as there is room for them on its left.

    None at all if the figure leaves room for two or three letters only.
    """
    size = fontsize or points(setting("ytick.labelsize"))
    room = _WIDEST_NAME
    if not is_laid_out(ax):
        room = min(room, room_left_of(ax) - 2.5 * points(setting("axes.labelsize")))
    if room < _FEWEST_LETTERS * size:
        ax.set_yticks([])
        return
    short = [shortened(name, room, size, ax) for name in names]
    ax.set_yticks(places, short, fontsize=size, parse_math=False)


def write(
    ax: Axes,
    text: str,
    place: tuple[float, float],
    offset: tuple[float, float] = (0.0, 0.0),
    coordinates: str = "data",
    **options: Any,
) -> Any:
    """Words at a place of the picture, moved by some points; in ink unless told otherwise."""
    return ax.annotate(
        text,
        place,
        offset,
        xycoords=coordinates,
        textcoords="offset points",
        **{"color": ink_on(ax), "annotation_clip": False, **options},
        parse_math=not verbatim(text),
    )
