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
    setting,
    tick_ink,
    title_ink,
)
from ranef.present.plots.lettering import broken, is_laid_out, points, room_in, verbatim
from ranef.present.plots.titles import head, label_x, label_y, name_x, name_y, title, write

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "axes",
    "check_axes",
    "grid",
    "head",
    "is_laid_out",
    "label_x",
    "label_y",
    "legend",
    "name_x",
    "name_y",
    "panel_axes",
    "pyplot",
    "title",
    "write",
]


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
        return [_styled(_checked(one)) for one in given]
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
        _checked(ax)


def _checked(ax: object) -> Axes:
    from matplotlib.axes import Axes

    return instance("ax", ax, Axes, "give Matplotlib axes, as in fig, ax = plt.subplots()")


def grid(ax: Axes, which: str) -> None:
    """Faint lines across the ``"x"`` or ``"y"`` axis; a style sheet that has a grid keeps it."""
    if not setting("axes.grid"):
        ax.grid(axis=which, color=faint_on(ax), linewidth=0.6)  # type: ignore[arg-type]


def legend(
    ax: Axes, handles: Sequence[Any], labels: Sequence[str], head: str = "", within: str = ""
) -> Any:
    """What the colours mean: beside the axes if the figure makes room for it, else within.

    Only a figure with a layout of its own, as ``layout="constrained"``, makes room. `within` is a
    place for a legend that stands within the axes in any figure.
    """
    beside = is_laid_out(ax) and not within
    room = max(0.45 * room_in(ax), 130.0) if beside else 0.62 * room_in(ax)
    size: float = points("medium")
    if not beside:
        size *= float(np.clip(room_in(ax) / 260.0, 0.75, 0.9))
    place: dict[str, Any] = {"loc": within or "best", "framealpha": 0.8, "facecolor": ground_of(ax)}
    if beside:
        place = {"loc": "center left", "bbox_to_anchor": (1.01, 0.5), "frameon": False}
    made = ax.legend(
        handles,
        [broken(label, room, size, ax) for label in labels],
        title=broken(head, room, size, ax) or None,
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
