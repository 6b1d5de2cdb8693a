"""The summary as an HTML fragment for notebooks."""

from __future__ import annotations

from .html import TABLE_STYLE, escaped, minus, notes_html, rule
from .numbers import LEGEND, rounded, stars
from .summary import Summary
from .summary_text import component_rows, components_heading, fixed_heading, fixed_rows

__all__ = ["render_html"]

_HEAD = "padding:0.25em 0.8em;font-weight:600;white-space:nowrap;"
_CELL = "padding:0.08em 0.8em;white-space:nowrap;"


def render_html(summary: Summary) -> str:
    """Title, verdict and three tables; all text escaped."""
    groups = ", ".join(f"{name} {count}" for name, count in summary.groups)
    verdict = summary.verdict[:1].upper() + summary.verdict[1:]
    values = [minus(str(v) if isinstance(v, int) else rounded(v, 2)) for _, v in summary.criteria]
    legend = "; ".join(f"{mark} p < {bound:g}" for bound, mark in LEGEND)
    dropped = ", ".join(summary.dropped)
    notes = [
        legend if any(stars(effect.p_value) for effect in summary.fixed) else "",
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
        f"{''.join(f'<br>prior: {escaped(phrase)}' for phrase in summary.priors)}</p>"
        f'<p style="margin:0.4em 0;max-width:44em">{escaped(verdict)}</p>'
        f"{_table('', [[name for name, _ in summary.criteria], values], left=0)}"
        f"{_table(components_heading(summary), component_rows(summary), left=2)}"
        f"{_table(fixed_heading(summary), fixed_rows(summary), left=1)}"
        f"{notes_html(notes)}</div>"
    )


def _table(caption: str, rows: list[list[str]], left: int) -> str:
    def cell(tag: str, j: int, text: str, style: str) -> str:
        flush = j < left or (bool(text) and set(text) == {"*"})
        shown = escaped(text if j < left else minus(text))
        return f'<{tag} style="{style}text-align:{"left" if flush else "right"}">{shown}</{tag}>'

    head = "".join(cell("th", j, text, _HEAD) for j, text in enumerate(rows[0]))
    body = "".join(
        "<tr>"
        + "".join(cell("td", j, text, _CELL + rule(i == 0)) for j, text in enumerate(row))
        + "</tr>"
        for i, row in enumerate(rows[1:])
    )
    title = (
        f'<caption style="text-align:left;font-weight:600;padding-bottom:0.3em">{escaped(caption)}'
        "</caption>"
        if caption
        else ""
    )
    return (
        f'<table style="{TABLE_STYLE}">{title}<thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )
