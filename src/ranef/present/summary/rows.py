"""The tables of a summary as rows of text, for every form that it is shown in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ranef.inference.ddf.registry import in_words
from ranef.page.phrases import count, interval_heads, whole
from ranef.present.structured import correlation_text
from ranef.present.summary.record import FixedEffect, PartBlock, SummaryRecord
from ranef.present.text.numbers import (
    LEGEND,
    column_decimals,
    figure,
    fixed,
    p_text,
    rounded,
    significant,
    stars,
)

if TYPE_CHECKING:
    from ranef.types import Finding

__all__ = [
    "advice",
    "capital",
    "component_rows",
    "components_heading",
    "criteria_rows",
    "dropped",
    "fixed_heading",
    "fixed_rows",
    "legend",
    "missing",
    "part_rows",
    "quantile_rows",
    "residual_heading",
    "residual_rows",
    "residuals_heading",
    "rows_and_groups",
    "untold",
]

_QUANTILES = ("Min", "1Q", "Median", "3Q", "Max")

# Findings that say again what the certificate's sentence or the line of missing data says.
_IN_VERDICT = ("boundary", "family-boundary")
_IN_MISSING = ("missing-rows",)


def capital(text: str) -> str:
    """`text` with a capital."""
    return text[:1].upper() + text[1:]


def rows_and_groups(summary: SummaryRecord) -> str:
    """How many rows and levels there are."""
    groups = ", ".join(f"{name} {whole(levels)}" for name, levels in summary.groups)
    return count(summary.nobs, "observation") + (f"; groups: {groups}" if groups else "")


def residuals_heading(summary: SummaryRecord) -> str:
    """What the quantiles are of."""
    return "Pearson residuals" if summary.family else "Scaled residuals"


def quantile_rows(summary: SummaryRecord) -> list[list[str]]:
    """Names of the quantiles of the residuals, and their values."""
    return [list(_QUANTILES), [rounded(q, 3) for q in summary.residual_quantiles]]


def advice(summary: SummaryRecord) -> list[str]:
    """What may be done about the verdict: the advice of findings that repeat it."""
    return [capital(f.fix) for f in summary.findings if f.code in _IN_VERDICT and f.fix]


def missing(summary: SummaryRecord) -> str:
    """Which rows were left out, and what follows from it; empty if none were."""
    if not summary.missing:
        return ""
    fixes = [capital(f.fix) for f in summary.findings if f.code in _IN_MISSING and f.fix]
    return ". ".join([f"Missing data: {summary.missing}", *fixes])


def untold(summary: SummaryRecord) -> tuple[Finding, ...]:
    """The findings that the page does not tell elsewhere."""
    told = {*_IN_VERDICT, *(_IN_MISSING if summary.missing else ())}
    return tuple(f for f in summary.findings if f.code not in told)


def dropped(summary: SummaryRecord) -> str:
    """The columns that others determine, empty without."""
    if not summary.dropped:
        return ""
    what = "a linear combination" if len(summary.dropped) == 1 else "linear combinations"
    return f"Dropped, {what} of other columns: {', '.join(summary.dropped)}"


def criteria_rows(summary: SummaryRecord) -> list[list[str]]:
    """Names of the criteria, and their values."""
    values = [str(v) if isinstance(v, int) else rounded(v, 2) for _, v in summary.criteria]
    return [[name for name, _ in summary.criteria], values]


def legend(summary: SummaryRecord) -> str:
    """The meaning of the stars, empty if there are none."""
    shown = [*summary.fixed, *(effect for part in summary.parts for effect in part.effects)]
    if not any(stars(effect.p_value) for effect in shown):
        return ""
    return "; ".join(f"{mark} p < {bound:g}" for bound, mark in LEGEND)


def components_heading(summary: SummaryRecord) -> str:
    """What the table of variances holds."""
    return "Random effects" if summary.groups else "Residual variance"


def fixed_heading(summary: SummaryRecord) -> str:
    """What kind of tests the table of fixed effects holds."""
    if not summary.ddf:
        return "Fixed effects (z tests)"
    return f"Fixed effects (t tests, {in_words(summary.ddf)})"


def component_rows(summary: SummaryRecord) -> list[list[str]]:
    """The random effects, head line first: group, term, variance, SD, correlations."""
    lines = summary.components
    decimals_v = column_decimals(c.variance for c in lines)
    decimals_s = column_decimals(c.sd for c in lines)
    most = max((len(c.correlations) for c in lines), default=0)
    rows = [["Group", "Term", "Variance", "SD", *(["Corr"] if most else []), *[""] * (most - 1)]]
    previous = ""
    for c in lines:
        shown = correlation_text if c.structure else _two_decimals
        correlations = [shown(r) for r in c.correlations]
        group = "" if c.group == previous else c.group
        previous = c.group
        row = [group, c.term, figure(c.variance, decimals_v), figure(c.sd, decimals_s)]
        rows.append(row + correlations + [""] * (most - len(correlations)))
    return rows


def residual_heading(summary: SummaryRecord) -> str:
    """The heading of the table of the residuals."""
    return f"Residuals: {summary.residual}"


def residual_rows(summary: SummaryRecord) -> list[list[str]]:
    """The residuals' structure, head line first: strata with SDs, or a correlation."""
    lines = summary.residual_lines
    if not lines[0].sd:
        return [[line.label for line in lines], [rounded(line.value, 3) for line in lines]]
    decimals = column_decimals(line.value for line in lines)
    first = lines[0].value
    return [
        ["Stratum", "SD", "Ratio"],
        *(
            [line.label, figure(line.value, decimals), rounded(line.value / first, 3)]
            for line in lines
        ),
    ]


def _two_decimals(x: float) -> str:
    return rounded(x, 2)


def fixed_rows(summary: SummaryRecord) -> list[list[str]]:
    """The fixed effects, head line first; the last column holds the stars."""
    with_df = bool(summary.ddf)
    head = ["", "Estimate", "SE", *(["df"] if with_df else []), "t" if with_df else "z", "p", ""]
    rows = _effect_rows(head, summary.fixed, with_df)
    if summary.ratio:
        ratios = [effect.ratio for effect in summary.fixed if effect.ratio is not None]
        rows[0] += [capital(summary.ratio), *interval_heads(0.95)]
        for row, (ratio, low, high) in zip(rows[1:], ratios, strict=True):
            decimals = min(significant([high - ratio, ratio - low], 2, least=2), 5)
            row += [fixed(value, decimals) for value in (ratio, low, high)]
    return rows


def part_rows(part: PartBlock) -> list[list[str]]:
    """The coefficients of a part beside the mean, head line first; thresholds have no tests."""
    rows = _effect_rows(["", "Estimate", "SE", "z", "p", ""], part.effects, False)
    tested = any(effect.p_value == effect.p_value for effect in part.effects)
    return rows if tested else [row[:3] for row in rows]


def _effect_rows(head: list[str], effects: Sequence[FixedEffect], with_df: bool) -> list[list[str]]:
    rows = [head]
    for effect, d in zip(effects, _decimals(effects), strict=True):
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
