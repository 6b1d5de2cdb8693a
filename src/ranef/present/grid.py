"""A small table of numbers with a heading and notes, as text and as HTML."""

from __future__ import annotations

from collections.abc import Sequence

from ranef.page import broken_name, page_width, paragraph
from ranef.present.html import TABLE_STYLE, escaped, minus, notes_html, rule

__all__ = ["LEAST", "grid_html", "grid_text"]

#: Characters of the first column.
LEAST = 16


def grid_text(head: Sequence[str], rows: Sequence[Sequence[str]], notes: Sequence[str] = ()) -> str:
    """Head lines, the rows (names flush left, numbers right), notes; as wide as the page."""
    widths = [max(len(row[j]) for row in rows) for j in range(len(rows[0]))]
    spare = page_width() - 2 - sum(widths) - 2 * (len(widths) - 1)
    widths[0] = max(LEAST, widths[0] + min(0, spare))
    lines = []
    for row in rows:
        *above, name = broken_name(row[0], widths[0])
        lines += [f"  {part}" for part in above]
        cells = [name.ljust(widths[0])]
        cells += [text.rjust(w) for text, w in zip(row[1:], widths[1:], strict=True)]
        lines.append(("  " + "  ".join(cells)).rstrip())
    wrapped = [line for text in head for line in paragraph(text, rest="    ")]
    sections = ["\n".join(wrapped), "\n".join(lines)]
    if notes:
        sections.append("\n".join(line for n in notes for line in paragraph(n)))
    return "\n\n".join(sections)


def grid_html(
    title: str, formula: str, rows: Sequence[Sequence[str]], notes: Sequence[str] = ()
) -> str:
    """The same for notebooks."""
    body = []
    for k, row in enumerate(rows):
        tag = "th" if k == 0 else "td"
        cells = "".join(
            f'<{tag} style="text-align:{"left" if j == 0 else "right"};padding:0.15em 0.7em;'
            f'{rule(k == 1)}">{escaped(text if j == 0 else minus(text))}</{tag}>'
            for j, text in enumerate(row)
        )
        body.append(f"<tr>{cells}</tr>")
    return (
        f"<div><p><b>{escaped(title)}</b><br><code>{escaped(formula)}</code></p>"
        f'<table style="{TABLE_STYLE}">{"".join(body)}</table>{notes_html(notes)}</div>'
    )
