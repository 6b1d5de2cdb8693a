"""Colours of a picture: those of the user's style sheet, readable on the ground they stand on.

Letters and lines take the colours of ``matplotlib.rcParams``. Where Matplotlib's defaults stand,
the look is the project's own: soft black on white, and the palette of Okabe and Ito (2008), which
colour-blind readers can tell apart. Contrast is that of WCAG 2.2, "contrast ratio".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

__all__ = [
    "DARK_PALETTE",
    "PALETTE",
    "READABLE",
    "accent_on",
    "contrast",
    "edge_on",
    "faint_on",
    "figure_of",
    "ground_of",
    "ink_on",
    "is_light",
    "label_ink",
    "margin_of",
    "mixed",
    "muted_ink",
    "muted_on",
    "palette_on",
    "quiet_on",
    "readable",
    "scale_on",
    "second_on",
    "setting",
    "shades_on",
    "tick_ink",
    "title_ink",
]

Rgb: TypeAlias = tuple[float, float, float]

#: Least contrast of letters with their ground (WCAG 2.2, level AA).
READABLE = 4.5
#: Series on a light and on a dark ground (Okabe and Ito 2008), strongest contrast first.
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
DARK_PALETTE = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#d55e00")

_INK, _LIGHT_INK = "#222222", "#e6e6e6"  # in place of pure black and pure white
_MUTED = 0.65


def setting(key: str) -> Any:
    """What the style sheet says: a value of ``matplotlib.rcParams``."""
    import matplotlib

    settings: Any = matplotlib.rcParams
    return settings[key]


def contrast(one: Any, other: Any) -> float:
    """The contrast ratio of two opaque colours, from 1 to 21.

    >>> round(contrast("black", "white"), 3), round(contrast("#777777", "white"), 2)
    (21.0, 4.48)
    """
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def mixed(colour: Any, ground: Any, share: float) -> Rgb:
    """`colour` laid over `ground` with an opacity of `share`."""
    from matplotlib.colors import to_rgb

    pairs = zip(to_rgb(colour), to_rgb(ground), strict=True)
    red, green, blue = (share * c + (1.0 - share) * g for c, g in pairs)
    return red, green, blue


def readable(colour: Any, ground: Any, least: float = READABLE) -> Any:
    """`colour`, or the nearest mixture with black or white whose contrast is `least`.

    >>> readable("#222222", "white")
    '#222222'
    >>> round(contrast(readable("#aaaaaa", "white"), "white"), 1)
    4.5
    """
    if contrast(colour, ground) >= least:
        return colour
    end = "black" if contrast("black", ground) > contrast("white", ground) else "white"
    low, high = 0.0, 1.0  # shares of the end: too little, and enough
    for _ in range(12):
        middle = (low + high) / 2.0
        enough = contrast(mixed(end, colour, middle), ground) >= least
        low, high = (low, middle) if enough else (middle, high)
    return mixed(end, colour, high)


def figure_of(ax: Axes) -> Figure:
    """The whole figure that axes stand on, also if they are those of a part of it."""
    from matplotlib.figure import SubFigure

    figure = ax.figure
    whole: Figure = figure.figure if isinstance(figure, SubFigure) else figure
    return whole


def ground_of(ax: Axes) -> Rgb:
    """What stands behind the data."""
    return _over(ax.get_facecolor(), margin_of(ax))


def margin_of(ax: Axes) -> Rgb:
    """What stands behind titles, labels and ticks: the figure, and the page if that is clear.

    The page is taken to be one on which the style sheet's letters can be read.
    """
    page = "white" if _luminance(setting("text.color")) < 0.4 else "black"
    return _over(figure_of(ax).get_facecolor(), page)


def is_light(ground: Any) -> bool:
    """Whether dark letters are read better than light ones."""
    return contrast("black", ground) > contrast("white", ground)


def ink_on(ax: Axes) -> Any:
    """Letters and lines among the data."""
    return _ink("text.color", ground_of(ax))


def title_ink(ax: Axes) -> Any:
    """The title."""
    given = setting("axes.titlecolor")
    return _ink("text.color" if given == "auto" else "axes.titlecolor", margin_of(ax))


def label_ink(ax: Axes) -> Any:
    """The labels of the axes."""
    return _ink("axes.labelcolor", margin_of(ax))


def tick_ink(ax: Axes, which: str) -> Any:
    """The labels of the ticks; `which` is ``"x"`` or ``"y"``."""
    inherits = setting(f"{which}tick.labelcolor") == "inherit"
    return _ink(f"{which}tick.color" if inherits else f"{which}tick.labelcolor", margin_of(ax))


def muted_ink(ax: Axes) -> Any:
    """Captions: quieter than the title, and readable."""
    return _muted(_ink("text.color", margin_of(ax)), margin_of(ax))


def muted_on(ax: Axes) -> Any:
    """Lines of reference and quiet letters among the data."""
    return _muted(ink_on(ax), ground_of(ax))


def quiet_on(ax: Axes) -> Rgb:
    """Thin lines of single groups and rows: between lines of reference and grids."""
    return mixed(muted_on(ax), ground_of(ax), 0.55)


def edge_on(ax: Axes) -> Any:
    """The spines: quiet letters, or the style sheet's if it has a colour of its own for them."""
    from matplotlib.colors import same_color

    given = setting("axes.edgecolor")
    return muted_ink(ax) if same_color(given, setting("text.color")) else given


def faint_on(ax: Axes) -> Rgb:
    """Grids, bands of reference and other things that are not to be seen first."""
    ground = ground_of(ax)
    return mixed(ink_on(ax), ground, 0.17 if is_light(ground) else 0.26)


def palette_on(ax: Axes) -> list[Any]:
    """Colours of series: those of ``axes.prop_cycle`` if the user has chosen one."""
    from matplotlib import rcParams, rcParamsDefault
    from matplotlib.colors import to_hex

    given, usual = (
        [to_hex(c) for c in rc["axes.prop_cycle"].by_key().get("color", [])]
        for rc in (rcParams, rcParamsDefault)
    )
    if given and given != usual:
        return list(dict.fromkeys(given))
    return list(PALETTE if is_light(ground_of(ax)) else DARK_PALETTE)


def accent_on(ax: Axes) -> Any:
    """The first series, and whatever is drawn in one colour."""
    return palette_on(ax)[0]


def second_on(ax: Axes) -> Any:
    """What stands beside the first series; ink in a palette of one colour."""
    colours = palette_on(ax)
    return colours[1] if len(colours) > 1 else ink_on(ax)


def shades_on(ax: Axes) -> Colormap:
    """Counts: from just seen to ink."""
    from matplotlib.colors import LinearSegmentedColormap

    ground, ink = ground_of(ax), ink_on(ax)
    return LinearSegmentedColormap.from_list("shades", [mixed(ink, ground, s) for s in (0.12, 0.9)])


def scale_on(ax: Axes) -> Colormap:
    """A number as a colour: the part of ``image.cmap`` that stands out from the ground."""
    import numpy as np
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    whole = colormaps[setting("image.cmap")](np.linspace(0.0, 1.0, 256))
    ground = ground_of(ax)
    seen = [colour for colour in whole if contrast(colour[:3], ground) >= 1.6]
    return ListedColormap(seen if len(seen) >= 64 else list(whole))


def _ink(key: str, ground: Rgb) -> Any:
    """A colour of the style sheet; soft in place of pure black or white, readable in any case."""
    from matplotlib.colors import to_rgb

    given = setting(key)
    if _plain(given):
        soft = _INK if to_rgb(given) == (0.0, 0.0, 0.0) else _LIGHT_INK
        other = _LIGHT_INK if soft == _INK else _INK
        given = soft if contrast(soft, ground) >= contrast(other, ground) else other
    return readable(given, ground)


def _muted(ink: Any, ground: Rgb) -> Any:
    return readable(mixed(ink, ground, _MUTED), ground)


def _plain(colour: Any) -> bool:
    """Whether a colour says no more than dark or light."""
    from matplotlib.colors import to_rgb

    return to_rgb(colour) in ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


def _over(colour: Any, ground: Any) -> Rgb:
    """A colour that may be transparent, on its ground."""
    from matplotlib.colors import to_rgba

    *_, opacity = to_rgba(colour)
    return mixed(colour, ground, opacity)


def _luminance(colour: Any) -> float:
    from matplotlib.colors import to_rgb

    linear = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour))
    red, green, blue = linear
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
