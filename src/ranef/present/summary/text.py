"""The summary as plain text."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ranef.page import grid, paragraph
from ranef.present.summary.record import SummaryRecord
from ranef.present.summary.rows import (
    advice,
    capital,
    component_rows,
    components_heading,
    criteria_rows,
    dropped,
    fixed_heading,
    fixed_rows,
    legend,
    missing,
    part_rows,
    quantile_rows,
    residual_heading,
    residual_rows,
    residuals_heading,
    rows_and_groups,
    untold,
)

__all__ = ["render_text"]


def render_text(summary: SummaryRecord) -> str:
    """Sections with a blank line between, no line longer than the page is wide."""
    head = [*paragraph(summary.title, "", "    "), *_wrapped(summary.formula)]
    head += _wrapped(rows_and_groups(summary))
    if summary.family:
        head += _wrapped(f"family: {summary.family}")
    for phrase in summary.priors:
        head += _wrapped(f"prior: {phrase}")
    verdict = _wrapped(capital(summary.verdict), indent="")
    sections = [head, verdict + [line for text in advice(summary) for line in _wrapped(text)]]
    sections.append(_table(criteria_rows(summary), 0))
    if summary.residual_quantiles:
        sections.append([residuals_heading(summary), *_table(quantile_rows(summary), 0)])
    if summary.components:
        components = _table(component_rows(summary), 2)
        legends = [line for text in summary.structures for line in _wrapped(text)]
        sections.append([components_heading(summary), *components, *legends])
    if summary.residual_lines:
        table = _table(residual_rows(summary), 1 if summary.residual_lines[0].sd else 0)
        sections.append([*_wrapped(residual_heading(summary)), *table])
    if summary.dispersion:
        sections.append([f"Dispersion: {summary.dispersion}"])
    rows = fixed_rows(summary)
    if len(rows) > 1 or not summary.parts:
        table = _table(rows, (0, rows[0].index("", 1)))
        sections.append([*_wrapped(fixed_heading(summary), ""), *table])
    for part in summary.parts:
        rows = part_rows(part)
        left = (0, len(rows[0]) - 1) if rows[0][-1] == "" else (0,)
        sections.append([*_wrapped(part.title, ""), *_table(rows, left)])
    for note in (legend(summary), summary.errors, summary.zeros):
        sections[-1] += _wrapped(note) if note else []
    sections += _remarks(summary)
    return "\n\n".join("\n".join(line.rstrip() for line in lines) for lines in sections)


def _table(rows: Sequence[Sequence[str]], left: int | Collection[int]) -> list[str]:
    return grid(rows, left, fold=True).lines


def _remarks(summary: SummaryRecord) -> list[list[str]]:
    sections = [_wrapped(text, "") for text in (dropped(summary), missing(summary)) if text]
    findings = untold(summary)
    if findings:
        lines = ["Findings"]
        for finding in findings:
            lines += _wrapped(str(finding))
            lines += _wrapped(finding.fix, indent="    ") if finding.fix else []
        sections.append(lines)
    return sections


def _wrapped(text: str, indent: str = "  ") -> list[str]:
    return paragraph(text, indent, indent + ("  " if indent else ""))
