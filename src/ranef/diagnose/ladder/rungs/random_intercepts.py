"""Random intercepts alone."""

from __future__ import annotations

from collections.abc import Sequence

from ranef.diagnose.ladder.comparison import test_random_part
from ranef.diagnose.ladder.fewer_slopes import say_fewer_slopes
from ranef.diagnose.ladder.kind import Asked, Kind, Place
from ranef.diagnose.ladder.rung import Plan, Test, Tried
from ranef.diagnose.ladder.rungs.drop_slope import without_slopes
from ranef.diagnose.rewrite import intercepts_alone
from ranef.formula.render import to_text

__all__ = ["KIND"]


def _plans(asked: Asked) -> list[Plan]:
    formula = intercepts_alone(asked.subject.formula)
    if not formula:
        return []
    # If the model has a single slope this is the rung without it, and replaces that one.
    dropped = [plan.dropped for plan in without_slopes(asked.subject) if plan.formula == formula]
    name, order = (dropped[0], -1) if dropped else (_only_effects(asked), 0)
    return [Plan("random-intercepts", "random intercepts", formula, dropped=name, order=order)]


def _only_effects(asked: Asked) -> str:
    """The category whose effects alone vary, as in ``(0 + f | g)``."""
    terms = [term for bar in asked.subject.formula.bars for term in bar.model.terms]
    if len(terms) != 1 or terms[0].degree > 1:
        return ""
    name = to_text(terms[0].factors[0])
    return name if name in asked.subject.design.encoding.state.categories else ""


def _test(asked: Tried, tried: Tried, every: Sequence[Tried]) -> Test | None:
    return test_random_part(tried, asked)


KIND = Kind("random-intercepts", Place.SMALLER, _plans, test=_test, say=say_fewer_slopes)
