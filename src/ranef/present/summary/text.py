"""The summary as plain text."""

from __future__ import annotations

from ranef.page import grid, paragraph
from ranef.present.summary.record import SummaryRecord
from ranef.present.summary.rows import (
    component_rows,
    components_heading,
    criteria_rows,
    fixed_heading,
    fixed_rows,
    legend,
    part_rows,
    residual_heading,
    residual_rows,
    sentence,
)
from ranef.present.text.numbers import rounded

__all__ = ["render_text"]

_QUANTILES = ("Min", "1Q", "Median", "3Q", "Max")


def render_text(summary: SummaryRecord) -> str:
    """Sections with a blank line between, no line longer than the page is wide."""
    groups = ", ".join(f"{name} {count}" for name, count in summary.groups)
    rows_of = f"{summary.nobs} observations" + (f"; groups: {groups}" if groups else "")
    head = [summary.title, *_wrapped(summary.formula)]
    head += _wrapped(rows_of)
    if summary.family:
        head += _wrapped(f"family: {summary.family}")
    for phrase in summary.priors:
        head += _wrapped(f"prior: {phrase}")
    sections = [head, _wrapped(sentence(summary.verdict), indent="")]
    sections.append(grid(criteria_rows(summary), left=0).lines)
    if summary.residual_quantiles:
        quantiles = [rounded(q, 3) for q in summary.residual_quantiles]
        head_of = "Pearson residuals" if summary.family else "Scaled residuals"
        sections.append([head_of, *grid([list(_QUANTILES), quantiles], left=0).lines])
    if summary.components:
        components = grid(component_rows(summary), left=2).lines
        legends = [line for text in summary.structures for line in _wrapped(text)]
        sections.append([components_heading(summary), *components, *legends])
    if summary.residual_lines:
        table = grid(residual_rows(summary), left=1 if summary.residual_lines[0].sd else 0)
        sections.append([*_wrapped(residual_heading(summary)), *table.lines])
    if summary.dispersion:
        sections.append([f"Dispersion: {summary.dispersion}"])
    rows = fixed_rows(summary)
    if len(rows) > 1 or not summary.parts:
        sections.append([fixed_heading(summary), *grid(rows, left=(0, rows[0].index("", 1))).lines])
    for part in summary.parts:
        rows = part_rows(part)
        left = (0, len(rows[0]) - 1) if rows[0][-1] == "" else (0,)
        sections.append([*_wrapped(part.title, ""), *grid(rows, left=left).lines])
    if marks := legend(summary):
        sections[-1].append(f"  {marks}")
    if summary.errors:
        sections[-1] += _wrapped(summary.errors)
    if summary.zeros:
        sections[-1] += _wrapped(summary.zeros)
    sections += _remarks(summary)
    return "\n\n".join("\n".join(line.rstrip() for line in lines) for lines in sections)


def _remarks(summary: SummaryRecord) -> list[list[str]]:
    sections = []
    if summary.dropped:
        names = ", ".join(summary.dropped)
        sections.append(_wrapped(f"Dropped, linear combinations of other columns: {names}", ""))
    if summary.missing:
        sections.append(_wrapped(f"Missing data: {summary.missing}", ""))
    if summary.findings:
        lines = ["Findings"]
        for finding in summary.findings:
            lines += _wrapped(str(finding))
            lines += _wrapped(finding.fix, indent="    ") if finding.fix else []
        sections.append(lines)
    return sections


def _wrapped(text: str, indent: str = "  ") -> list[str]:
    return paragraph(text, indent, indent + ("  " if indent else ""))
