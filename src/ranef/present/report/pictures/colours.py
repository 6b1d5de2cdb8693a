"""Colours of pictures: drawn in those of a light page, shown in the variables of any page."""

from __future__ import annotations

from typing import Any

__all__ = ["DRAWN", "css_colour", "drawing_style"]

DRAWN = {
    "#ffffff": "--paper",
    "#1d2126": "--ink",
    "#5c6570": "--mute",
    "#7a828c": "--grey",
    "#b9bfc6": "--soft",
    "#dfe3e7": "--faint",
    "#0067a8": "--c1",
    "#b84a00": "--c2",
    "#007a57": "--c3",
    "#a8488f": "--c4",
    "#8a5a00": "--c5",
    "#5b5fc7": "--c6",
}
"""What is drawn, and the variable of the style sheet that takes its place."""

GREYS = ("--ink", "--mute", "--grey", "--soft", "--faint", "--paper")
NEUTRAL = 24
"""Difference of the largest and the smallest part of a colour up to which it is a grey."""


def css_colour(text: str) -> str:
    """A colour of a picture as the page writes it: a variable of the style sheet.

    A colour that is none of those in `DRAWN` becomes the nearest one, greys among greys.

    >>> css_colour("#0067a8"), css_colour("#0072b2"), css_colour("#222222"), css_colour("none")
    ('var(--c1)', 'var(--c1)', 'var(--ink)', 'none')
    """
    if not text.startswith("#"):
        return text
    own = _rgb(text)
    grey = max(own) - min(own) <= NEUTRAL
    known = [(name, _rgb(shown)) for shown, name in DRAWN.items() if (name in GREYS) == grey]
    nearest = min(known, key=lambda each: _distance(own, each[1]))
    return f"var({nearest[0]})"


def _rgb(text: str) -> tuple[int, int, int]:
    digits = text.removeprefix("#")
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)


def _distance(a: tuple[int, int, int], b: tuple[int, int, int]) -> int:
    return sum((x - y) ** 2 for x, y in zip(a, b, strict=True))


def drawing_style() -> Any:
    """Settings of Matplotlib under which pictures of the report are drawn, whatever the user's."""
    from cycler import cycler

    by_name = {name: shown for shown, name in DRAWN.items()}
    ink, mute = by_name["--ink"], by_name["--mute"]
    palette = [by_name[f"--c{k}"] for k in range(1, 7)]
    return {
        "axes.edgecolor": by_name["--grey"],
        "axes.facecolor": by_name["--paper"],
        "axes.grid": False,
        "axes.labelcolor": ink,
        "axes.labelsize": 10.0,
        "axes.linewidth": 0.8,
        "axes.prop_cycle": cycler(color=palette),
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlecolor": ink,
        "axes.titlelocation": "left",
        "axes.titlesize": 10.0,
        "axes.unicode_minus": True,
        "figure.constrained_layout.h_pad": 0.02,
        "figure.constrained_layout.w_pad": 0.02,
        "figure.dpi": 72.0,
        "figure.facecolor": by_name["--paper"],
        "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans"],
        "font.size": 9.5,
        "grid.color": by_name["--faint"],
        "legend.frameon": False,
        "lines.linewidth": 1.6,
        "svg.fonttype": "none",
        "svg.hashsalt": "ranef",
        "text.color": ink,
        "text.parse_math": False,
        "text.usetex": False,
        "xtick.color": mute,
        "xtick.labelcolor": ink,
        "xtick.labelsize": 9.5,
        "ytick.color": mute,
        "ytick.labelcolor": ink,
        "ytick.labelsize": 9.5,
    }
