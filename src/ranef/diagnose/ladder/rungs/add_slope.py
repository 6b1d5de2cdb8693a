"""One random slope added, if a test finds evidence for it."""

from __future__ import annotations

from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.kind import Asked, Kind, Place
from ranef.diagnose.ladder.one_more import one_more_plan, say_one_more, shown, test_larger
from ranef.diagnose.ladder.rung import Plan, Rung
from ranef.diagnose.larger import effect_text

__all__ = ["KEY", "KIND"]

KEY = "add-slope"


def _plans(asked: Asked) -> list[Plan]:
    several = len({term.factor for term in asked.subject.design.terms}) > 1
    plans = []
    for k, found in shown(asked):
        if found.candidate.kind == "slope":
            by = f" by {found.candidate.factor}" if several else ""
            title = f"+ slope of {found.candidate.name}{by}"
            plans.append(one_more_plan(KEY, title, k, found))
    return plans


def _say(rung: Rung, facts: Facts) -> list[str]:
    plan = facts.tried(rung).plan
    what, varies = effect_text(facts.subject, plan.dropped)
    return say_one_more(rung, facts, f"{what} {varies} between levels of {plan.group}")


KIND = Kind(KEY, Place.LARGER, _plans, test=test_larger, say=_say)
