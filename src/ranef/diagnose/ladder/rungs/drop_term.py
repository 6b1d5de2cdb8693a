"""One random part less, if the data show no variance by it."""

from __future__ import annotations

from collections.abc import Sequence

from ranef.diagnose.ladder.comparison import test_random_part
from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.kind import Asked, Kind, Place
from ranef.diagnose.ladder.rung import Plan, Rung, Test, Tried
from ranef.diagnose.ladder.rungs.drop_slope import without_slopes
from ranef.diagnose.ladder.sentences import singularity
from ranef.diagnose.ladder.words import CLEAR, evidence, tested, weak
from ranef.diagnose.rewrite import intercepts_alone, with_bar
from ranef.page.phrases import count

__all__ = ["KEY", "KIND"]

KEY = "drop-term"
SAME = 1e-4  # deviance units


def _plans(asked: Asked) -> list[Plan]:
    """Bars of which nothing needs to be left, or each of a flat fit, where another remains."""
    subject = asked.subject
    certificate, bars = subject.certificate, subject.formula.bars
    if len(bars) < 2:
        return []
    flat = certificate.verdict == "flat"
    needed = dict(certificate.rank)
    needed |= {subject.problem.labels[s.term].label: s.rank for s in asked.supports}
    empty = {k.factor for k in subject.problem.labels if not needed[k.label]}
    full = {k.factor for k in subject.problem.labels if needed[k.label]}
    known = {plan.formula for plan in without_slopes(subject)} | {intercepts_alone(subject.formula)}
    plans: dict[str, Plan] = {}
    for k, bar in enumerate(bars):
        formula = with_bar(subject.formula, k, None)
        if (flat or bar.label in empty - full) and formula not in known:
            plan = Plan(KEY, f"without {bar.label}", formula, group=bar.label)
            plans.setdefault(formula, plan)
    return list(plans.values())


def _test(asked: Tried, tried: Tried, every: Sequence[Tried]) -> Test | None:
    return test_random_part(tried, asked)


def _say(rung: Rung, facts: Facts) -> list[str]:
    """Whether a whole random part is needed."""
    if facts.certificate.verdict == "flat":
        return ["Identified, at the same height" if rung.certified else "Not identified either"]
    group = facts.group_of(rung)
    if abs(rung.criterion - facts.best_criterion) > SAME:
        said = [singularity(rung, facts)]
        if rung.test is not None:
            said.append(_need(group, rung.test))
        return [*said, "Leaving it in does no harm if the design has it"]
    less = facts.asked_rung.df - rung.df
    return [
        f"The same fit with {count(less, 'parameter')} fewer: the variance of "
        f"{group} is zero. Leaving it in does no harm if the design has it"
    ]


def _need(group: str, test: Test) -> str:
    match evidence(test):
        case "clear":
            return f"{group} is needed {tested(test)}"
        case "open":
            return (
                f"Whether {group} is needed cannot be decided: the bounds of the p value lie on "
                f"both sides of {CLEAR} {tested(test)}"
            )
        case "weak":
            return f"{weak(test)} that {group} is needed {tested(test)}"
        case _:
            return f"No evidence that {group} is needed {tested(test)}"


KIND = Kind(KEY, Place.SMALLER, _plans, test=_test, say=_say)
