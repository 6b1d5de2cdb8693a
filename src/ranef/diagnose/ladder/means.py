"""What rungs with centred predictors or group means have in common: formulas and words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from ranef.diagnose.ladder.candidates import Candidate, candidates
from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.rung import Rung
from ranef.diagnose.ladder.words import number, with_error
from ranef.diagnose.levels import levels_of
from ranef.diagnose.rewrite import Parts, centring, parts_of, replaced
from ranef.diagnose.subject import AnySubject
from ranef.diagnose.words import at_zero
from ranef.formula import to_source, to_text
from ranef.formula.naming import factors, without_level
from ranef.formula.nodes import Call, Expr

__all__ = [
    "centred_parts",
    "contextual",
    "grouped",
    "means_title",
    "raw_names",
    "renamed",
    "shifted",
    "source_names",
    "taken_up",
    "with_means",
    "within_between",
]

MOVED = 0.5  # standard errors of the asked model

LONGEST = 16  # characters of names in a title


def grouped(subject: AnySubject) -> tuple[tuple[str, Expr, tuple[Candidate, ...]], ...]:
    """The grouping factors whose predictors are centred, each with these; none for a flat fit.

    What the variances are has to be settled first there. The same holds for a likelihood without a
    finite maximum.
    """
    unsettled = subject.certificate.verdict in ("flat", "no finite maximum")
    return () if unsettled else candidates(subject)


def means_title(found: Sequence[Candidate]) -> str:
    """``mean of ses``, or shorter."""
    names = " and ".join(to_source(c.source) for c in found)
    return f"mean of {names}" if len(names) <= LONGEST else "group means"


def renamed(found: Sequence[Candidate], group: Expr) -> dict[Expr, Call]:
    """What stands in place of each predictor that is not centred yet."""
    return {c.expr: centring("within", c.expr, group) for c in found if not c.centred}


def centred_parts(subject: AnySubject, within: Mapping[Expr, Call]) -> Parts:
    """The formula with predictors centred, in its fixed and random part."""
    return parts_of(subject.formula).mapped(partial(_all_replaced, by=within))


def with_means(
    parts: Parts, found: Sequence[Candidate], group: Expr, within: Mapping[Expr, Call] | None = None
) -> Parts:
    """Each summand with its candidates centred by `within`, then once more with their means."""
    means = {c.expr: centring("between", c.source, group) for c in found}
    first: list[tuple[int, Expr]] = []
    copies: list[tuple[int, Expr]] = []
    for sign, item in parts.fixed:
        first.append((sign, _all_replaced(item, within or {})))
        copy = _all_replaced(item, means)
        if sign > 0 and copy != item and (sign, copy) not in copies:
            copies.append((sign, copy))
    return Parts(parts.response, (*first, *copies), parts.random)


def _all_replaced(tree: Expr, by: Mapping[Expr, Call]) -> Expr:
    for old, new in by.items():
        tree = replaced(tree, old, new)
    return tree


def _candidates(facts: Facts, rung: Rung) -> tuple[Candidate, ...]:
    return next(
        (found for label, _, found in facts.candidates if label == facts.group_of(rung)), ()
    )


def raw_names(facts: Facts, rung: Rung) -> list[str]:
    """Predictors of the rung's group that are not centred in the asked model."""
    return [to_text(c.expr) for c in _candidates(facts, rung) if not c.centred]


def source_names(facts: Facts, rung: Rung) -> list[str]:
    """The variables whose means are in question."""
    return [to_text(c.source) for c in _candidates(facts, rung)]


def taken_up(facts: Facts, rung: Rung) -> list[tuple[str, str, str]]:
    """Coefficients of what is constant within groups that move once the mean is in."""
    with_mean = facts.find("centred-mean", facts.group_of(rung))
    return [] if with_mean is None else _moved(facts, rung, with_mean)


def shifted(facts: Facts, rung: Rung) -> list[tuple[str, str, str]]:
    """The same between the asked model and a rung."""
    return _moved(facts, facts.asked_rung, rung)


def _moved(facts: Facts, a: Rung, b: Rung) -> list[tuple[str, str, str]]:
    there = {effect.name: effect for effect in b.effects}
    group = facts.group_of(b)
    moved = []
    for e in a.effects:
        far = e.name in there and abs(there[e.name].change - e.change) > MOVED
        if far and _constant_within(facts, e.name, group):
            here, later = (number(x, e.std_error) for x in (e.estimate, there[e.name].estimate))
            moved.append((e.name, here, later))
    return moved


def _constant_within(facts: Facts, name: str, group: str) -> bool:
    return levels_of(facts.subject).is_constant(name, group)


def contextual(facts: Facts, rung: Rung) -> str:
    """The contextual effect in words, where the rung has one term for it."""
    fit = facts.tried(rung).fit
    found = _candidates(facts, rung)
    if fit is None or len(found) != 1 or found[0].centred:
        return ""
    mean = _part(facts, "between", found[0], rung)
    if mean not in fit.design.x_names:
        return ""
    j = fit.design.x_names.index(mean)
    return (
        f"; the contextual effect of {to_text(found[0].source)} is {_estimate(fit, j)}"
        f"{_where(facts, fit, mean)}"
    )


def _part(facts: Facts, function: str, candidate: Candidate, rung: Rung) -> str:
    """The name of ``within(x, g)`` or ``between(x, g)``, g being the rung's factor."""
    group = next(expr for label, expr, _ in facts.candidates if label == facts.group_of(rung))
    return to_text(centring(function, candidate.source, group))


def _where(facts: Facts, fit: AnySubject, mean: str) -> str:
    """At which values of the variables it interacts with."""
    others = {
        without_level(factor)
        for name in fit.design.x_names
        if mean in factors(name)
        for factor in factors(name)
        if factor != mean
    }
    return at_zero(others, facts.subject.design.encoding.state.categories)


def within_between(facts: Facts, rung: Rung) -> list[str]:
    """Slope within and slope between of each predictor, in words."""
    fit = facts.tried(rung).fit
    if fit is None:
        return []
    group, names, said = facts.group_of(rung), fit.design.x_names, []
    for candidate in _candidates(facts, rung):
        source = to_text(candidate.source)
        pair = [_part(facts, kind, candidate, rung) for kind in ("within", "between")]
        if not all(name in names for name in pair):
            continue
        slopes = [_estimate(fit, names.index(name)) for name in pair]
        where = _where(facts, fit, pair[1])
        said.append(f"{source} {slopes[0]} within {group}, {slopes[1]} between{where}")
    return said


def _estimate(fit: AnySubject, j: int) -> str:
    return with_error(float(fit.estimates.beta[j]), float(np.sqrt(fit.estimates.vcov[j, j])))
