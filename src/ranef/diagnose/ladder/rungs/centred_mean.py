"""Predictors centred within groups, and their group means added."""

from __future__ import annotations

from collections.abc import Sequence

from ranef.diagnose.ladder.comparison import test_fixed_part
from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.kind import Asked, Kind, Place
from ranef.diagnose.ladder.means import (
    centred_parts,
    grouped,
    means_title,
    renamed,
    with_means,
    within_between,
)
from ranef.diagnose.ladder.rung import Plan, Rung, Test, Tried
from ranef.diagnose.ladder.rungs import centred
from ranef.diagnose.ladder.sentences import singularity
from ranef.diagnose.ladder.words import CLEAR, tested
from ranef.diagnose.rewrite import Parts, parts_of
from ranef.formula import to_text

__all__ = ["KIND"]


def _plans(asked: Asked) -> list[Plan]:
    every = grouped(asked.subject)
    parts = parts_of(asked.subject.formula)
    plans = []
    for k, (label, group, found) in enumerate(every, start=1):
        within = renamed(found, group)
        if not within:
            continue
        names = {to_text(old): to_text(new) for old, new in within.items()}
        fixed = with_means(parts, found, group, within).fixed
        formula = Parts(parts.response, fixed, centred_parts(asked.subject, within).random).text
        title = f"centred + {means_title(found)}" + (f" by {label}" if len(every) > 1 else "")
        plans.append(Plan("centred-mean", title, formula, names, group=label, order=k))
    return plans


def _test(asked: Tried, tried: Tried, every: Sequence[Tried]) -> Test | None:
    """Against the centred model, of the same predictors."""
    for other in every:
        if (other.plan.key, other.plan.group) == (centred.KEY, tried.plan.group):
            return test_fixed_part(other, tried)
    return None


def _say(rung: Rung, facts: Facts) -> list[str]:
    """The two slopes."""
    said = [singularity(rung, facts)]
    pairs = within_between(facts, rung)
    if pairs:
        said.append("Each comparison has its own slope: " + "; ".join(pairs))
    if rung.test is not None:
        word = "adds to" if rung.test.p_high < CLEAR else "adds little to"
        said.append(f"The mean {word} the centred model {tested(rung.test)}")
    return said


KIND = Kind("centred-mean", Place.FIXED, _plans, test=_test, say=_say)
