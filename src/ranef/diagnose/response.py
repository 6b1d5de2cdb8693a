"""Responses that a linear model was not made for: two values, and counts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ranef.formula import Formula
from ranef.formula.nodes import Name
from ranef.frame import Table
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
            code="two-valued-response",
            severity="warning",
            message=f"the response '{column.name}' takes two values, {low:g} and {high:g}; a "
            "linear model assumes normal residuals of one variance",
            evidence=f"{high:g} in {above} of {y.size} rows",
            where=column.name,
            fix="rn.glmm(formula, data, family='binomial') fits a logistic mixed model; in a linear one "
            "coefficients are differences in probability, and predictions can leave the range",
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
                evidence=f"whole numbers from 0 to {high:g}, mean {mean:.3g}, variance "
                f"{variance:.3g}",
                where=column.name,
                fix="rn.glmm(formula, data, family='nbinom2') fits a negative binomial mixed model; "
                "the square root of the counts is nearer to a linear one",
            )


def _two(y: Array, low: float, high: float) -> bool:
    return bool(((y == low) | (y == high)).all())


def _whole(y: Array) -> bool:
    return bool((y == np.rint(y)).all())
