"""The summary as plain text."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ranef.inference.ddf.registry import in_words

from ..page import broken_name, page_width, paragraph
from .numbers import LEGEND, fixed, p_text, rounded, significant, stars
from .summary import FixedEffect, Summary

__all__ = ["component_rows", "components_heading", "fixed_heading", "fixed_rows", "render_text"]

_QUANTILES = ("Min", "1Q", "Median", "3Q", "Max")


def render_text(summary: Summary) -> str:
    """Sections with a blank line between, no line longer than the page is wide."""
    groups = ", ".join(f"{name} {count}" for name, count in summary.groups)
    rows_of = f"{summary.nobs} observations" + (f"; groups: {groups}" if groups else "")
    head = [summary.title, *_wrapped(summary.formula)]
    head += _wrapped(rows_of)
    for phrase in summary.priors:
        head += _wrapped(f"prior: {phrase}")
    sections = [head, _wrapped(_sentence(summary.verdict), indent="")]
    values = [str(v) if isinstance(v, int) else rounded(v, 2) for _, v in summary.criteria]
    sections.append(_grid([[name for name, _ in summary.criteria], values]))
    if summary.residual_quantiles:
        quantiles = [rounded(q, 3) for q in summary.residual_quantiles]
        sections.append(["Scaled residuals", *_grid([list(_QUANTILES), quantiles])])
    sections.append([components_heading(summary), *_grid(component_rows(summary), left=2)])
    rows = fixed_rows(summary)
    sections.append([fixed_heading(summary), *_grid(rows, left=1, ragged=True)])
    if any(stars(effect.p_value) for effect in summary.fixed):
        sections[-1].append("  " + "; ".join(f"{mark} p < {bound:g}" for bound, mark in LEGEND))
    if summary.errors:
        sections[-1] += _wrapped(summary.errors)
    if summary.zeros:
        sections[-1] += _wrapped(summary.zeros)
    sections += _remarks(summary)
    return "\n\n".join("\n".join(line.rstrip() for line in lines) for lines in sections)


def components_heading(summary: Summary) -> str:
    """What the table of variances holds."""
    return "Random effects" if summary.groups else "Residual variance"


def fixed_heading(summary: Summary) -> str:
    """What kind of tests the table of fixed effects holds."""
    if not summary.ddf:
        return "Fixed effects (z tests)"
    return f"Fixed effects (t tests, {in_words(summary.ddf)})"


def component_rows(summary: Summary) -> list[list[str]]:
    """The random effects, head line first: group, term, variance, SD, correlations."""
    lines = summary.components
    decimals_v = min(max(2, significant([c.variance for c in lines], 3)), 5)
    decimals_s = min(max(2, significant([c.sd for c in lines], 3)), 5)
    most = max((len(c.correlations) for c in lines), default=0)
    rows = [["Group", "Term", "Variance", "SD", *(["Corr"] if most else []), *[""] * (most - 1)]]
    previous = ""
    for c in lines:
        correlations = [rounded(r, 2) for r in c.correlations]
        group = "" if c.group == previous else c.group
        previous = c.group
        row = [group, c.term, fixed(c.variance, decimals_v), fixed(c.sd, decimals_s)]
        rows.append(row + correlations + [""] * (most - len(correlations)))
    return rows


def fixed_rows(summary: Summary) -> list[list[str]]:
    """The fixed effects, head line first; the last column holds the stars."""
    with_df = bool(summary.ddf)
    head = ["", "Estimate", "SE", *(["df"] if with_df else []), "t" if with_df else "z", "p", ""]
    decimals = _decimals(summary.fixed)
    rows = [head]
    for effect, d in zip(summary.fixed, decimals, strict=True):
        df = [rounded(effect.df, 1) if math.isfinite(effect.df) else "Inf"] if with_df else []
        rows.append(
            [
                effect.name,
                fixed(effect.estimate, d),
                fixed(effect.std_error, d),
                *df,
                rounded(effect.statistic, 2),
                p_text(effect.p_value),
                stars(effect.p_value),
            ]
        )
    return rows


def _decimals(effects: Sequence[FixedEffect]) -> list[int]:
    """Three significant digits of each standard error; common to all where they are alike."""
    each = [significant([effect.std_error], 3, least=2) for effect in effects]
    return [max(each)] * len(each) if each and max(each) - min(each) <= 2 else each


def _remarks(summary: Summary) -> list[list[str]]:
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


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _wrapped(text: str, indent: str = "  ") -> list[str]:
    return paragraph(text, indent, indent + ("  " if indent else ""))


def _grid(rows: Sequence[Sequence[str]], left: int = 0, ragged: bool = False) -> list[str]:
    """Columns two spaces apart; the first `left` flush left, and with `ragged` the last.

    Names too long for the line are broken over several, the numbers beside the last of these.
    """
    n_columns = len(rows[0])
    widths = [max(len(row[j]) for row in rows) for j in range(n_columns)]
    spare = page_width() - 2 - sum(widths) - 2 * (n_columns - 1)
    if spare < 0 and left:
        widest = max(range(left), key=lambda j: widths[j])
        widths[widest] = max(16, widths[widest] + spare)
    lines = []
    for row in rows:
        flush = [j < left or (ragged and j == n_columns - 1) for j in range(n_columns)]
        stacks = [
            broken_name(text, w) if j < left else [text]
            for j, (text, w) in enumerate(zip(row, widths, strict=True))
        ]
        tallest = max(map(len, stacks))
        for k in range(tallest):
            # The first column of a name starts on the first line; all else stands on the last.
            texts = [
                stack[k - tallest + len(stack)] if k >= tallest - len(stack) else ""
                for stack in stacks
            ]
            cells = [
                text.ljust(w) if flush[j] else text.rjust(w)
                for j, (text, w) in enumerate(zip(texts, widths, strict=True))
            ]
            lines.append("  " + "  ".join(cells))
    return lines
