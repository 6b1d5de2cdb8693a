"""The look shared by all plots: quiet, legible, in the fonts and colours of the style sheet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.errors import MissingLibraryError, OptionError
from ranef.options import instance, shown
from ranef.present.plots.ink import (
    edge_on,
    faint_on,
    ground_of,
    ink_on,
    label_ink,
    muted_ink,
    setting,
    tick_ink,
    title_ink,
)
from ranef.present.plots.lettering import (
    broken,
    height_of,
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

__all__ = [
    "axes",
    "check_axes",
    "grid",
    "head",
    "label_x",
    "label_y",
    "legend",
    "name_y",
    "panel_axes",
    "pyplot",
    "title",
    "write",
]

_NOTE = "ranef-note"
_GAP = 5.0  # points between the label of an axis and the note under it
_SMALL = 0.85  # of the size of labels
_WIDEST_NAME = 230.0  # points


def pyplot() -> Any:
    """``matplotlib.pyplot``.

    Raises
    ------
    MissingLibraryError
        Matplotlib is not installed.
    """
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise MissingLibraryError(
            "plots need the library matplotlib", fix="pip install matplotlib"
        ) from error
    return plt


def axes(ax: Axes | None, size: tuple[float, float] = (6.4, 4.4)) -> Axes:
    """`ax` or a new one of `size` inches, with the shared style applied.

    Raises
    ------
    MissingLibraryError
        Matplotlib is not installed.
    """
    if ax is None:
        _, ax = pyplot().subplots(figsize=size, layout="constrained")
    else:
        check_axes(ax)
    return _styled(ax)


def panel_axes(
    count: int,
    ax: Any,
    size: tuple[float, float],
    columns: int = 3,
    **shared: Any,
) -> list[Axes]:
    """`count` axes with the shared style: those given, or new ones, each of `size` inches.

    Parameters
    ----------
    count : int
    ax : Axes, sequence of Axes or None
    size : tuple of float
        Width and height of a panel.
    columns : int
        The most panels in a row.
    **shared
        ``sharex`` and ``sharey``, for new axes.

    Raises
    ------
    MissingLibraryError
        Matplotlib is not installed.
    OptionError
        Another number of axes.
    """
    if ax is not None:
        from matplotlib.axes import Axes

        given = [ax] if isinstance(ax, Axes) else list(np.ravel(np.asarray(ax, dtype=object)))
        if len(given) != count:
            word = "pair of Matplotlib axes" if count == 2 else f"sequence of {count} axes"
            raise OptionError(
                f"ax is a {word}, one for each panel" if count > 1 else "ax is one Matplotlib axes",
                found=f"ax={shown(ax)}" if len(given) == 1 else f"{len(given)} axes",
                fix=f"as in fig, ax = plt.subplots(1, {count})",
            )
        for one in given:
            check_axes(one)
        return [_styled(one) for one in given]
    across = min(count, columns)
    down = -(-count // across)
    figure, made = pyplot().subplots(
        down,
        across,
        figsize=(size[0] * across, size[1] * down),
        layout="constrained",
        squeeze=False,
        **shared,
    )
    every = list(made.ravel())
    for one in every[count:]:
        figure.delaxes(one)
    return [_styled(one) for one in every[:count]]


def _styled(ax: Axes) -> Axes:
    edge = edge_on(ax)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(edge)
    for which in ("x", "y"):
        ax.tick_params(axis=which, color=edge, labelcolor=tick_ink(ax, which))
    for axis in (ax.xaxis, ax.yaxis):
        axis.label.set_color(label_ink(ax))
        axis.get_offset_text().set_color(tick_ink(ax, axis.axis_name))
    ax.set_axisbelow(True)
    return ax


def check_axes(ax: object) -> None:
    """Refuse what is neither None nor Matplotlib axes."""
    if ax is not None:
        from matplotlib.axes import Axes

        instance("ax", ax, Axes, "give Matplotlib axes, as in fig, ax = plt.subplots()")


def grid(ax: Axes, which: str) -> None:
    """Faint lines across the ``"x"`` or ``"y"`` axis; a style sheet that has a grid keeps it."""
    if not setting("axes.grid"):
        ax.grid(axis=which, color=faint_on(ax), linewidth=0.6)  # type: ignore[arg-type]


def title(ax: Axes, text: str, note: str = "") -> None:
    """A title over the left edge, and a note that tells what is held fixed or left out.

    Both are broken into lines as long as the axes are wide. The note stands in small letters under
    the label of the x axis. If the figure does not make room for what stands around its axes, the
    note is part of the title, as long as there is room above.
    """
    room, size = room_in(ax), points(setting("axes.titlesize"))
    said = broken(text, room, size)
    if _is_laid_out(ax):
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


def _caption(ax: Axes, note: str) -> None:
    for old in [t for t in ax.texts if t.get_gid() == _NOTE]:
        old.remove()
    if note:
        size = _SMALL * points(setting("axes.labelsize"))
        ax.annotate(
            broken(note, room_in(ax), size),
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
            lines = "\n".join(broken(part, room, size) for part in said.split("\n"))
            if height_of(lines, size) <= above:
                return lines, size
    return broken(text, room, 0.7 * usual), 0.7 * usual


def head(panels: Sequence[Axes], text: str, note: str = "") -> None:
    """A title over several panels of one figure, and a note under them.

    If the figure does not make room, the first panel has both.
    """
    figure = panels[0].get_figure(root=True)
    if figure is None or not _is_laid_out(panels[0]) or len(panels) < 2:
        title(panels[0], text, note)
        return
    width = 72.0 * float(figure.get_size_inches()[0]) - 12.0
    size = points(setting("figure.titlesize"))
    figure.suptitle(
        broken(text, width, size), x=0.008, ha="left", color=title_ink(panels[0]), fontsize=size
    )
    if note:
        small = _SMALL * points(setting("axes.labelsize"))
        figure.supxlabel(
            broken(note, width, small),
            x=0.008,
            ha="left",
            color=muted_ink(panels[0]),
            fontsize=small,
        )


def label_x(ax: Axes, text: str) -> None:
    """What lies along the x axis: in lines as long as it is, or in one if there is no more room."""
    size, said = points(setting("axes.labelsize")), text
    if _is_laid_out(ax):
        said = broken(text, room_in(ax), size)
    else:
        size *= _share(text, 1.15 * room_in(ax), size)
        said = shortened(text, 1.15 * room_in(ax), size)
    ax.set_xlabel(said, color=label_ink(ax), fontsize=size, parse_math=not verbatim(text))


def label_y(ax: Axes, text: str) -> None:
    """What lies along the y axis: in lines as long as it is, or in one if there is no more room."""
    size, said = points(setting("axes.labelsize")), text
    if _is_laid_out(ax):
        said = broken(text, room_in(ax, "y"), size)
    else:
        size *= _share(text, 1.15 * room_in(ax, "y"), size)
        said = shortened(text, 1.15 * room_in(ax, "y"), size)
    ax.set_ylabel(said, color=label_ink(ax), fontsize=size, parse_math=not verbatim(text))


def _share(text: str, room: float, size: float) -> float:
    """Of the size of letters, so that a text fits into `room` points; not less than 0.8."""
    return float(np.clip(room / max(width_of(text, size), 1.0), 0.8, 1.0))


def name_y(ax: Axes, places: Any, names: Sequence[str], fontsize: float | None = None) -> None:
    """Names at places of the y axis, as long as there is room for them on its left."""
    size = fontsize or points(setting("ytick.labelsize"))
    room = _WIDEST_NAME
    if not _is_laid_out(ax):
        room = min(room, room_left_of(ax) - 2.5 * points(setting("axes.labelsize")))
    short = [shortened(name, max(room, 2.0 * size), size) for name in names]
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


def legend(ax: Axes, handles: Sequence[Any], labels: Sequence[str], head: str = "") -> Any:
    """What the colours mean: beside the axes if the figure makes room for it, else within.

    Only a figure with a layout of its own, as ``layout="constrained"``, makes room.
    """
    beside = _is_laid_out(ax)
    room = 0.45 * room_in(ax) if beside else 0.62 * room_in(ax)
    size: float = points("medium")
    if not beside:
        size *= float(np.clip(room_in(ax) / 260.0, 0.75, 0.9))
    place: dict[str, Any] = {"loc": "best", "framealpha": 0.8, "facecolor": ground_of(ax)}
    if beside:
        place = {"loc": "center left", "bbox_to_anchor": (1.01, 0.5), "frameon": False}
    made = ax.legend(
        handles,
        [broken(label, room, size) for label in labels],
        title=broken(head, room, size) or None,
        fontsize=size,
        title_fontsize=size,
        labelcolor=title_ink(ax) if beside else ink_on(ax),
        edgecolor="none",
        alignment="left",
        **place,
    )
    made.get_title().set_color(title_ink(ax) if beside else ink_on(ax))
    for text in (*made.get_texts(), made.get_title()):
        text.set_parse_math(not verbatim(text.get_text()))
    return made


def _is_laid_out(ax: Axes) -> bool:
    """Whether the figure moves its axes so that what stands around them has room."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine, TightLayoutEngine

    figure = ax.get_figure(root=True)
    engine = None if figure is None else figure.get_layout_engine()
    return isinstance(engine, (ConstrainedLayoutEngine, TightLayoutEngine))
