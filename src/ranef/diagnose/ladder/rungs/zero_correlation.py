"""Random effects without correlations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ranef.design.coding import code
from ranef.diagnose.ladder.comparison import test_random_part
from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.kind import Asked, Kind, Place
from ranef.diagnose.ladder.rung import Plan, Rung, Test, Tried
from ranef.diagnose.ladder.sentences import singularity
from ranef.diagnose.ladder.words import CLEAR, evidence, tested
from ranef.diagnose.levels import levels_of
from ranef.diagnose.rewrite import parts_of, uncorrelated
from ranef.diagnose.subject import AnySubject
from ranef.diagnose.words import join
from ranef.formula import Bar, to_text

__all__ = ["KIND"]


def _plans(asked: Asked) -> list[Plan]:
    subject = asked.subject
    parts = parts_of(subject.formula)
    bars = {(bar.span, bar.lhs): bar for bar in subject.formula.bars}
    random = tuple(
        uncorrelated(part, bar) if _columns(subject, bar) > 1 else part
        for part in parts.random
        for bar in [bars[part.span, part.lhs]]
    )
    if random == parts.random:
        return []
    formula = replace(parts, random=random).text
    return [Plan("zero-correlation", "zero correlation", formula)]


def _columns(subject: AnySubject, bar: Bar) -> int:
    """Random effects that a bar stands for."""
    state = subject.design.encoding.state
    return len(
        code(bar.model.intercept, bar.model.terms, levels_of(subject).one_row(), state).names
    )


def _test(asked: Tried, tried: Tried, every: Sequence[Tried]) -> Test | None:
    return test_random_part(tried, asked)


def _say(rung: Rung, facts: Facts) -> list[str]:
    """Whether the correlation is needed."""
    said = []
    moved = join(facts.directions_of(rung))
    elsewhere = moved != join(facts.directions)
    if facts.boundary and rung.verdict == "boundary optimum" and elsewhere:
        said.append(f"Still singular, in another direction: {moved}")
    else:
        said.append(singularity(rung, facts))
    if rung.test is not None:
        match evidence(rung.test):
            case "clear":
                said.append(f"The correlation carries information {tested(rung.test)}")
            case "open":
                said.append(
                    "Whether the correlation is needed cannot be decided: the bounds of the p "
                    f"value lie on both sides of {CLEAR} {tested(rung.test)}"
                )
            case _:
                said.append(f"No evidence against zero correlation {tested(rung.test)}")
    origins = _origins(facts)
    if origins:
        said.append(
            f"What zero correlation means depends on where {join(origins)} "
            f"{'is' if len(origins) == 1 else 'are'} 0"
        )
    return said


def _origins(facts: Facts) -> list[str]:
    """Numbers with a random slope whose zero is arbitrary: zero correlation depends on it."""
    design = facts.subject.design
    names = [
        to_text(term.factors[0])
        for bar in facts.subject.formula.bars
        if bar.correlated and bar.model.intercept
        for term in bar.model.terms
        if term.degree == 1
    ]
    return [
        name
        for name in dict.fromkeys(names)
        if name in design.x_names and not levels_of(facts.subject).is_centred(name)
    ]


KIND = Kind("zero-correlation", Place.CORRELATION, _plans, test=_test, say=_say)
