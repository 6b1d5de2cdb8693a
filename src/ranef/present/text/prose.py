"""Paragraphs for a paper: plain text, HTML and Markdown with letters of statistics in italics."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from ranef.page import paragraph

__all__ = ["Code", "Italic", "Piece", "Prose", "listed"]

_MARKDOWN = re.compile(r"([\\`*_<$#|~^])")


class Italic(str):
    """A piece of text that is set in italics, as *p* is."""

    __slots__ = ()


class Code(str):
    """A piece of text that is a formula or a call."""

    __slots__ = ()


Piece = str
"""Plain text, or one of the two above."""


class Prose(str):
    """A text of paragraphs. It is a plain string, without line breaks inside of a paragraph.

    Shown by itself in a terminal it is wrapped; notebooks and Markdown set statistics in italics.

    Attributes
    ----------
    paragraphs : tuple of tuple of str
        The pieces of each paragraph.

    Examples
    --------
    >>> text = Prose([["An estimate, ", Italic("b"), " = 2."]])
    >>> text, text._repr_markdown_()
    (An estimate, b = 2., 'An estimate, *b* = 2.')
    """

    paragraphs: tuple[tuple[Piece, ...], ...]

    def __new__(cls, paragraphs: Sequence[Sequence[Piece]]) -> Prose:
        made = super().__new__(cls, "\n\n".join("".join(pieces) for pieces in paragraphs))
        made.paragraphs = tuple(tuple(pieces) for pieces in paragraphs)
        return made

    def __getnewargs__(self) -> tuple[tuple[tuple[Piece, ...], ...]]:  # type: ignore[override]
        return (self.paragraphs,)

    def __repr__(self) -> str:
        return "\n\n".join("\n".join(paragraph("".join(p))) for p in self.paragraphs)

    def _repr_html_(self) -> str:
        return "".join(f"<p>{''.join(map(_html, pieces))}</p>" for pieces in self.paragraphs)

    def _repr_markdown_(self) -> str:
        return "\n\n".join("".join(map(_markdown, pieces)) for pieces in self.paragraphs)


def _html(piece: Piece) -> str:
    shown = escape(piece)
    if isinstance(piece, Code):
        return f"<code>{shown}</code>"
    return f"<i>{shown}</i>" if isinstance(piece, Italic) else shown


def _markdown(piece: Piece) -> str:
    if isinstance(piece, Code):
        fence = "``" if "`" in piece else "`"
        space = " " if "`" in piece else ""
        return f"{fence}{space}{piece}{space}{fence}"
    shown = _MARKDOWN.sub(r"\\\1", piece)
    return f"*{shown}*" if isinstance(piece, Italic) else shown


def listed(items: Sequence[str], joint: str = "and") -> str:
    """Items as in a sentence.

    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {joint} {items[-1]}"
