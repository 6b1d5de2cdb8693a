"""HTML fragments for notebooks, in one quiet style that follows the page's own colours.

Numbers of tables have the typographic minus sign. Sentences keep the hyphen, because what they name
may be copied: a formula, a call.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from html import escape

__all__ = [
    "TABLE_STYLE",
    "code",
    "escaped",
    "folded",
    "heading",
    "html_table",
    "minus",
    "notes_html",
    "pre",
    "prose_html",
    "rule",
]

TABLE_STYLE = (
    "border-collapse:collapse;margin:0.6em 0;font-size:0.92em;line-height:1.35;"
    "font-variant-numeric:tabular-nums lining-nums;"
    "border-top:2px solid currentColor;border-bottom:2px solid currentColor;"
)
_RULE = "border-top:1px solid currentColor;"
_HEAD = "padding:0.25em 0.7em;font-weight:600;white-space:nowrap;"
_CELL = "padding:0.08em 0.7em;white-space:nowrap;"
_CAPTION = "text-align:left;font-weight:600;padding-bottom:0.3em"
_POWER = re.compile(r"(-?\d[\d.]*)e([+-]?\d+)")
_NEGATIVE = re.compile(r"(?<![\w.\])-])-(?=\.?\d)")
_TEXT = "margin:0.4em 0;max-width:48em"
_HEADING = "margin:1em 0 0.3em"


def escaped(text: object) -> str:
    """`text` safe between tags and inside quoted attributes.

    >>> escaped('<b> & "q"')
    '&lt;b&gt; &amp; &quot;q&quot;'
    """
    return escape(str(text), quote=True)


def minus(number: str) -> str:
    """A number as text with the typographic minus sign."""
    return number.replace("-", "\N{MINUS SIGN}")


def prose_html(*sentences: object) -> str:
    """A paragraph with each of `sentences` on a line of its own; nothing where there are none."""
    lines = "<br>".join(escaped(text) for text in sentences if str(text))
    return f'<p style="{_TEXT}">{lines}</p>' if lines else ""


def heading(text: object) -> str:
    """What stands above a part of the fragment.

    It is not a heading of the page: a notebook has an outline of its own.
    """
    return f'<p style="{_HEADING}"><b>{escaped(text)}</b></p>'


def code(text: object) -> str:
    """Code, which keeps its lines."""
    return f'<code style="white-space:pre-wrap">{escaped(text)}</code>'


def folded(head: object, inside: str, opened: bool = False) -> str:
    """A part that a reader opens by its head; `inside` is HTML.

    >>> folded("more", "<p>text</p>")
    '<details style="margin:0.3em 0"><summary><b>more</b></summary><p>text</p></details>'
    """
    return (
        f'<details style="margin:0.3em 0"{" open" if opened else ""}>'
        f"<summary><b>{escaped(head)}</b></summary>{inside}</details>"
    )


def rule(on: bool) -> str:
    """The style of a cell that starts a block."""
    return _RULE if on else ""


def html_table(
    rows: Sequence[Sequence[str]],
    left: int | Collection[int] = 1,
    caption: str = "",
    groups: Sequence[tuple[str, int]] = (),
    wrapped: Collection[int] = (),
) -> str:
    """Rows of text as a table, the first of them its head; all text escaped.

    Parameters
    ----------
    rows : sequence of sequence of str
    left : int or collection of int
        The number of columns from the first that hold names, or just these columns. They are flush
        left; the others hold numbers, flush right with the typographic minus sign. Stars of
        significance are flush left in any column.
    caption : str
        Left out if empty.
    wrapped : collection of int
        Columns whose text may take several lines.
    groups : sequence of (str, int)
        Heads above the head line, each with the number of columns that it stands over.

    Examples
    --------
    >>> table = html_table([["", "x"], ["a<b", "-1"]])
    >>> "a&lt;b" in table, "-1" in table
    (True, False)
    """
    names = set(range(left) if isinstance(left, int) else left)
    head, *body = rows
    title = f'<caption style="{_CAPTION}">{escaped(caption)}</caption>' if caption else ""
    lines = "".join(
        f"<tr>{_cells('td', row, names, _CELL + rule(k == 0), wrapped)}</tr>"
        for k, row in enumerate(body)
    )
    return (
        f'<div style="overflow-x:auto"><table style="{TABLE_STYLE}">{title}'
        f"<thead>{_groups(groups)}<tr>{_cells('th', head, names, _HEAD)}</tr></thead>"
        f"<tbody>{lines}</tbody></table></div>"
    )


def _groups(groups: Sequence[tuple[str, int]]) -> str:
    """A line of heads, each over several columns, with a rule below if it says something."""
    if not groups:
        return ""
    said = "".join(
        f'<th scope="colgroup" colspan="{count}" style="{_HEAD}text-align:center">'
        f"{escaped(text)}</th>"
        if text
        else f'<td colspan="{count}"></td>'
        for text, count in groups
    )
    return f"<tr>{said}</tr>"


def _cells(
    tag: str,
    row: Sequence[str],
    names: set[int],
    style: str,
    wrapped: Collection[int] = (),
) -> str:
    parts = []
    for j, text in enumerate(row):
        side = "left" if j in names or _stars(text) else "right"
        own = style + ("white-space:normal;" if j in wrapped else "") + f"text-align:{side}"
        shown = escaped(text) if j in names else _number(text)
        # A head that says nothing is none: a screen reader would announce it.
        if tag == "th" and text:
            parts.append(f'<th scope="col" style="{own}">{shown}</th>')
        else:
            parts.append(f'<td style="{own}">{shown}</td>')
    return "".join(parts)


def _stars(text: str) -> bool:
    return set(text) == {"*"}


def _number(text: str) -> str:
    """Minus signs of numbers and powers of ten; runs of spaces are as wide as figures.

    >>> _number("-1.2 (0.3)"), _number("3.2e-07"), _number("x-1, SE")
    ('−1.2 (0.3)', '3.2×10<sup style="line-height:0">−7</sup>', 'x-1, SE')
    """
    power = _POWER.fullmatch(text)
    if power is not None:
        raised = f'<sup style="line-height:0">{minus(str(int(power[2])))}</sup>'
        return f"{minus(power[1])}\N{MULTIPLICATION SIGN}10{raised}"
    shown = _NEGATIVE.sub("\N{MINUS SIGN}", text).replace("  ", 2 * "\N{FIGURE SPACE}")
    return escaped(shown)


def notes_html(notes: Sequence[str], width: str = "48em") -> str:
    """Paragraphs in smaller type; nothing where there are no notes."""
    lines = "".join(f'<p style="margin:0.25em 0">{escaped(note)}</p>' for note in notes if note)
    return f'<div style="font-size:0.85em;max-width:{width}">{lines}</div>' if lines else ""


def pre(text: str) -> str:
    """Text as an HTML fragment that keeps its lines.

    >>> pre("a < b")
    '<pre style="white-space:pre-wrap;line-height:1.35">a &lt; b</pre>'
    """
    return f'<pre style="white-space:pre-wrap;line-height:1.35">{escape(text)}</pre>'
