"""The summary as an HTML fragment for notebooks."""

from __future__ import annotations

from ranef.page.html import escaped, html_table, notes_html
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

__all__ = ["render_html"]


def render_html(summary: SummaryRecord) -> str:
    """Title, verdict and three tables; all text escaped."""
    groups = ", ".join(f"{name} {count}" for name, count in summary.groups)
    dropped = ", ".join(summary.dropped)
    notes = [
        legend(summary),
        summary.errors,
        summary.zeros,
        f"Dropped, linear combinations of other columns: {dropped}" if dropped else "",
        f"Missing data: {summary.missing}" if summary.missing else "",
        *(f"{f}. {f.fix}" if f.fix else str(f) for f in summary.findings),
    ]
    return (
        '<div class="ranef-summary">'
        f'<p style="margin:0.4em 0"><b>{escaped(summary.title)}</b><br>'
        f"<code>{escaped(summary.formula)}</code><br>"
        f"{summary.nobs} observations{'; groups: ' if groups else ''}{escaped(groups)}"
        f"{f'<br>family: {escaped(summary.family)}' if summary.family else ''}"
        f"{''.join(f'<br>prior: {escaped(phrase)}' for phrase in summary.priors)}</p>"
        f'<p style="margin:0.4em 0;max-width:44em">{escaped(sentence(summary.verdict))}</p>'
        f"{html_table(criteria_rows(summary), left=0)}"
        f"{_components(summary)}"
        f"{notes_html([f'Dispersion: {summary.dispersion}'] if summary.dispersion else [])}"
        f"{notes_html(summary.structures)}"
        f"{_residuals(summary)}"
        f"{html_table(fixed_rows(summary), 1, fixed_heading(summary))}"
        f"{''.join(html_table(part_rows(part), 1, part.title) for part in summary.parts)}"
        f"{notes_html(notes)}</div>"
    )


def _components(summary: SummaryRecord) -> str:
    if not summary.components:
        return ""
    return html_table(component_rows(summary), 2, components_heading(summary))


def _residuals(summary: SummaryRecord) -> str:
    if not summary.residual_lines:
        return ""
    left = 1 if summary.residual_lines[0].sd else 0
    return html_table(residual_rows(summary), left, residual_heading(summary))
