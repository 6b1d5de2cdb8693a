"""One factor nested in another, if its levels were numbered anew in each level of the other."""

from __future__ import annotations

from collections.abc import Sequence

from ranef.diagnose.ladder.comparison import test_random_part
from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.kind import Asked, Kind, Place
from ranef.diagnose.ladder.one_more import shown
from ranef.diagnose.ladder.rung import Plan, Rung, Test, Tried
from ranef.diagnose.ladder.rungs import add_interaction
from ranef.diagnose.ladder.sentences import singularity
from ranef.diagnose.ladder.words import tested

__all__ = ["KEY", "KIND"]

KEY = "nested"


def _plans(asked: Asked) -> list[Plan]:
    return [
        Plan(
            KEY,
            f"{found.inner} in {found.outer}",
            found.nested.formula.text,
            group=found.inner,
            fit=found.nested,
            order=k,
        )
        for k, found in shown(asked)
        if found.nested is not None
    ]


def _test(asked: Tried, tried: Tried, every: Sequence[Tried]) -> Test | None:
    """The factor by itself, beside the cells that may stand for it."""
    for other in every:
        if other.plan.key == add_interaction.KEY:
            test = test_random_part(tried, other)
            if test is not None:
                return test
    return None


def _say(rung: Rung, facts: Facts) -> list[str]:
    plan = facts.tried(rung).plan
    gain = facts.best_criterion - rung.criterion
    said = [
        f"{gain:.1f} deviance units lower than the model as asked, which has as many parameters",
        singularity(rung, facts),
    ]
    if rung.test is not None:
        said.append(f"No evidence that {plan.group} varies besides {tested(rung.test)}")
    return said


KIND = Kind(KEY, Place.LARGER, _plans, test=_test, say=_say)
