"""Slopes that could vary between groups: predictors of the fixed part that vary within them."""

from __future__ import annotations

from functools import partial

from ranef.diagnose.larger.candidates import Candidate
from ranef.diagnose.levels import levels_of
from ranef.diagnose.rewrite import bar_with, effects, product, with_bar, with_parts
from ranef.diagnose.subject import Subject
from ranef.formula import Formula, Term, to_source, to_text
from ranef.formula.nodes import Name, RandomPart, walk

__all__ = ["slope_candidates"]

FEWEST_GROUPS = 6
"""Groups within which a predictor has to vary for its slope to be looked at."""


def slope_candidates(subject: Subject) -> list[Candidate]:
    """Terms of the fixed part without a random slope, for each factor within which they vary.

    An interaction is looked at once all that is within it has a random slope, and a function of a
    predictor once the predictor has one: a slope of x^2 without one of x makes little sense.
    """
    formula = subject.formula
    levels = levels_of(subject)
    out = []
    for label in dict.fromkeys(term.factor for term in subject.design.terms):
        has = {_key(term) for bar in formula.bars if bar.label == label for term in bar.model.terms}
        varying = {
            _key(term): term
            for term in formula.fixed
            if all(levels.varying(factor, label) >= FEWEST_GROUPS for factor in term.factors)
        }
        for key, term in varying.items():
            if key in has or any(other in varying and other not in has for other in _below(term)):
                continue
            if _stands_apart(formula, label) and _is_category(subject, term):
                continue
            name = to_source(effects(True, (term,)))
            columns = max(1, len(subject.design.encoding.fixed_terms.get(term.name, ())))
            out.append(Candidate("slope", name, label, partial(_with_slope, term, label), columns))
    return out


def _key(term: Term) -> frozenset[str]:
    return frozenset(to_text(factor) for factor in term.factors)


def _below(term: Term) -> list[frozenset[str]]:
    """What has to have a slope before this term: parts of a product, the variable of a function."""
    texts = sorted(_key(term))
    parts = [frozenset(t for t in texts if t != left) for left in texts] if len(texts) > 1 else []
    names = [
        frozenset([node.name])
        for factor in term.factors
        if not isinstance(factor, Name)
        for node in walk(factor)
        if isinstance(node, Name)
    ]
    return [*parts, *names]


def _is_category(subject: Subject, term: Term) -> bool:
    known = subject.design.encoding.state.categories
    return any(to_text(factor) in known for factor in term.factors)


def _stands_apart(formula: Formula, label: str) -> bool:
    """Whether a new slope has a random part of its own."""
    bars = [bar for bar in formula.bars if bar.label == label]
    return len(bars) > 1 or bars[0].structure != "us"


def _with_slope(term: Term, label: str, formula: Formula) -> str:
    """The slope beside the effects that the factor has; on its own where these stand apart."""
    at = [k for k, bar in enumerate(formula.bars) if bar.label == label]
    bar = formula.bars[at[0]]
    if not _stands_apart(formula, label):
        return with_bar(formula, at[0], bar_with(formula, at[0], (*bar.model.terms, term)))
    own = RandomPart(effects(False, (term,)), product(bar.group_names), True, (0, 0))
    return with_parts(formula, own)
