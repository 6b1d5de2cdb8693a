"""What the rungs of larger random parts have in common."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ranef.diagnose.ladder.comparison import test_random_part
from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.kind import Asked
from ranef.diagnose.ladder.rung import Plan, Rung, Test, Tried
from ranef.diagnose.ladder.sentences import singularity
from ranef.diagnose.ladder.words import CLEAR, number, tested
from ranef.diagnose.larger import Found
from ranef.page.phrases import p_value

__all__ = ["largest_error", "one_more_plan", "say_one_more", "shown", "test_larger"]


def shown(asked: Asked) -> list[tuple[int, Found]]:
    """What a test does not let pass, with its place among all that was found."""
    return [(k, found) for k, found in enumerate(asked.larger.found) if found.p_value < CLEAR]


def one_more_plan(key: str, title: str, k: int, found: Found) -> Plan:
    """One effect more, the k-th of those found."""
    return Plan(
        key,
        title,
        found.formula.text,
        dropped=found.candidate.name,
        group=found.candidate.factor,
        fit=found.fit,
        costly=found.fit is None,
        order=k,
    )


def test_larger(asked: Tried, tried: Tried, every: Sequence[Tried]) -> Test | None:
    """The asked model against the larger one."""
    return test_random_part(asked, tried)


def say_one_more(rung: Rung, facts: Facts, fact: str) -> list[str]:
    """`fact` says what the rung adds to the model."""
    said = [singularity(rung, facts)]
    found = next(f for f in facts.climb.larger.found if f.formula.text == rung.formula)
    if rung.test is not None and found.clear:
        said.append(f"{fact} {tested(rung.test)}")
    elif rung.test is not None:
        said.append(
            f"Some sign that {fact} {tested(rung.test)}, but {facts.climb.larger.looked_at} were "
            f"looked at: {p_value(found.p_value)} by Bonferroni"
        )
    return [*said, largest_error(rung, facts)]


def largest_error(rung: Rung, facts: Facts) -> str:
    """The standard error that moves most, where one moves by a tenth."""
    moved = [e for e in rung.effects if abs(float(np.log(e.se_ratio))) > 0.1]
    if not moved:
        return ""
    most = max(moved, key=lambda e: abs(float(np.log(e.se_ratio))))
    first = next(e for e in facts.asked_rung.effects if e.name == most.name)
    before, after = (number(e.std_error, e.std_error) for e in (first, most))
    return f"The standard error of {most.name} goes from {before} to {after}"
