"""The summary as an HTML fragment for notebooks."""

from __future__ import annotations

from ranef.page.html import code, escaped, heading, html_table, notes_html, prose_html
from ranef.page.phrases import sentence
from ranef.present.summary.record import SummaryRecord
from ranef.present.summary.rows import (
    advice,
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
from ranef.types import findings_html

__all__ = ["render_html"]


def render_html(summary: SummaryRecord) -> str:
    """The same page as the text, in the same order; all text escaped."""
    parts = [
        _head(summary),
        prose_html(sentence(summary.verdict), *map(sentence, advice(summary))),
        html_table(criteria_rows(summary), left=0),
        _quantiles(summary),
        _components(summary),
        _residuals(summary),
        notes_html([f"Dispersion: {summary.dispersion}."] if summary.dispersion else []),
        html_table(fixed_rows(summary), 1, fixed_heading(summary)),
        *(html_table(part_rows(part), 1, part.title) for part in summary.parts),
        notes_html([legend(summary), *map(sentence, (summary.errors, summary.zeros))]),
        prose_html(*(sentence(text) for text in (dropped(summary), missing(summary)))),
        _findings(summary),
    ]
    return f'<div class="ranef-summary">{"".join(parts)}</div>'


def _head(summary: SummaryRecord) -> str:
    lines = [f"<b>{escaped(summary.title)}</b>", code(summary.formula)]
    lines.append(escaped(rows_and_groups(summary)))
    lines += [escaped(f"family: {summary.family}")] if summary.family else []
    lines += [escaped(f"prior: {phrase}") for phrase in summary.priors]
    return f'<p style="margin:0.4em 0">{"<br>".join(lines)}</p>'


def _quantiles(summary: SummaryRecord) -> str:
    if not summary.residual_quantiles:
        return ""
    return html_table(quantile_rows(summary), 0, residuals_heading(summary))


def _components(summary: SummaryRecord) -> str:
    if not summary.components:
        return ""
    table = html_table(component_rows(summary), 2, components_heading(summary))
    return table + notes_html(summary.structures)


def _residuals(summary: SummaryRecord) -> str:
    if not summary.residual_lines:
        return ""
    left = 1 if summary.residual_lines[0].sd else 0
    return html_table(residual_rows(summary), left, residual_heading(summary))


def _findings(summary: SummaryRecord) -> str:
    findings = untold(summary)
    return heading("Findings") + findings_html(findings) if findings else ""
