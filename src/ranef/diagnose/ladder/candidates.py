"""Predictors that vary within and between groups, for the rungs of centring and group means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ranef.diagnose.levels import levels_of
from ranef.diagnose.rewrite import centring, per_factor
from ranef.diagnose.subject import AnySubject
from ranef.formula import to_text
from ranef.formula.functions import CENTRING
from ranef.formula.grouping import expand_group
from ranef.formula.nodes import Call, Expr, walk

__all__ = ["Candidate", "candidates"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A predictor with variation within and between the groups of one factor.

    Attributes
    ----------
    expr : Expr
        As it stands in the formula: a factor of its fixed terms.
    source : Expr
        What is averaged: `expr` itself, or x where `expr` is ``within(x, g)``.
    centred : bool
        Whether `expr` is a deviation from group means already.
    """

    expr: Expr
    source: Expr
    centred: bool


def candidates(
    subject: AnySubject, every: bool = False
) -> tuple[tuple[str, Expr, tuple[Candidate, ...]], ...]:
    """For each grouping factor its label, its expression and its candidates.

    Factors without random slopes are left out where others have them, unless `every` is wanted.
    """
    formula = subject.formula
    with_slopes = {bar.label for bar in formula.bars if bar.model.terms}
    found: dict[str, tuple[str, Expr, tuple[Candidate, ...]]] = {}
    for bar, part in zip(formula.bars, per_factor(formula), strict=True):
        if bar.label in found or (with_slopes and bar.label not in with_slopes and not every):
            continue
        of_group = _of_group(subject, part.group, bar.label)
        if of_group:
            found[bar.label] = (bar.label, part.group, of_group)
    return tuple(found.values())


def _of_group(subject: AnySubject, group: Expr, label: str) -> tuple[Candidate, ...]:
    columns = expand_group(group, "")[0].factors
    state, levels = subject.design.encoding.state, levels_of(subject)
    factors = {to_text(f): f for term in subject.formula.fixed for f in term.factors}
    found = []
    for text, expr in factors.items():
        if text in state.categories:
            continue
        own = _own_centring(expr, columns)
        if own is None and any(isinstance(n, Call) and n.function in CENTRING for n in walk(expr)):
            continue
        source = expr if own is None else own
        if own is not None and to_text(centring("between", own, group)) in factors:
            continue
        if levels.varies_within_and_between(source, label):
            if own is None and levels.means_are_known(source, label):
                continue
            found.append(Candidate(expr, source, own is not None))
    return tuple(found)


def _own_centring(expr: Expr, columns: Sequence[str]) -> Expr | None:
    """x where `expr` is ``within(x, g)`` on the same groups."""
    if not isinstance(expr, Call) or expr.function != "within":
        return None
    return expr.args[0] if expand_group(expr.args[1], "")[0].factors == columns else None
