"""Texts that all pages of a diagnosis share: findings, short tests, calls without long numbers."""

from __future__ import annotations

from collections.abc import Sequence

from ranef.diagnose.ladder import Place, Rung, kind_of
from ranef.page import paragraph
from ranef.present.diagnosis.record import DiagnosisRecord
from ranef.types import Finding

__all__ = [
    "THETA",
    "abbreviates",
    "finding_lines",
    "of_findings",
    "short_tests",
    "wrapped",
]

THETA = (
    "Where a call has start=theta, the attribute remedies has it in full, with the numbers (column "
    "code)."
)


def of_findings(diagnosis: DiagnosisRecord) -> list[Rung]:
    """The rungs that a finding called for."""
    return [rung for rung in diagnosis.ladder.rungs if kind_of(rung.key).by_finding]


def short_tests(diagnosis: DiagnosisRecord) -> str:
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


def _p(rung: Rung) -> str:
    assert rung.test is not None
    p = rung.test.p_high
    return "p < 0.001" if p < 0.001 else f"p {'=' if rung.test.exact else '<='} {p:.3f}"


def finding_lines(findings: Sequence[Finding]) -> list[str]:
    """Findings one after the other, each with its numbers and what may be done."""
    return [line for finding in findings for line in finding.lines("  ")]


def abbreviates(rungs: Sequence[Rung]) -> bool:
    """Whether a call is shown with fewer numbers than it has."""
    return any(rung.call.abbreviated() != rung.call for rung in rungs)


def wrapped(text: str, indent: str, hang: bool = True) -> list[str]:
    """Lines as wide as the page, those after the first indented further."""
    return paragraph(text, indent, indent + ("    " if hang else ""), whole_words=True)
