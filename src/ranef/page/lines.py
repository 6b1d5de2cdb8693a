"""The width of the page, and the paragraphs and names broken to it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ranef.page.cells import cells, chopped

__all__ = ["broken_name", "page_width", "paragraph", "pieces"]

WIDEST = 100  # longer lines are hard to read
NARROWEST = 40


def page_width() -> int:
    """Columns of text: those of the terminal, from 40 to 100; 100 where there is no terminal.

    The environment variable COLUMNS goes before the terminal, as in other programs.
    """
    from shutil import get_terminal_size  # a fit needs no page

    return max(NARROWEST, min(WIDEST, get_terminal_size((WIDEST, 24)).columns))


def paragraph(
    text: str,
    first: str = "",
    rest: str = "",
    *,
    width: int = 0,
    whole_words: bool = False,
    drop_whitespace: bool = True,
) -> list[str]:
    """Lines of at most `width` cells of a terminal, the page's by default.

    Parameters
    ----------
    text : str
    first, rest : str
        What the first and the other lines start with.
    whole_words : bool
        Whether a word that is longer than a line stays whole, as code has to.

    Examples
    --------
    >>> paragraph("one two three", "- ", "  ", width=10)
    ['- one two', '  three']
    """
    from ranef.page.wrapping import wrapped  # a fit needs no page

    return wrapped(text, width or page_width(), first, rest, not whole_words, drop_whitespace)


def broken_name(name: str, width: int) -> list[str]:
    """A name in lines of at most `width` cells, cut after ``:``, ``|`` or a space if it has one.

    Nothing of it is left out, so that two names never look the same.

    Examples
    --------
    >>> broken_name("condition[T.late]:order[T.second]", 20)
    ['condition[T.late]:', '  order[T.second]']
    >>> broken_name("ses:sector", 20)
    ['ses:sector']
    """
    lines, line, room = [], "", width
    for piece in (part for own in pieces(name) for part in _short(own, max(1, width - 2))):
        if line and cells(line) + cells(piece.rstrip()) > room:
            lines.append(line.rstrip())
            line, room = "", width - 2
        line += piece
    lines.append(line)
    return [lines[0], *(f"  {line}" for line in lines[1:])]


def pieces(name: str) -> list[str]:
    """A name cut where it may be broken: after each ``:``, ``|`` and space.

    >>> pieces("sex[T.F]:age in years")
    ['sex[T.F]:', 'age ', 'in ', 'years']
    """
    return [piece for piece in re.split(r"(?<=[:| ])", name) if piece]


def _short(piece: str, width: int) -> Iterable[str]:
    """A piece in parts of at most `width` cells, cut after a ``_`` or a ``.`` if it has one."""
    while len(piece) > 1 and cells(piece) > width:
        first = chopped(piece, width)[0]
        end = 1 + max(first.rfind("_"), first.rfind("."))
        end = end if 2 * end > len(first) else len(first)
        yield piece[:end]
        piece = piece[end:]
    yield piece
