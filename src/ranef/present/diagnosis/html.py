"""A diagnosis as an HTML fragment for notebooks."""

from __future__ import annotations

from collections.abc import Iterable

from ranef.diagnose.ladder import Rung
from ranef.page.html import code, escaped, folded, heading, html_table, notes_html, prose_html
from ranef.present.diagnosis.record import DiagnosisRecord
from ranef.present.diagnosis.tables import Table, ladder_tables
from ranef.present.diagnosis.words import (
    THETA,
    abbreviates,
    fitted_to,
    of_findings,
    short_tests,
    told_before,
)
from ranef.types import findings_html

__all__ = ["render_html"]

_COLUMNS = 150
"""Characters of a line: a notebook holds more than a terminal."""


def render_html(diagnosis: DiagnosisRecord) -> str:
    """Summary, findings, tables, and what each rung says, which opens by its title."""
    ladder = diagnosis.ladder
    parts = [
        f'<p style="margin:0.4em 0"><b>Diagnosis</b> of {code(diagnosis.formula)}<br>'
        f"{escaped(fitted_to(diagnosis))}</p>",
        prose_html(*diagnosis.summary),
    ]
    if diagnosis.findings:
        parts += [heading("Findings"), findings_html(diagnosis.findings, told_before(diagnosis))]
    if ladder.remedy:
        parts += map(_table, ladder_tables(diagnosis, _COLUMNS))
        parts.append(heading("What each rung says"))
        parts.append(_judgements(enumerate(ladder.rungs), ladder.recommended))
        if abbreviates(ladder.rungs):
            parts.append(prose_html(THETA))
    else:
        parts.append(_judgements((None, rung) for rung in of_findings(diagnosis)))
        parts.append(prose_html(short_tests(diagnosis)))
    parts.append(prose_html(ladder.looked_at))
    return f'<div class="ranef-diagnosis">{"".join(parts)}</div>'


def _table(table: Table) -> str:
    rows = [list(table.under), *table.rows[1:]] if table.under else table.rows
    made = html_table(rows, table.left, table.title, table.groups)
    return made + notes_html(table.notes)


def _judgements(rungs: Iterable[tuple[int | None, Rung]], recommended: int | None = None) -> str:
    """The asked model, rung 0, says nothing; the recommended one is open."""
    return "".join(
        folded(
            rung.title if k is None else f"{k} {rung.title}",
            prose_html(rung.judgement) + f'<p style="margin:0.4em 0">{_call(rung)}</p>',
            opened=k is not None and k == recommended,
        )
        for k, rung in rungs
        if k != 0
    )


def _call(rung: Rung) -> str:
    return code(rung.call.abbreviated().text())
