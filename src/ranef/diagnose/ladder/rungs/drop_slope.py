"""One random slope less, each in turn."""

from __future__ import annotations

from collections.abc import Sequence

from ranef.diagnose.ladder.comparison import test_random_part
from ranef.diagnose.ladder.fewer_slopes import say_fewer_slopes
from ranef.diagnose.ladder.kind import Asked, Kind, Place
from ranef.diagnose.ladder.rung import Plan, Test, Tried
from ranef.diagnose.rewrite import bar_with, effects, intercepts_alone, outermost, with_bar
from ranef.diagnose.subject import AnySubject
from ranef.formula import to_source

__all__ = ["KEY", "KIND", "without_slopes"]

KEY = "drop-slope"


def without_slopes(subject: AnySubject) -> list[Plan]:
    """The model without each slope that stands by itself; two that read the same are one."""
    plans: dict[str, Plan] = {}
    several = len({bar.label for bar in subject.formula.bars}) > 1
    for k, bar in enumerate(subject.formula.bars):
        for term in outermost(bar.model.terms):
            terms = tuple(other for other in bar.model.terms if other is not term)
            if not terms and not bar.model.intercept:
                continue
            name = to_source(effects(True, (term,)))
            title = f"no slope of {name}" + (f" by {bar.label}" if several else "")
            formula = with_bar(subject.formula, k, bar_with(subject.formula, k, terms))
            plan = Plan(KEY, title, formula, dropped=name, group=bar.label)
            plans.setdefault(formula, plan)
    return list(plans.values())


def _plans(asked: Asked) -> list[Plan]:
    # Without its only slope the model is that of random intercepts, and goes by that name.
    intercepts = intercepts_alone(asked.subject.formula)
    return [plan for plan in without_slopes(asked.subject) if plan.formula != intercepts]


def _test(asked: Tried, tried: Tried, every: Sequence[Tried]) -> Test | None:
    return test_random_part(tried, asked)


KIND = Kind(KEY, Place.SMALLER, _plans, test=_test, say=say_fewer_slopes)
