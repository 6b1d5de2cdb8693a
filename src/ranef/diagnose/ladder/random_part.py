"""Rungs of the random part: zero correlation, one slope less, intercepts alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ranef.design.coding import code
from ranef.diagnose.ladder.rung import Plan
from ranef.diagnose.rank import Support
from ranef.diagnose.rewrite import (
    bar_with,
    effects,
    intercept_by,
    parts_of,
    per_factor,
    uncorrelated,
    with_bar,
)
from ranef.diagnose.subject import Subject
from ranef.formula import Bar, Term, to_source
from ranef.frame import Table

__all__ = ["outermost", "random_part_plans"]


def random_part_plans(subject: Subject, supports: Sequence[Support]) -> list[Plan]:
    """Zero correlation, each slope left out, each term of no variance left out, intercepts."""
    plans = [
        *_zero_correlation(subject),
        *_without_slopes(subject),
        *_without_terms(subject, supports),
        *_intercepts(subject),
    ]
    first: dict[str, Plan] = {}
    for plan in plans:
        known = first.get(plan.formula)
        # Intercepts alone and one slope less may be one model: it goes by the simpler name.
        if known is None or plan.key == "random-intercepts":
            first[plan.formula] = replace(plan, dropped=known.dropped if known else plan.dropped)
    return list(first.values())


def _zero_correlation(subject: Subject) -> list[Plan]:
    parts = parts_of(subject.formula)
    bars = {(bar.span, bar.lhs): bar for bar in subject.formula.bars}
    random = tuple(
        uncorrelated(part, bar) if _columns(subject, bar) > 1 else part
        for part in parts.random
        for bar in [bars[part.span, part.lhs]]
    )
    if random == parts.random:
        return []
    plan = Plan("zero-correlation", "zero correlation", replace(parts, random=random).text)
    return [plan]


def _without_slopes(subject: Subject) -> list[Plan]:
    plans = []
    several = len({bar.label for bar in subject.formula.bars}) > 1
    for k, bar in enumerate(subject.formula.bars):
        for term in outermost(bar.model.terms):
            terms = tuple(other for other in bar.model.terms if other is not term)
            if not terms and not bar.model.intercept:
                continue
            name = to_source(effects(True, (term,)))
            title = f"no slope of {name}" + (f" by {bar.label}" if several else "")
            formula = with_bar(subject.formula, k, bar_with(subject.formula, k, terms))
            plans.append(Plan("drop-slope", title, formula, dropped=name, group=bar.label))
    return plans


def _without_terms(subject: Subject, supports: Sequence[Support]) -> list[Plan]:
    """Bars of which nothing needs to be left, or each of a flat fit, where another remains."""
    certificate, bars = subject.certificate, subject.formula.bars
    if len(bars) < 2:
        return []
    flat = certificate.verdict == "flat"
    needed = dict(certificate.rank)
    needed |= {subject.problem.labels[s.term].label: s.rank for s in supports}
    empty = {k.factor for k in subject.problem.labels if not needed[k.label]}
    full = {k.factor for k in subject.problem.labels if needed[k.label]}
    return [
        Plan(
            "drop-term", f"without {bar.label}", with_bar(subject.formula, k, None), group=bar.label
        )
        for k, bar in enumerate(bars)
        if flat or bar.label in empty - full
    ]


def _intercepts(subject: Subject) -> list[Plan]:
    bars = subject.formula.bars
    if not any(bar.model.terms for bar in bars):
        return []
    parts = per_factor(subject.formula)
    first = {
        bar.label: intercept_by(part.group)
        for bar, part in reversed(list(zip(bars, parts, strict=True)))
    }
    labels = dict.fromkeys(bar.label for bar in bars)
    random = tuple(first[label] for label in labels)
    formula = replace(parts_of(subject.formula), random=random).text
    return [Plan("random-intercepts", "random intercepts", formula)]


def outermost(terms: Sequence[Term]) -> list[Term]:
    """Terms that no other term contains: dropping any other would break an interaction."""
    names = [{to_source(factor) for factor in term.factors} for term in terms]
    return [
        term
        for term, own in zip(terms, names, strict=True)
        if not any(own < other for other in names)
    ]


def _columns(subject: Subject, bar: Bar) -> int:
    """Random effects that a bar stands for."""
    columns = {
        name: replace(column, values=column.values[:1])
        for name, column in subject.table.columns.items()
    }
    one_row = Table(columns, 1)
    state = subject.design.encoding.state
    return len(code(bar.model.intercept, bar.model.terms, one_row, state).names)
