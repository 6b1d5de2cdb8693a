"""Units and origins that make estimates hard to read. The fit itself does not depend on them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ranef.formula import Formula
from ranef.formula.nodes import Name
from ranef.frame import Column, Table
from ranef.page.phrases import figures
from ranef.types import Finding

__all__ = ["origin_findings", "scale_findings"]

FAR_APART = 1e4
"""Ratio of standard deviations, predictor to response, either way."""

FAR_AWAY = 20.0
"""Distance of zero from the mean of a predictor with a random slope, in standard deviations."""


def scale_findings(formula: Formula, table: Table) -> Iterator[Finding]:
    """Predictors in units far from the response's."""
    if not isinstance(formula.response, Name) or table[formula.response.name].kind != "number":
        return
    response = formula.response.name
    size = float(np.std(table[response].values))
    for name in _numbers(formula, table):
        spread = float(np.std(table[name].values))
        if spread > 0.0 and size > 0.0 and not 1 / FAR_APART < spread / size < FAR_APART:
            yield Finding(
                code="outlying-scale",
                severity="note",
                message=f"'{name}' is measured in units far from those of '{response}'",
                evidence=f"SD {figures(spread)} beside {figures(size)}",
                where=name,
                fix="the fit is the same in any unit; a nearer one makes the coefficient easier "
                "to read",
            )


def origin_findings(formula: Formula, table: Table) -> Iterator[Finding]:
    """Random slopes counted from a far-away zero."""
    for bar in formula.bars:
        if not bar.model.intercept or not bar.correlated or bar.structure not in ("us", "rr"):
            continue
        for term in bar.model.terms:
            if term.degree > 1 or not isinstance(term.factors[0], Name):
                continue
            column = table[term.factors[0].name]
            if column.kind == "number" and _distance(column) > FAR_AWAY:
                yield Finding(
                    code="far-origin",
                    severity="note",
                    message=f"the {bar.label} intercept is the value at {column.name} = 0, far "
                    "from the data: its variance and correlation with the slope say little",
                    evidence=f"zero lies {_distance(column):.0f} SDs from the mean of "
                    f"'{column.name}'",
                    where=column.name,
                    fix=f"take a constant near {column.values.mean():.4g} off '{column.name}', or "
                    "centre it; the fit is the same, its intercept then means something",
                )


def _numbers(formula: Formula, table: Table) -> list[str]:
    names = [
        term.factors[0].name
        for model in (formula.fixed, *(bar.model.terms for bar in formula.bars))
        for term in model
        if term.degree == 1 and isinstance(term.factors[0], Name)
    ]
    return [name for name in dict.fromkeys(names) if table[name].kind == "number"]


def _distance(column: Column) -> float:
    spread = float(np.std(column.values))
    return abs(float(column.values.mean())) / spread if spread > 0.0 else 0.0
