"""Combinations of two grouping factors added, if a test finds evidence for them."""

from __future__ import annotations

from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.kind import Asked, Kind, Place
from ranef.diagnose.ladder.one_more import one_more_plan, say_one_more, shown, test_larger
from ranef.diagnose.ladder.rung import Plan, Rung

__all__ = ["KEY", "KIND"]

KEY = "add-interaction"


def _plans(asked: Asked) -> list[Plan]:
    return [
        one_more_plan(KEY, f"+ {found.candidate.name}", k, found)
        for k, found in shown(asked)
        if found.candidate.kind != "slope"
    ]


def _say(rung: Rung, facts: Facts) -> list[str]:
    name = facts.tried(rung).plan.dropped
    return say_one_more(rung, facts, f"the combinations {name} vary beyond the sum of their parts")


KIND = Kind(KEY, Place.LARGER, _plans, test=test_larger, say=_say)
