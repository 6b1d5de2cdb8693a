"""Texts that all pages of a diagnosis share: findings, short tests, calls without long numbers."""

from __future__ import annotations

from collections.abc import Sequence

from ranef.diagnose.ladder import Place, Rung, kind_of
from ranef.page import paragraph
from ranef.page.phrases import count, p_between, whole
from ranef.present.diagnosis.record import DiagnosisRecord
from ranef.types import Finding

__all__ = [
    "THETA",
    "abbreviates",
    "finding_lines",
    "fitted_to",
    "of_findings",
    "short_tests",
    "told_before",
    "wrapped",
]

THETA = (
    "Where a call has start=theta, the attribute remedies has it in full, with the numbers (column "
    "code)."
)


def fitted_to(diagnosis: DiagnosisRecord) -> str:
    """How the model was fitted, and to how many rows and levels."""
    groups = ", ".join(f"{name} {whole(levels)}" for name, levels in diagnosis.groups.items())
    rows = count(diagnosis.nobs, "observation")
    return f"{diagnosis.fitted_by}; {rows}" + (f"; groups: {groups}" if groups else "")


def told_before(diagnosis: DiagnosisRecord) -> tuple[str, ...]:
    """Codes of findings whose message the summary has told."""
    singular = any("optimum is singular" in sentence for sentence in diagnosis.summary)
    return ("boundary",) if singular else ()


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
    low, high = rung.test.p_low, rung.test.p_high
    return p_between(high if rung.test.exact else low, high)


def finding_lines(findings: Sequence[Finding], told: Sequence[str] = ()) -> list[str]:
    """Findings one after the other, each with its numbers and what may be done.

    Those with a code in `told` go without their messages.
    """
    return [line for finding in findings for line in finding.lines("  ", finding.code in told)]


def abbreviates(rungs: Sequence[Rung]) -> bool:
    """Whether a call is shown with fewer numbers than it has."""
    return any(rung.call.abbreviated() != rung.call for rung in rungs)


def wrapped(text: str, indent: str, hang: bool = True) -> list[str]:
    """Lines as wide as the page, those after the first indented further."""
    return paragraph(text, indent, indent + ("    " if hang else ""), whole_words=True)
