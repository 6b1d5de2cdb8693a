"""A diagnosis as an HTML fragment for notebooks."""

from __future__ import annotations

from collections.abc import Sequence

from ranef.diagnose.ladder import Rung
from ranef.page.html import escaped, html_table, notes_html
from ranef.present.diagnosis.record import DiagnosisRecord
from ranef.present.diagnosis.tables import Table, ladder_tables
from ranef.present.diagnosis.words import (
    THETA,
    abbreviates,
    of_findings,
    short_tests,
)

__all__ = ["render_html"]

_COLUMNS = 150
"""Characters of a line: a notebook holds more than a terminal."""
_TEXT = "max-width:48em;margin:0.4em 0"
_ASIDE = "opacity:0.75"


def render_html(diagnosis: DiagnosisRecord) -> str:
    """Summary, findings, table and judgements; all text escaped."""
    kind = diagnosis.fitted_by
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


def _findings(diagnosis: DiagnosisRecord) -> str:
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
    return (
        f'<p style="margin:0.4em 0"><b>{escaped(table.title)}</b></p>'
        f"{html_table(table.rows, table.left)}{notes_html(table.notes, '48em')}"
    )


def _judgements(rungs: Sequence[Rung], tag: str) -> str:
    items = "".join(
        f'<li style="margin:0.5em 0"><b>{escaped(rung.title)}</b><br>'
        f"{escaped(rung.judgement)}<br>"
        f'<code style="white-space:pre-wrap">{escaped(rung.call.abbreviated().text())}</code></li>'
        for rung in rungs
    )
    return f'<{tag} style="{_TEXT}">{items}</{tag}>'
