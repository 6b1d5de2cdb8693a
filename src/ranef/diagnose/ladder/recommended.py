"""The one formula to go on with, where the ladder has one."""

from __future__ import annotations

from collections.abc import Sequence

from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.rung import Rung
from ranef.diagnose.ladder.rungs import add_interaction, add_slope, nested, parsimonious
from ranef.diagnose.ladder.words import evidence

__all__ = ["recommended"]

LARGER = (nested.KEY, add_interaction.KEY, add_slope.KEY)
"""In this order: what holds more of what the data ask for."""


def recommended(facts: Facts, rungs: Sequence[Rung]) -> Rung | None:
    """The rung with what the data clearly ask for, or with no more than they support.

    Nothing is recommended where the choice is one of subject matter, as between slopes within and
    between groups, or where the search has not reached an optimum.
    """
    if not facts.certificate.certified and facts.certificate.verdict != "flat":
        return None
    wider = facts.climb.families.best
    if wider is not None:
        return next((r for r in rungs if r.fitted and facts.tried(r).fit is wider.fit), None)
    together = facts.climb.larger.together
    if together is not None:
        return next((rung for rung in rungs if rung.formula == together.text), None)
    certified = [rung for rung in rungs if rung.certified]
    possible = [*certified, *(rung for rung in rungs if rung.verdict == "not tried")]
    if facts.climb.larger.clear:
        asked_for = {each.formula.text for each in facts.climb.larger.clear}
        for key in LARGER:
            for rung in possible:
                if rung.key == key and (key == nested.KEY or rung.formula in asked_for):
                    return rung
    for rung in certified:
        if rung.key == parsimonious.KEY and (rung.test is None or evidence(rung.test) != "clear"):
            return rung
    return None
