"""The group means of predictors added, these left as they are."""

from __future__ import annotations

from collections.abc import Sequence

from ranef.diagnose.ladder.candidates import candidates
from ranef.diagnose.ladder.comparison import test_fixed_part
from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.kind import Asked, Kind, Place
from ranef.diagnose.ladder.means import (
    contextual,
    grouped,
    means_title,
    raw_names,
    shifted,
    source_names,
    with_means,
)
from ranef.diagnose.ladder.rung import Plan, Rung, Test, Tried
from ranef.diagnose.ladder.sentences import singularity
from ranef.diagnose.ladder.words import CLEAR, tested
from ranef.diagnose.rewrite import parts_of
from ranef.diagnose.words import join, slope_of
from ranef.formula import to_text

__all__ = ["KEY", "KIND"]

KEY = "group-mean"


def _plans(asked: Asked) -> list[Plan]:
    """For each grouping factor whose predictors are centred, and if a finding asks for it."""
    subject = asked.subject
    every = grouped(subject)
    parts = parts_of(subject.formula)
    plans = []
    for k, (label, group, found) in enumerate(every, start=1):
        by = f" by {label}" if len(every) > 1 else ""
        title = f"+ {means_title(found)}{by}"
        plans.append(Plan(KEY, title, with_means(parts, found, group).text, group=label, order=k))
    if subject.certificate.verdict in ("flat", "no finite maximum"):
        return plans
    places = {finding.where for finding in asked.findings if finding.code == "contextual-effect"}
    for label, group, found in candidates(subject, every=True):
        named = [c for c in found if slope_of(to_text(c.source), label) in places]
        if named and label not in {other for other, *_ in every}:
            title = f"+ {means_title(named)} by {label}"
            formula = with_means(parts, named, group).text
            plans.append(Plan(KEY, title, formula, group=label, order=len(every) + 1))
    return plans


def _test(asked: Tried, tried: Tried, every: Sequence[Tried]) -> Test | None:
    return test_fixed_part(asked, tried)


def _say(rung: Rung, facts: Facts) -> list[str]:
    """Whether the slopes within and between groups differ."""
    names, group = join(source_names(facts, rung)), facts.group_of(rung)
    raw, cured = raw_names(facts, rung), singularity(rung, facts)
    how = f", with {join(raw)} left uncentred" if raw and facts.cures(rung) else ""
    said = [cured + how]
    if rung.test is None:
        return said
    if rung.test.p_high < CLEAR:
        context = contextual(facts, rung)
        if raw:
            said.append(
                f"The slopes of {names} within and between levels of {group} differ "
                f"{tested(rung.test)}{context}"
            )
        else:
            said.append(f"The mean of {names} belongs in the model {tested(rung.test)}{context}")
        for name, here, there in shifted(facts, rung):
            said.append(f"the coefficient of {name} goes from {here} to {there}")
    elif raw:
        said.append(
            f"No sign that the slopes of {names} within and between {group} differ "
            f"{tested(rung.test)}: one slope may serve both"
        )
    else:
        said.append(f"No sign that the mean of {names} is missing {tested(rung.test)}")
    return said


KIND = Kind(KEY, Place.FIXED, _plans, test=_test, say=_say)
