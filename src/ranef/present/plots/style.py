"""The look shared by all plots: quiet, legible, safe for colour-blind readers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ranef.errors import MissingLibraryError
from ranef.options import instance

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "ACCENT",
    "GREY",
    "INK",
    "PALETTE",
    "SECOND",
    "axes",
    "check_axes",
    "faint_on",
    "ink_on",
    "legend",
    "title",
]

INK = "#222222"
LIGHT_INK = "#e6e6e6"
GREY = "#7a7a7a"
FAINT = "#d9d9d9"
DARK_FAINT = "#404040"
ACCENT = "#0072b2"
SECOND = "#d55e00"
#: Colours for categories (Okabe and Ito 2008), strongest contrast first.
PALETTE = (ACCENT, SECOND, "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


def axes(ax: Axes | None, size: tuple[float, float] = (6.4, 4.4)) -> Axes:
    """`ax` or a new one of `size` inches, with the shared style applied.

    Raises
    ------
    MissingLibraryError
        Matplotlib is not installed.
    """
    if ax is None:
        try:
            import matplotlib.pyplot as plt
        except ImportError as error:
            raise MissingLibraryError(
                "plots need the library matplotlib", fix="pip install matplotlib"
            ) from error
        _, ax = plt.subplots(figsize=size, layout="constrained")
    else:
        check_axes(ax)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    ink = ink_on(ax)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(GREY)
        ax.spines[side].set_linewidth(0.8)
    ax.tick_params(colors=ink, labelsize=10, width=0.8, length=3.5)
    ax.xaxis.label.set(color=ink, fontsize=11)
    ax.yaxis.label.set(color=ink, fontsize=11)
    ax.set_axisbelow(True)
    return ax


def ink_on(ax: Axes) -> str:
    """The colour of letters on these axes: dark on a light ground, light on a dark one."""
    return INK if _is_light(ax) else LIGHT_INK


def faint_on(ax: Axes) -> str:
    """The colour of grids and other lines that are not to be seen first."""
    return FAINT if _is_light(ax) else DARK_FAINT


def _is_light(ax: Axes) -> bool:
    from matplotlib.colors import to_rgb

    red, green, blue = to_rgb(ax.get_facecolor())
    return 0.3 * red + 0.59 * green + 0.11 * blue > 0.4


def check_axes(ax: object) -> None:
    """Refuse what is neither None nor Matplotlib axes."""
    if ax is not None:
        from matplotlib.axes import Axes

        instance("ax", ax, Axes, "give Matplotlib axes, as in fig, ax = plt.subplots()")


def title(ax: Axes, text: str) -> None:
    """A title over the left edge, in the size of the labels."""
    ax.set_title(text, loc="left", fontsize=11.5, color=ink_on(ax), pad=10)


def legend(ax: Axes, handles: Sequence[Any], labels: Sequence[str], head: str = "") -> None:
    """A frameless legend beside the plot, where it hides no data."""
    shown = ax.legend(
        handles,
        labels,
        title=head or None,
        loc="center left",
        bbox_to_anchor=(1.01, 0.5),
        frameon=False,
        fontsize=10,
        title_fontsize=10,
    )
    shown.set_alignment("left")
