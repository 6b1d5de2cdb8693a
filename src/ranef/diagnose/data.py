"""Findings from the data that went into a fit, kept on the fit: they cost next to nothing."""

from __future__ import annotations

from collections.abc import Iterable

from ranef.design import Design
from ranef.diagnose.columns import column_findings
from ranef.formula import Formula
from ranef.frame import Table
from ranef.page.phrases import count, one_of_them, share, whole
from ranef.types import Finding, MissingRows

__all__ = ["data_findings", "missing_rows", "sum_findings"]

FEW_LEVELS = 5


def data_findings(
    formula: Formula, table: Table, design: Design, missing: MissingRows
) -> tuple[Finding, ...]:
    """What the data and the design show at next to no cost."""
    return (
        *missing_rows(missing),
        *_dropped(design),
        *column_findings(formula, table, linear=design.generalised is None),
        *_few_levels(design),
        *_constant_slopes(formula, design),
    )


def sum_findings(design: Design, missing: MissingRows) -> tuple[Finding, ...]:
    """What sums over the rows show: no columns of rows are read."""
    return (*missing_rows(missing), *_dropped(design), *_few_levels(design))


def missing_rows(missing: MissingRows) -> list[Finding]:
    """Rows left out, counted by column."""
    incomplete = len(missing) - missing.outside
    if not incomplete:
        return []
    counts = ", ".join(f"{name} {whole(n)}" for name, n in missing.by_column.items())
    of = share(incomplete, missing.n_total - missing.outside, "row")
    return [
        Finding(
            code="missing-rows",
            severity="note",
            message=f"{of} {one_of_them(incomplete, 'was', 'were')} left out: a variable of the "
            "model is missing there",
            evidence=f"missing values: {counts}",
            where=", ".join(missing.by_column),
            fix="compare models on the same rows"
            + ("; fit.missing_rows lists them" if missing.rows.size else ""),
        )
    ]


def _dropped(design: Design) -> list[Finding]:
    if not design.dropped:
        return []
    names = ", ".join(design.dropped)
    several = len(design.dropped) > 1
    return [
        Finding(
            code="aliased-columns",
            severity="warning",
            message=f"{names} {'are' if several else 'is'} determined by the columns before and "
            f"{'were' if several else 'was'} left out of the fixed part",
            evidence=f"rank {design.p} of {design.p + len(design.dropped)} columns",
            where=names,
            fix="drop the redundant terms from the formula; the fit does not change",
        )
    ]


def _constant_slopes(formula: Formula, design: Design) -> Iterable[Finding]:
    if not any(term.constant for term in design.terms):
        return ()
    from ranef.diagnose.slopes import constant_slope_findings

    return constant_slope_findings(formula, design)


def _few_levels(design: Design) -> list[Finding]:
    out = []
    for term in {term.factor: term for term in design.terms}.values():
        if term.n_levels < FEW_LEVELS:
            out.append(
                Finding(
                    code="few-levels",
                    severity="note",
                    message=f"'{term.factor}' has only {count(term.n_levels, 'level')}: the data "
                    "say little about a variance between them",
                    evidence=count(term.n_levels, "level"),
                    where=term.factor,
                    fix=f"a fixed effect of '{term.factor}' may serve as well",
                )
            )
    return out
