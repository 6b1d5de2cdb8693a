"""The sentences of rungs with fewer random slopes."""

from __future__ import annotations

from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.rung import Rung
from ranef.diagnose.ladder.sentences import singularity
from ranef.diagnose.ladder.words import CLEAR, evidence, tested, weak

__all__ = ["say_fewer_slopes"]


def say_fewer_slopes(rung: Rung, facts: Facts) -> list[str]:
    """One slope less, or intercepts alone."""
    said = [singularity(rung, facts)]
    what, varies, pronoun = _left_out(facts, rung)
    if rung.test is not None:
        keep = (
            f"if in doubt, keep {pronoun}, since leaving {pronoun} out may make standard errors "
            "too small"
        )
        match evidence(rung.test):
            case "clear":
                said.append(f"{what} {varies} {tested(rung.test)}: keep {pronoun}")
            case "none":
                said.append(f"No evidence that {what} {varies} {tested(rung.test)}")
            case "weak":
                said.append(f"{weak(rung.test)} that {what} {varies} {tested(rung.test)}: {keep}")
            case "open":
                said.append(
                    f"Whether {what} {varies} cannot be decided: the bounds of the p value lie on "
                    f"both sides of {CLEAR} {tested(rung.test)}: {keep}"
                )
    return said


def _left_out(facts: Facts, rung: Rung) -> tuple[str, str, str]:
    """What a smaller rung goes without, its verb, and the pronoun."""
    plan = facts.tried(rung).plan
    labels = dict.fromkeys(bar.label for bar in facts.subject.formula.bars if bar.model.terms)
    between = f"between levels of {plan.group or ' and '.join(labels)}"
    if not plan.dropped:
        return "the slopes", f"vary {between}", "them"
    if plan.dropped in facts.subject.design.encoding.state.categories:
        known = facts.subject.design.encoding.state.categories[plan.dropped]
        name = known.column if known.cuts is None else plan.dropped
        return f"the effects of {name}", f"vary {between}", "them"
    return f"the slope of {plan.dropped}", f"varies {between}", "it"
