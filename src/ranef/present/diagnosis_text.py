"""A diagnosis as plain text, no line longer than the page is wide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..diagnose.ladder import Place, Rung, kind_of
from ..page import page_width, paragraph
from ..types import Finding
from .diagnosis_tables import Table, ladder_tables

if TYPE_CHECKING:
    from .diagnosis import Diagnosis

__all__ = [
    "THETA",
    "abbreviates",
    "finding_lines",
    "of_findings",
    "render_text",
    "short_tests",
    "wrapped",
]

MOST_LINES = 100
"""Of a page that recommends a formula."""

THETA = (
    "Where a call has start=theta, the attribute remedies has it in full, with the numbers (column "
    "code)."
)


def render_text(diagnosis: Diagnosis) -> str:
    """The whole page; a short one where there is nothing to remedy."""
    kind = "REML" if diagnosis.reml else "ML"
    groups = ", ".join(f"{name} {count}" for name, count in diagnosis.groups.items())
    sections = [
        [
            *wrapped(f"Diagnosis of {diagnosis.formula}", ""),
            f"{kind}; {diagnosis.nobs} observations; groups: {groups}",
        ],
        [line for text in diagnosis.summary for line in wrapped(text, "", hang=False)],
    ]
    if diagnosis.findings:
        sections.append(["Findings", *finding_lines(diagnosis.findings)])
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


def of_findings(diagnosis: Diagnosis) -> list[Rung]:
    """The rungs that a finding called for."""
    return [rung for rung in diagnosis.ladder.rungs if kind_of(rung.key).by_finding]


def short_tests(diagnosis: Diagnosis) -> str:
    """What else was fitted, in one sentence; empty where nothing was."""
    told = of_findings(diagnosis)
    rungs = [
        rung
        for rung in diagnosis.ladder.rungs[1:]
        if kind_of(rung.key).place > Place.STARTS and rung.fitted and rung not in told
    ]
    if not rungs:
        return ""
    asked = {rung.title for rung in diagnosis.ladder.rungs[:2]}
    parts = [
        rung.title + (f" ({_p(rung)})" if rung.test and {*rung.test.models} & asked else "")
        for rung in rungs
    ]
    return f"Also fitted: {', '.join(parts)}. The attribute remedies has the numbers."


def short_lines(diagnosis: Diagnosis) -> list[str]:
    """The end of a short page."""
    left_out = [r for r in diagnosis.ladder.rungs if r.verdict == "not tried"]
    lines = wrapped(short_tests(diagnosis), "", hang=False)
    for rung in left_out:
        lines += wrapped(f"Not tried for its cost: {rung.title}", "", hang=False)
        lines.append(f"  {rung.code}")
    return lines or ["There is no smaller model with a random part to compare it with."]


def _p(rung: Rung) -> str:
    assert rung.test is not None
    p = rung.test.p_high
    return "p < 0.001" if p < 0.001 else f"p {'=' if rung.test.exact else '<='} {p:.3f}"


def finding_lines(findings: Sequence[Finding]) -> list[str]:
    """Findings one after the other, each with its numbers and what may be done."""
    return [line for finding in findings for line in finding.lines("  ")]


def _table(table: Table) -> list[str]:
    widths = [max(len(row[j]) for row in table.rows) for j in range(len(table.rows[0]))]
    lines = [table.title]
    for row in table.rows:
        cells = [
            text.ljust(width) if j in table.left else text.rjust(width)
            for j, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  " + "  ".join(cells))
    return [*lines, *(line for text in table.notes for line in wrapped(text, "  ", hang=False))]


def _judgements(diagnosis: Diagnosis, lines: int) -> list[list[str]]:
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


def abbreviates(rungs: Sequence[Rung]) -> bool:
    """Whether a call is shown with fewer numbers than it has."""
    return any(rung.call.abbreviated() != rung.call for rung in rungs)


def _judgement(rung: Rung, head: str) -> list[str]:
    code = rung.call.abbreviated().text(page_width() - 2)
    return [
        head,
        *wrapped(rung.judgement, "  ", hang=False),
        *(f"  {line}" for line in code.splitlines()),
    ]


def wrapped(text: str, indent: str, hang: bool = True) -> list[str]:
    """Lines as wide as the page, those after the first indented further."""
    return paragraph(text, indent, indent + ("    " if hang else ""), whole_words=True)
