"""Rungs of larger random parts: slopes and interactions that a score test has called for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ranef.diagnose.ladder.comparison import test_random_part
from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.judge import singularity
from ranef.diagnose.ladder.kind import Asked, Kind, Place
from ranef.diagnose.ladder.rung import Plan, Rung, Test, Tried
from ranef.diagnose.ladder.words import CLEAR, number, tested
from ranef.diagnose.larger import Found, effect_text
from ranef.diagnose.subject import Subject

__all__ = ["KINDS", "larger_plans"]


def larger_plans(asked: Asked) -> list[Plan]:
    """One effect more, each in turn; classes nested in schools; and all of them together."""
    plans = []
    several = len({term.factor for term in asked.subject.design.terms}) > 1
    for found in asked.larger.found:
        if found.p_value >= CLEAR:
            continue
        plans.append(_plan(asked.subject, found, several))
        if found.nested is not None:
            plans.append(
                Plan(
                    "nested",
                    f"{found.inner} in {found.outer}",
                    found.nested.formula.text,
                    group=found.inner,
                    fit=found.nested,
                )
            )
    together = asked.larger.together
    if together is not None:
        fit = asked.larger.together_fit
        plans.append(Plan("add-all", "all of these", together.text, fit=fit, costly=fit is None))
    return plans


def _plan(subject: Subject, found: Found, several: bool) -> Plan:
    name, factor = found.candidate.name, found.candidate.factor
    slope = found.candidate.kind == "slope"
    by = f" by {factor}" if several else ""
    return Plan(
        "add-slope" if slope else "add-interaction",
        f"+ slope of {name}{by}" if slope else f"+ {name}",
        found.formula.text,
        dropped=name,
        group=factor,
        fit=found.fit,
        costly=found.fit is None,
    )


def _larger(asked: Tried, tried: Tried, every: Sequence[Tried]) -> Test | None:
    return test_random_part(tried, asked)


def _beside_its_cells(asked: Tried, tried: Tried, every: Sequence[Tried]) -> Test | None:
    """The factor by itself, beside the cells that may stand for it."""
    for other in every:
        if other.plan.key == "add-interaction":
            test = test_random_part(other, tried)
            if test is not None:
                return test
    return None


def _slope(rung: Rung, facts: Facts) -> list[str]:
    plan = facts.tried(rung).plan
    what, varies = effect_text(facts.subject, plan.dropped)
    return _said(rung, facts, f"{what} {varies} between levels of {plan.group}")


def _interaction(rung: Rung, facts: Facts) -> list[str]:
    name = facts.tried(rung).plan.dropped
    return _said(rung, facts, f"the combinations {name} vary beyond the sum of their parts")


def _said(rung: Rung, facts: Facts, fact: str) -> list[str]:
    said = [singularity(rung, facts)]
    found = next(f for f in facts.climb.larger.found if f.formula.text == rung.formula)
    if rung.test is not None and found.clear:
        said.append(f"{fact} {tested(rung.test)}")
    elif rung.test is not None:
        said.append(
            f"Some sign that {fact} {tested(rung.test)}, but {facts.climb.larger.looked_at} were "
            f"looked at: p = {found.p_value:.2g} by Bonferroni"
        )
    return [*said, _errors(rung, facts)]


def _nested(rung: Rung, facts: Facts) -> list[str]:
    plan = facts.tried(rung).plan
    gain = facts.best_criterion - rung.criterion
    said = [
        f"{gain:.1f} deviance units lower than the model as asked, which has as many parameters",
        singularity(rung, facts),
    ]
    if rung.test is not None:
        said.append(f"No evidence that {plan.group} varies besides {tested(rung.test)}")
    return said


def _all(rung: Rung, facts: Facts) -> list[str]:
    gain = facts.best_criterion - rung.criterion
    more = rung.df - facts.asked_rung.df
    return [
        singularity(rung, facts),
        f"All that the data ask for, {gain:.1f} deviance units lower with {more} parameters more",
        _errors(rung, facts),
    ]


def _errors(rung: Rung, facts: Facts) -> str:
    """The standard error that moves most, where one moves by a tenth."""
    moved = [e for e in rung.effects if abs(float(np.log(e.se_ratio))) > 0.1]
    if not moved:
        return ""
    most = max(moved, key=lambda e: abs(float(np.log(e.se_ratio))))
    first = next(e for e in facts.asked_rung.effects if e.name == most.name)
    before, after = (number(e.std_error, e.std_error) for e in (first, most))
    return f"The standard error of {most.name} goes from {before} to {after}"


KINDS = (
    Kind("add-slope", Place.LARGER, _larger, _slope),
    Kind("add-interaction", Place.LARGER, _larger, _interaction),
    Kind("nested", Place.LARGER, _beside_its_cells, _nested),
    Kind("add-all", Place.LARGER, _larger, _all),
)
