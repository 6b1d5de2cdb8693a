"""Responses that a linear model was not made for: two values, and counts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ranef.diagnose.call import quoted
from ranef.formula import Formula, to_source
from ranef.formula.nodes import Name
from ranef.frame import Table
from ranef.page.phrases import figures, share
from ranef.types import Array, Finding

__all__ = ["kind_of_response"]

FIRST = 1000
"""Rows that decide the usual case."""

SKEWED = 0.5
"""Skewness from which counts are far from normal: that of a Poisson variable of mean 4."""


def kind_of_response(formula: Formula, table: Table) -> Iterator[Finding]:
    """A response of two values, or of whole numbers from zero with a long upper tail."""
    if not isinstance(formula.response, Name):
        return
    column = table[formula.response.name]
    if column.kind != "number" or not len(column):
        return
    low, high = table.ends(column.name)
    if low == high or not (np.isfinite(low) and np.isfinite(high)):
        return
    y = column.values
    if _two(y[:FIRST], low, high) and _two(y, low, high):
        above = int(np.count_nonzero(y == high))
        yield Finding(
            code="binary-response",
            severity="warning",
            message=f"the response '{column.name}' takes two values, {low:g} and {high:g}; a "
            "linear model assumes normal residuals of one variance",
            evidence=f"{high:g} in {share(above, y.size, 'row')}",
            where=column.name,
            fix=_logistic(formula, low, high) + "; in a linear model coefficients are differences "
            "in probability, and predictions can leave the range",
        )
    elif low == 0 and _whole(y[:FIRST]) and _whole(y):
        mean = float(y.mean())
        deviations = y - mean
        squares = deviations * deviations
        variance = float(squares.mean())
        if float((squares * deviations).mean()) >= SKEWED * variance**1.5:
            yield Finding(
                code="count-response",
                severity="note",
                message=f"the response '{column.name}' looks like a count; a linear model assumes "
                "normal residuals of one variance",
                evidence=f"whole numbers from 0 to {high:g}, mean {figures(mean)}, variance "
                f"{figures(variance)}",
                where=column.name,
                fix=_of_counts(formula) + "; the square root of the counts is nearer to a linear "
                "model",
            )


def _logistic(formula: Formula, low: float, high: float) -> str:
    """What to type for a logistic model."""
    if not formula.bars:
        return 'with a random part, rn.glmm(formula, data, family="binomial") fits a logistic model'
    text = formula.text
    if (low, high) != (0.0, 1.0):
        right = text.partition("~")[2].strip()
        text = f"I({to_source(formula.response)} == {high:g}) ~ {right}"
    return f"{_call(text, 'binomial')} fits a logistic mixed model"


def _of_counts(formula: Formula) -> str:
    """What to type for a model of counts."""
    if not formula.bars:
        return 'with a random part, rn.glmm(formula, data, family="poisson") fits a model of counts'
    call = _call(formula.text, "poisson")
    return f'{call} fits a Poisson mixed model, family="nbinom2" a negative binomial one'


def _call(text: str, family: str) -> str:
    return f'rn.glmm({quoted(text)}, data, family="{family}")'


def _two(y: Array, low: float, high: float) -> bool:
    return bool(((y == low) | (y == high)).all())


def _whole(y: Array) -> bool:
    return bool((y == np.rint(y)).all())
