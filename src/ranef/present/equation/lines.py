r"""Equations as lines, and lines as rows that fit on a page.

A line has a left side, a relation, and terms. It is broken between terms; a term that is wider than
a page by itself between its factors, and a name between its words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ranef.present.equation.tex import unescaped
from ranef.present.equation.upright import upright
from ranef.present.equation.width import width_of

__all__ = ["CLAUSE", "PAGE", "Line", "PageRow", "page_rows"]

PAGE = 34.0
"""Width of a page in em: 345 points of LaTeX's article class at ten points, less a little."""

CLAUSE = r", \quad "
"""Joins what follows an equation: conditions, and definitions."""

PLUS = " + "
_GAP = r" \quad "
_MOST_LEFT = 0.42  # share of the page
_INDENT = r"\quad "
_BETWEEN = re.compile(r" \\, | (?=\\(?:tau|rho)[_^])")
_TEXT = re.compile(r"\\text\{((?:[^{}]|\{\}|\\[{}])*)\}")


@dataclass(frozen=True, slots=True)
class Line:
    """An equation, or the distribution of something.

    Attributes
    ----------
    left : str
    relation : str
        ``"="`` or ``"\\sim"``.
    terms : tuple of str
    joint : str
        What stands between terms: `PLUS` or `CLAUSE`.
    heading : str
        ``"Level 1"`` before the first line of a part, else empty.
    of : str
        In words, the groups of the level that begins here.
    """

    left: str
    relation: str
    terms: tuple[str, ...]
    joint: str = PLUS
    heading: str = ""
    of: str = ""


@dataclass(frozen=True, slots=True)
class PageRow:
    """A row of a page: what stands left of the alignment, and right of it."""

    left: str
    right: str
    heading: str = ""
    of: str = ""


def page_rows(lines: Iterable[Line], page: float = PAGE, headings: bool = True) -> list[PageRow]:
    """Rows that are no wider than `page`, in em.

    `headings` tells whether headings stand left of the alignment too.
    """
    lines = list(lines)
    heads = [_heading(line) if headings else "" for line in lines]
    widths = [width_of(head + line.left) for head, line in zip(heads, lines, strict=True)]
    most = max([w for w in widths if w <= _MOST_LEFT * page], default=0.0)
    most = max(most, *(width_of(head) for head in heads)) if heads else most
    room = page - most
    out: list[PageRow] = []
    for line, width in zip(lines, widths, strict=True):
        out += _rows(line, width <= most + 1e-9, room)
    return out


def _heading(line: Line) -> str:
    return rf"\text{{{line.heading}:}}{_GAP}" if line.heading else ""


def _rows(line: Line, beside: bool, room: float) -> Iterator[PageRow]:
    """The rows of a line; `beside` tells whether its left side stands left of the alignment."""
    start = f"{line.relation} "
    rights = [*_broken(line, room, start if beside else _INDENT + start)]
    if beside:
        yield PageRow(line.left, rights[0], line.heading, line.of)
    else:
        first, *others = _pieces(line.left, room)
        yield PageRow("", first, line.heading, line.of)
        yield from (PageRow("", _INDENT + other) for other in others)
        yield PageRow("", rights[0])
    yield from (PageRow("", right) for right in rights[1:])


def _broken(line: Line, room: float, start: str) -> Iterator[str]:
    """Right sides: terms until the room is full, then the next ones below."""
    again = _INDENT + (r"{} + " if line.joint == PLUS else "")
    row, filled = start, width_of(start)
    empty = True
    # If not all clauses fit into one row, those after the first stand below it.
    below = line.joint == CLAUSE and width_of(start + line.joint.join(line.terms)) > room
    for number, term in enumerate(line.terms):
        last = number == len(line.terms) - 1
        joint = line.joint if not empty else ""
        # A row that another one follows may end in a comma.
        more = width_of(joint + term) + (0.3 if line.joint == CLAUSE and not last else 0.0)
        if filled + more <= room and not (below and number == 1):
            row, filled = row + joint + term, filled + more
            empty = False
            continue
        if not empty:
            yield row + ("," if line.joint == CLAUSE else "")
            row = again
        parts = _pieces(term, room - max(width_of(row), width_of(_INDENT * 2)))
        for part in parts[:-1]:
            yield row + part
            row = _INDENT * 2
        row += parts[-1]
        filled, empty = width_of(row), False
    yield row


def _pieces(term: str, room: float) -> list[str]:
    r"""A term in pieces: between factors, then between the words of names.

    >>> _pieces(r"\beta_{1} \, \text{score}_{i}", 3.0)
    ['\\beta_{1}', '\\text{score}_{i}']
    """
    if width_of(term) <= room:
        return [term]
    out: list[str] = []
    for factor in _factors(term):
        joined = rf"{out[-1]} \, {factor}" if out else factor
        if out and width_of(joined) <= room:
            out[-1] = joined
        else:
            out += _words(factor, room)
    return out


def _factors(term: str) -> list[str]:
    r"""What stands between thin spaces, or blanks before parameters, outside of all brackets."""
    out, depth, start, at = [], 0, 0, 0
    while at < len(term):
        gap = None if depth else _BETWEEN.match(term, at)
        if gap is not None:
            out.append(term[start:at])
            at = start = gap.end()
            continue
        if term[at] == "\\":
            at += 2
            continue
        depth += (term[at] in "{([") - (term[at] in "})]")
        at += 1
    return [*out, term[start:]]


def _words(factor: str, room: float) -> list[str]:
    """A factor whose name is wider than the room, in several texts."""
    names = [] if width_of(factor) <= room else _names(factor)
    if not names:
        return [factor]
    longest = max(names, key=lambda match: width_of(match[0]))
    before, after = factor[: longest.start()], factor[longest.end() :]
    room -= width_of(_INDENT) * 2
    texts = _filled(unescaped(longest[1]), room - width_of(before), room, room - width_of(after))
    pieces = [upright(text) for text in texts]
    return [before + pieces[0], *pieces[1:-1], pieces[-1] + after]


def _names(factor: str) -> list[re.Match[str]]:
    """The texts outside of all braces: those of indices cannot be broken."""
    return [
        match
        for match in _TEXT.finditer(factor)
        if factor.count("{", 0, match.start()) == factor.count("}", 0, match.start())
    ]


def _filled(text: str, first: float, middle: float, last: float) -> list[str]:
    """A text in at least two lines, cut after blanks, hyphens, points and the like."""
    tokens = re.findall(r"[^\s_.:,/()-]*[\s_.:,/()-]*", text)
    lines = [""]
    for token in _short_enough(tokens, min(first, middle, last)):
        room = min(first if len(lines) == 1 else middle, middle if len(lines) == 1 else last)
        if lines[-1] and width_of(upright(lines[-1] + token)) > room:
            lines.append("")
        lines[-1] += token
    return lines if len(lines) > 1 else [lines[0], ""]


def _short_enough(tokens: Sequence[str], room: float) -> Iterator[str]:
    for token in tokens:
        while token and width_of(upright(token)) > room:
            size = max(1, int(len(token) * max(room, 1.0) / width_of(upright(token))))
            yield token[:size]
            token = token[size:]
        if token:
            yield token
