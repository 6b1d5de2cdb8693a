"""What stands around a table, in the manner of its style: caption, words of rows, notes."""

from __future__ import annotations

import re

from ranef.present.table.record import Line, Piece, TableRecord

__all__ = ["caption_lines", "label_line", "note_lines"]

_SYMBOL = re.compile(
    r"\b(?:SE|SD|R\N{SUPERSCRIPT TWO})\b"
    r"|\b(?:[bFMNnprtz]|df)\b(?=\s*(?:\([^()]*\)\s*)?[=<>\u2264\u2265])"
    r"|\b[ptz](?=\s(?:tests?|values?|statistics?)\b)"
    r"|^N(?=\s\(|$)|\bdf$"
)
"""Symbols of statistics that the style of the APA has in italics."""

_NUMBERED = re.compile(r"Table\s+([\w.]*\w)[.:]?\s+(?=\S)")


def caption_lines(table: TableRecord) -> tuple[str, str]:
    """The number of a table and its title; either may be empty.

    A style with a line for the number takes it from the caption, ``"Table 2. Pupils"``, and is
    ``Table 1`` without one.
    """
    if not table.style.symbols:
        return "", table.caption
    found = _NUMBERED.match(table.caption)
    if found is None:
        return "Table 1", table.caption
    return f"Table {found[1]}", table.caption[found.end() :]


def label_line(table: TableRecord, text: str) -> Line:
    """The words of a row or note, with symbols of statistics apart if the style has them so."""
    if not table.style.symbols:
        return (Piece(text),)
    pieces, start = [], 0
    for found in _SYMBOL.finditer(text):
        pieces += [Piece(text[start : found.start()])] if found.start() > start else []
        pieces.append(Piece(found[0], "symbol"))
        start = found.end()
    return (*pieces, *([Piece(text[start:])] if start < len(text) else []))


def note_lines(table: TableRecord) -> list[Line]:
    """The paragraphs below the table: legend and notes, or one note and then the legend."""
    if not table.style.symbols:
        return [(Piece(text),) for text in (table.legend, *table.notes) if text]
    lines = []
    if table.notes:
        text = " ".join(table.notes)
        lines.append((Piece("Note.", "symbol"), Piece(" "), *label_line(table, text)))
    if table.legend:
        lines.append(label_line(table, table.legend))
    return lines
