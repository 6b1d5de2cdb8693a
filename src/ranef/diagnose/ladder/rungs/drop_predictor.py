"""One of several collinear predictors left out, each in turn."""

from __future__ import annotations

from collections.abc import Sequence

from ranef.diagnose.ladder.comparison import test_fixed_part
from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.kind import Asked, Kind, Place
from ranef.diagnose.ladder.rung import Plan, Rung, Test, Tried
from ranef.diagnose.ladder.words import CLEAR, tested, with_error
from ranef.diagnose.rewrite import parts_of
from ranef.formula import to_text

__all__ = ["KIND"]

KEY = "drop-predictor"
MOST = 3
SHARPER = 0.5  # ratio of standard errors that is worth a word


def _plans(asked: Asked) -> list[Plan]:
    """The model without each predictor that a finding calls collinear.

    Left out are summands that stand by themselves: not those with a random slope or in an
    interaction, of which more would have to go.
    """
    subject = asked.subject
    named = [
        f", {finding.where}, "
        for finding in asked.findings
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
        plans.append(Plan(KEY, f"without {name}", formula, dropped=name))
    return plans[:MOST]


def _test(asked: Tried, tried: Tried, every: Sequence[Tried]) -> Test | None:
    return test_fixed_part(tried, asked)


def _say(rung: Rung, facts: Facts) -> list[str]:
    """Whether the predictor is needed beside those it goes with, and what is sharper without."""
    name, said = facts.tried(rung).plan.dropped, []
    if rung.test is not None:
        needed = rung.test.p_high < CLEAR
        said.append(
            f"the model loses by it: {name} is needed beside the others {tested(rung.test)}"
            if needed
            else f"No sign that {name} is needed beside the others {tested(rung.test)}"
        )
    for effect in [e for e in rung.effects if e.se_ratio < SHARPER][:MOST]:
        first = next(e for e in facts.asked_rung.effects if e.name == effect.name)
        said.append(
            f"the coefficient of {effect.name} goes from "
            f"{with_error(first.estimate, first.std_error)} to "
            f"{with_error(effect.estimate, effect.std_error)}: without {name} it stands for both"
        )
    return said


KIND = Kind(KEY, Place.FIXED, _plans, test=_test, say=_say, by_finding=True)
