"""A diagnosis as plain text, no line longer than the page is wide."""

from __future__ import annotations

from collections.abc import Sequence

from ranef.diagnose.ladder import Rung
from ranef.page import grid, page_width
from ranef.present.diagnosis.record import DiagnosisRecord
from ranef.present.diagnosis.tables import Table, ladder_tables
from ranef.present.diagnosis.words import (
    THETA,
    abbreviates,
    finding_lines,
    fitted_to,
    of_findings,
    short_tests,
    told_before,
    wrapped,
)

__all__ = ["render_text"]

MOST_LINES = 100
"""Of a page that recommends a formula."""


def render_text(diagnosis: DiagnosisRecord) -> str:
    """The whole page; a short one where there is nothing to remedy."""
    sections = [
        [
            *wrapped(f"Diagnosis of {diagnosis.formula}", ""),
            *wrapped(fitted_to(diagnosis), "", hang=False),
        ],
        [line for text in diagnosis.summary for line in wrapped(text, "", hang=False)],
    ]
    if diagnosis.findings:
        lines = finding_lines(diagnosis.findings, told_before(diagnosis))
        sections.append(["Findings", *lines])
    looked_at = diagnosis.ladder.looked_at
    last = [wrapped(looked_at, "", hang=False)] if looked_at else []
    if diagnosis.ladder.remedy:
        sections += map(_table, ladder_tables(diagnosis, page_width()))
        used = sum(len(lines) + 1 for lines in (*sections, *last)) - 1
        sections += _judgements(diagnosis, MOST_LINES - used)
    else:
        sections += [_judgement(rung, rung.title) for rung in of_findings(diagnosis)]
        sections.append(short_lines(diagnosis))
    sections += last
    return "\n\n".join("\n".join(line.rstrip() for line in lines) for lines in sections)


def short_lines(diagnosis: DiagnosisRecord) -> list[str]:
    """The end of a short page."""
    left_out = [r for r in diagnosis.ladder.rungs if r.verdict == "not tried"]
    lines = wrapped(short_tests(diagnosis), "", hang=False)
    for rung in left_out:
        lines += wrapped(f"Not tried for its cost: {rung.title}", "", hang=False)
        lines.append(f"  {rung.code}")
    return lines or ["There is no smaller model with a random part to compare it with."]


def _table(table: Table) -> list[str]:
    notes = (line for text in table.notes for line in wrapped(text, "  ", hang=False))
    return [table.title, *grid(table.rows, table.left, fold=True, stub=2).lines, *notes]


def _judgements(diagnosis: DiagnosisRecord, lines: int) -> list[list[str]]:
    """What each rung says.

    Where one formula is recommended the page is kept short: the longest judgements go first, that
    of the recommended rung never.
    """
    ladder = diagnosis.ladder
    said = {k: _judgement(r, f"{k} {r.title}") for k, r in enumerate(ladder.rungs) if k}
    end = [wrapped(THETA, "", hang=False)] if abbreviates(ladder.rungs) else []
    if ladder.recommended is None:
        return [*said.values(), *end]
    kept = dict(said)
    while len(kept) > 1:
        gone = [str(k) for k in said if k not in kept]
        aside = [wrapped(_elsewhere(gone), "", hang=False)] if gone else []
        sections = [*kept.values(), *aside, *end]
        if sum(len(section) + 1 for section in sections) <= lines:
            break
        longest = max((k for k in kept if k != ladder.recommended), key=lambda k: len(kept[k]))
        del kept[longest]
    return sections


def _elsewhere(rungs: Sequence[str]) -> str:
    named = rungs[0] if len(rungs) == 1 else f"{', '.join(rungs[:-1])} and {rungs[-1]}"
    what = f"rung {named} says" if len(rungs) == 1 else f"rungs {named} say"
    return f"What {what} is in the attribute remedies (columns judgement and code)."


def _judgement(rung: Rung, head: str) -> list[str]:
    code = rung.call.abbreviated().text(page_width() - 2)
    return [
        head,
        *wrapped(rung.judgement, "  ", hang=False),
        *(f"  {line}" for line in code.splitlines()),
    ]
