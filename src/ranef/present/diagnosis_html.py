"""A diagnosis as an HTML fragment for notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .diagnosis_tables import Table, ladder_tables
from .diagnosis_text import THETA, abbreviates, of_findings, short_tests
from .html import TABLE_STYLE, escaped, minus, notes_html, rule

if TYPE_CHECKING:
    from ..diagnose.ladder import Rung
    from .diagnosis import Diagnosis

__all__ = ["render_html"]

_COLUMNS = 150
"""Characters of a line: a notebook holds more than a terminal."""
_HEAD = "padding:0.25em 0.7em;font-weight:600;white-space:nowrap;"
_CELL = "padding:0.08em 0.7em;white-space:pre;"
_TEXT = "max-width:48em;margin:0.4em 0"
_ASIDE = "opacity:0.75"


def render_html(diagnosis: Diagnosis) -> str:
    """Summary, findings, table and judgements; all text escaped."""
    kind = "REML" if diagnosis.reml else "ML"
    groups = ", ".join(f"{name} {count}" for name, count in diagnosis.groups.items())
    parts = [
        f'<p style="{_TEXT}"><b>Diagnosis</b> of <code>{escaped(diagnosis.formula)}</code><br>'
        f"{kind}; {diagnosis.nobs} observations; groups: {escaped(groups)}</p>",
        f'<p style="{_TEXT}">{"<br>".join(map(escaped, diagnosis.summary))}</p>',
        _findings(diagnosis),
    ]
    if diagnosis.ladder.remedy:
        tables = map(_table, ladder_tables(diagnosis, _COLUMNS))
        parts += [*tables, _judgements(diagnosis.ladder.rungs[1:], "ol")]
        if abbreviates(diagnosis.ladder.rungs):
            parts.append(f'<p style="{_TEXT}">{escaped(THETA)}</p>')
    else:
        told = of_findings(diagnosis)
        parts += [_judgements(told, "ul")] if told else []
        if short_tests(diagnosis):
            parts.append(f'<p style="{_TEXT}">{escaped(short_tests(diagnosis))}</p>')
    if diagnosis.ladder.looked_at:
        parts.append(f'<p style="{_TEXT}">{escaped(diagnosis.ladder.looked_at)}</p>')
    return f'<div class="ranef-diagnosis">{"".join(parts)}</div>'


def _findings(diagnosis: Diagnosis) -> str:
    if not diagnosis.findings:
        return ""
    items = "".join(
        f"<li>{escaped(f.severity)} <code>{escaped(f.code)}</code>: {escaped(f.message)}"
        + "".join(
            f'<br><span style="{_ASIDE}">{escaped(t)}</span>' for t in (f.evidence, f.fix) if t
        )
        + "</li>"
        for f in diagnosis.findings
    )
    return f'<p style="margin:0.4em 0"><b>Findings</b></p><ul style="{_TEXT}">{items}</ul>'


def _table(table: Table) -> str:
    head, *rows = table.rows

    def cells(tag: str, row: list[str], style: str) -> str:
        return "".join(
            f'<{tag} style="{style}text-align:{"left" if j in table.left else "right"}">'
            f"{escaped(text if j in table.left else _padded(minus(text)))}</{tag}>"
            for j, text in enumerate(row)
        )

    body = "".join(
        f"<tr>{cells('td', row, _CELL + rule(i == 0))}</tr>" for i, row in enumerate(rows)
    )
    return (
        f'<p style="margin:0.4em 0"><b>{escaped(table.title)}</b></p>'
        f'<table style="{TABLE_STYLE}"><thead><tr>{cells("th", head, _HEAD)}</tr></thead>'
        f"<tbody>{body}</tbody></table>{notes_html(table.notes, '48em')}"
    )


def _padded(text: str) -> str:
    """Runs of spaces as wide as figures, so that numbers stand under numbers."""
    return text.replace("  ", 2 * "\N{FIGURE SPACE}")


def _judgements(rungs: Sequence[Rung], tag: str) -> str:
    items = "".join(
        f'<li style="margin:0.5em 0"><b>{escaped(rung.title)}</b><br>'
        f"{escaped(rung.judgement)}<br>"
        f'<code style="white-space:pre-wrap">{escaped(rung.call.abbreviated().text())}</code></li>'
        for rung in rungs
    )
    return f'<{tag} style="{_TEXT}">{items}</{tag}>'
