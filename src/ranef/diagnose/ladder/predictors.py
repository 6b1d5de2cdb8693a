"""Rungs of collinear predictors: one of them left out, each in turn."""

from __future__ import annotations

from collections.abc import Sequence

from ranef.diagnose.ladder.rung import Plan
from ranef.diagnose.rewrite import parts_of
from ranef.diagnose.subject import Subject
from ranef.formula import to_text
from ranef.types import Finding

__all__ = ["predictor_plans"]

MOST = 3


def predictor_plans(subject: Subject, findings: Sequence[Finding]) -> list[Plan]:
    """The model without each predictor that a finding calls collinear.

    Left out are summands that stand by themselves: not those with a random slope or in an
    interaction, of which more would have to go.
    """
    named = [
        f", {finding.where}, "
        for finding in findings
        if finding.code == "collinear-columns" and finding.severity == "warning"
    ]
    parts = parts_of(subject.formula)
    used = [term.name for bar in subject.formula.bars for term in bar.model.terms]
    used += [
        to_text(factor)
        for term in subject.formula.fixed
        if term.degree > 1
        for factor in term.factors
    ]
    plans = []
    for k, (sign, item) in enumerate(parts.fixed):
        name = to_text(item)
        collinear = any(f", {name}, " in where for where in named)
        if sign < 0 or not collinear or name in used or len(parts.fixed) < 2:
            continue
        left = (*parts.fixed[:k], *parts.fixed[k + 1 :])
        formula = type(parts)(parts.response, left, parts.random).text
        plans.append(Plan("drop-predictor", f"without {name}", formula, dropped=name))
    return plans[:MOST]
