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
    room_in,
    room_left_of,
    shortened,
    verbatim,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "axes",
    "check_axes",
    "grid",
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
_GAP = 5.0  # points between the axes, the note and the title
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
    """A title over the left edge, with a note in small letters under it.

    Both are broken into lines as long as the axes are wide. The note tells what the picture
    holds fixed or leaves out.
    """
    for old in [t for t in ax.texts if t.get_gid() == _NOTE]:
        old.remove()
    room, pad = room_in(ax), _GAP + 2.0
    if note:
        small = 0.85 * points(setting("axes.labelsize"))
        lines = broken(note, room, small)
        written = write(ax, lines, (0.0, 1.0), (0.0, _GAP), "axes fraction", fontsize=small)
        written.set(color=muted_ink(ax), va="bottom", ha="left", gid=_NOTE)
        pad = _GAP + height_of(lines, small) + 2.0
    size = setting("axes.titlesize")
    ax.set_title(
        broken(text, room, size),
        loc="left",
        color=title_ink(ax),
        pad=pad,
        parse_math=verbatim(text) is False,
    )


def label_x(ax: Axes, text: str) -> None:
    """What lies along the x axis, in lines as long as the axes are wide."""
    said = broken(text, room_in(ax), setting("axes.labelsize"))
    ax.set_xlabel(said, color=label_ink(ax), parse_math=not verbatim(text))


def label_y(ax: Axes, text: str) -> None:
    """What lies along the y axis, in lines as long as the axes are high."""
    said = broken(text, room_in(ax, "y"), setting("axes.labelsize"))
    ax.set_ylabel(said, color=label_ink(ax), parse_math=not verbatim(text))


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
