"""Pieces of the page: tables, figures, things that open, notes; all text escaped."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ranef.page.html import escaped
from ranef.page.phrases import sentence

__all__ = [
    "Missing",
    "Row",
    "bullet",
    "code",
    "copied",
    "figure",
    "folded",
    "missing",
    "named_table",
    "note",
    "paragraph",
    "prose",
    "side_by_side",
    "table",
]

_CODE = re.compile(r"`([^`]+)`")
_NEGATIVE = re.compile(r"(?:(?<=^)|(?<=\s)|(?<=\s\())-(?=\.?\d)")
"""A hyphen that begins a number: at the start of a word, or of what stands in brackets."""
_TAG = re.compile(r"<[^>]*>")
_TABLE = re.compile(r"<table\b[^>]*>")


@dataclass(frozen=True, slots=True)
class Missing:
    """A part of the page that cannot be there, and how to get it.

    Attributes
    ----------
    what : str
        Of the page: ``"Predictions"``.
    why : str
        A sentence, without its full stop.
    fix : str
        What to do about it, in words or as a call.
    calls : mapping of str to str
        If the same is missing for several parts of the page: what gives each of them, by its name.
    """

    what: str
    why: str
    fix: str = ""
    calls: Mapping[str, str] = field(default_factory=dict)

    def part(self, what: str) -> Missing:
        """The part of the page that this keeps away."""
        return Missing(what, self.why, self.calls.get(what, self.fix))


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table: its head, and its cells, all of them HTML."""

    head: str
    cells: tuple[str, ...]
    start: bool = False
    """Whether a rule stands above it."""
    group: bool = False
    """Whether it is the head of the lines below it."""


def prose(text: str) -> str:
    """Sentences with the typographic minus sign, and with calls between backticks as code.

    >>> prose("from -1.35 to 1e-9 in x-1 <b>"), prose("`fit.limit` says")
    ('from −1.35 to 1e-9 in x-1 &lt;b&gt;', '<code>fit.limit</code> says')
    """
    return _CODE.sub(r"<code>\1</code>", escaped(_NEGATIVE.sub("\N{MINUS SIGN}", text)))


def table(
    caption: str,
    heads: Sequence[str],
    rows: Sequence[Row],
    *,
    left: Sequence[int] = (),
    kind: str = "",
    hidden: bool = True,
) -> str:
    """A table that scrolls in its own box on a narrow screen.

    Parameters
    ----------
    caption : str
        What it holds, in text: its accessible name.
    heads : sequence of str
        Of the columns, that of the row heads first; HTML.
    rows : sequence of Row
    left : sequence of int
        Columns that hold words, from 0.
    kind : str
        Further classes of the table.
    hidden : bool
        Whether the caption is for screen readers only.
    """

    def side(k: int) -> str:
        return ' class="l"' if k in left else ""

    first, *others = heads
    top = f'<th scope="col" class="l">{first}</th>' if first else '<td class="l"></td>'
    top += "".join(
        f'<th scope="col"{side(k)}>{head}</th>' if head else f"<td{side(k)}></td>"
        for k, head in enumerate(others, start=1)
    )

    def line(row: Row) -> str:
        look = ' class="rule"' if row.start else ""
        if row.group:
            head = f'<th scope="colgroup" colspan="{len(heads)}" class="over">{row.head}</th>'
        else:
            head = f'<th scope="row">{row.head}</th>'
        cells = (f"<td{side(k)}>{cell}</td>" for k, cell in enumerate(row.cells, start=1))
        return f"<tr{look}>{head}{''.join(cells)}</tr>"

    look = ' class="vh"' if hidden else ""
    return (
        f'<div class="scroll" tabindex="0" role="group" aria-label="{escaped(caption)}">'
        f'<table class="{f"t {kind}".strip()}"><caption{look}>{escaped(caption)}</caption>'
        f"<thead><tr>{top}</tr></thead><tbody>{''.join(map(line, rows))}</tbody></table></div>"
    )


def named_table(fragment: str, caption: str) -> str:
    """A table that was made elsewhere, with its accessible name and a box in which it scrolls."""
    if "<caption" not in fragment:
        name = f'<caption class="vh">{escaped(caption)}</caption>'
        fragment = _TABLE.sub(lambda found: f"{found[0]}{name}", fragment, count=1)
    return (
        f'<div class="scroll" tabindex="0" role="group" aria-label="{escaped(caption)}">'
        f"{fragment}</div>"
    )


def figure(svg: str, caption: str, *, wide: bool = False) -> str:
    """A picture with its caption, which is HTML and names the figure."""
    look = ' class="wide"' if wide else ""
    name = _TAG.sub("", caption)
    return (
        f'<figure{look} aria-label="{name}">'
        f'<div class="scroll" tabindex="0" role="group" aria-label="Picture">{svg}</div>'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def folded(summary: str, body: str, *, printed: bool = True) -> str:
    """What opens when it is asked for; `printed` says whether paper has it too."""
    return (
        f"<details{'' if printed else ' class=np'}><summary>{escaped(summary)}</summary>"
        f"{body}</details>"
    )


def paragraph(text: str) -> str:
    """A paragraph of text."""
    return f"<p>{prose(text)}</p>"


def note(*sentences: str) -> str:
    """Sentences in smaller type; nothing if there are none."""
    text = " ".join(sentence for sentence in sentences if sentence)
    return f'<p class="note">{prose(text)}</p>' if text else ""


def code(text: str, key: str = "") -> str:
    """Lines of a program; those with a key can be copied."""
    own = f' id="{key}"' if key else ""
    return f'<pre tabindex="0"{own}><code>{escaped(text)}</code></pre>'


def copied(key: str, what: str) -> str:
    """A button that copies the element of that id; it needs the page's script."""
    return (
        f'<p class="js"><button type="button" data-copy="{key}">Copy {escaped(what)}</button></p>'
    )


def bullet(items: Sequence[str]) -> str:
    """A list of sentences, which are HTML."""
    return f'<ul class="short">{"".join(f"<li>{item}</li>" for item in items)}</ul>'


def missing(gap: Missing) -> str:
    """What is not there, why, and how to get it."""
    said = prose(f"{sentence(gap.why)} {sentence(gap.fix)}".strip())
    return f'<p class="gap"><b>{escaped(gap.what)}:</b> {said}</p>'


def side_by_side(*blocks: str, kind: str = "two") -> str:
    """Blocks beside each other where there is room."""
    shown = [block for block in blocks if block]
    if len(shown) < 2:
        return "".join(shown)
    return f'<div class="{kind}">{"".join(f"<div>{block}</div>" for block in shown)}</div>'
