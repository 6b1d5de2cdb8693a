"""The asked formula with covariance matrices of lower rank: ``rr(x | g, r)``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ranef.covariance import kind_of
from ranef.diagnose.rewrite import per_factor, with_bar
from ranef.diagnose.subject import AnySubject
from ranef.formula import Formula, parse
from ranef.formula.nodes import RandomPart

__all__ = ["bar_of", "can_have_rank", "with_ranks"]


def can_have_rank(subject: AnySubject, k: int, rank: int) -> bool:
    """Whether a formula can give the k-th term a rank.

    The effects of ``(x || g)`` are terms of one part. A structure can be left out, but has no other
    rank to choose.
    """
    bar = bar_of(subject, k)
    alone = sum(coding.bar == bar for coding in subject.design.encoding.random_codings) == 1
    return alone and (not rank or kind_of(subject.problem.terms[k]).free)


def with_ranks(subject: AnySubject, ranks: Mapping[int, int]) -> str:
    """The formula of the subject with these terms at a lower rank; a rank of 0 removes them.

    Parameters
    ----------
    subject : Subject
    ranks : mapping of int to int
        By number of the term (see `can_have_rank`).
    """
    formula = subject.formula
    by_bar = {bar_of(subject, k): rank for k, rank in ranks.items()}
    text = formula.text
    for bar in sorted(by_bar, reverse=True):
        text = with_bar(formula, bar, _held(formula, bar, by_bar[bar]))
        if len(formula.bars) == 1 and not by_bar[bar]:
            return text
        formula = parse(text)
    return text


def bar_of(subject: AnySubject, k: int) -> int:
    """The number of the bar that the k-th term is made of."""
    return subject.design.encoding.random_codings[k].bar


def _held(formula: Formula, bar: int, rank: int) -> RandomPart | None:
    if not rank:
        return None
    return replace(per_factor(formula)[bar], correlated=True, structure="rr", rank=rank)
