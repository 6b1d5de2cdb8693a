"""The shapes of SVG: paths shortened to one decimal, and put together where they look alike."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

__all__ = ["SvgPath", "dot_radius", "moved", "number", "parse", "text_of"]

_TOKEN = re.compile(r"[MLCQZz]|-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
_ARGUMENTS = {"M": 2, "L": 2, "Q": 4, "C": 6, "Z": 0}
_ROUND = 0.02  # relative difference of the two radii of a dot


@dataclass(frozen=True, slots=True)
class SvgPath:
    """A path as commands with absolute places.

    Attributes
    ----------
    commands : tuple of (str, tuple of float)
        ``"M"``, ``"L"``, ``"Q"``, ``"C"`` with their numbers, and ``"Z"``.
    """

    commands: tuple[tuple[str, tuple[float, ...]], ...] = field(repr=False)


def number(x: float) -> str:
    """A number with one decimal at most.

    >>> number(12.04), number(-0.04), number(3.25), number(0.5)
    ('12', '0', '3.2', '.5')
    """
    text = f"{x:.1f}".removesuffix(".0")
    if text in ("-0", "0"):
        return "0"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def parse(text: str) -> SvgPath:
    """The path in an attribute ``d`` that Matplotlib has written."""
    tokens = _TOKEN.findall(text)
    commands: list[tuple[str, tuple[float, ...]]] = []
    k = 0
    while k < len(tokens):
        letter = tokens[k].upper()
        size = _ARGUMENTS[letter]
        commands.append((letter, tuple(map(float, tokens[k + 1 : k + 1 + size]))))
        k += 1 + size
    return SvgPath(tuple(commands))


def moved(path: SvgPath, x: float, y: float) -> SvgPath:
    """The path elsewhere."""
    return SvgPath(
        tuple(
            (letter, tuple(v + (y if k % 2 else x) for k, v in enumerate(values)))
            for letter, values in path.commands
        )
    )


def dot_radius(path: SvgPath) -> float | None:
    """The radius of a disc about the origin; None for another shape."""
    if len(path.commands) < 5 or any(letter not in "MCZ" for letter, _ in path.commands):
        return None
    ends = [values[-2:] for _, values in path.commands if values]
    wide = max(abs(x) for x, _ in ends)
    high = max(abs(y) for _, y in ends)
    if wide == 0.0 or abs(wide - high) > _ROUND * wide:
        return None
    return wide


def text_of(path: SvgPath) -> str:
    """The attribute ``d``: one decimal, each place relative to the one before.

    >>> text_of(parse("M 0 0 L 10 0 L 10 5.04 z"))
    'M0 0h10v5z'
    """
    out: list[str] = []
    before, start = (0.0, 0.0), (0.0, 0.0)
    for letter, values in path.commands:
        if letter == "Z":
            out.append("z")
            before = start
            continue
        here = tuple(round(v, 1) for v in values)
        end = (here[-2], here[-1])
        if letter == "M":
            out.append(f"M{number(end[0])}{_joined((end[1],))}")
            start = end
        elif letter == "L":
            out.append(_line(end[0] - before[0], end[1] - before[1]))
        else:
            steps = tuple(v - before[k % 2] for k, v in enumerate(here))
            out.append(letter.lower() + _joined(steps).lstrip())
        before = end
    return "".join(out)


def _line(dx: float, dy: float) -> str:
    across, down = number(dx), number(dy)
    if across == "0" and down == "0":
        return "h0"
    if down == "0":
        return f"h{across}"
    if across == "0":
        return f"v{down}"
    return f"l{across}{_joined((dy,))}"


def _joined(values: tuple[float, ...]) -> str:
    """Numbers one after the other; a minus sign separates as well as a space."""
    return "".join(text if (text := number(v)).startswith("-") else f" {text}" for v in values)
