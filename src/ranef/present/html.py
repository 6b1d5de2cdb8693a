"""Small HTML pieces: escaping, and one quiet style that follows the page's own colours."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

__all__ = ["TABLE_STYLE", "escaped", "minus", "notes_html", "rule"]

TABLE_STYLE = (
    "border-collapse:collapse;margin:0.6em 0;font-size:0.92em;line-height:1.35;"
    "font-variant-numeric:tabular-nums lining-nums;"
    "border-top:2px solid currentColor;border-bottom:2px solid currentColor;"
)
_RULE = "border-top:1px solid currentColor;"


def escaped(text: object) -> str:
    """`text` safe between tags and inside quoted attributes.

    >>> escaped('<b> & "q"')
    '&lt;b&gt; &amp; &quot;q&quot;'
    """
    return escape(str(text), quote=True)


def minus(number: str) -> str:
    """A number as text with the typographic minus sign."""
    return number.replace("-", "\N{MINUS SIGN}")


def rule(on: bool) -> str:
    """The style of a cell that starts a block."""
    return _RULE if on else ""


def notes_html(notes: Sequence[str], width: str = "44em") -> str:
    """Paragraphs in smaller type; nothing where there are no notes."""
    lines = "".join(f'<p style="margin:0.25em 0">{escaped(note)}</p>' for note in notes if note)
    return f'<div style="font-size:0.85em;max-width:{width}">{lines}</div>' if lines else ""
