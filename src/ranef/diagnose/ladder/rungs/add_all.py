"""All effects that the data ask for, together."""

from __future__ import annotations

from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.kind import Asked, Kind, Place
from ranef.diagnose.ladder.one_more import largest_error, test_larger
from ranef.diagnose.ladder.rung import Plan, Rung
from ranef.diagnose.ladder.sentences import singularity
from ranef.page.phrases import count

__all__ = ["KIND"]

KEY = "add-all"


def _plans(asked: Asked) -> list[Plan]:
    together, fit = asked.larger.together, asked.larger.together_fit
    if together is None:
        return []
    last = len(asked.larger.found)
    return [Plan(KEY, "all of these", together.text, fit=fit, costly=fit is None, order=last)]


def _say(rung: Rung, facts: Facts) -> list[str]:
    gain = facts.best_criterion - rung.criterion
    more = rung.df - facts.asked_rung.df
    return [
        singularity(rung, facts),
        f"All that the data ask for, {gain:.1f} deviance units lower with "
        f"{count(more, 'parameter')} more",
        largest_error(rung, facts),
    ]


KIND = Kind(KEY, Place.LARGER, _plans, test=test_larger, say=_say)
