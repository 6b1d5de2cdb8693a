"""The asked formula with covariance matrices of lower rank: ``rr(x | g, r)``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ranef.diagnose.rewrite import per_factor, with_bar
from ranef.diagnose.subject import Subject
from ranef.formula import Formula, parse
from ranef.formula.nodes import RandomPart

__all__ = ["has_own_bar", "with_ranks"]


def has_own_bar(subject: Subject, k: int) -> bool:
    """Whether the k-th term is a random part by itself, with a rank that can be chosen.

    The effects of ``(x || g)`` are terms of one part. A structure has no rank to choose.
    """
    label, bar = subject.problem.labels[k], subject.formula.bars[_bar_of(subject, k)]
    correlated = bar.correlated or len(bar.model.terms) + bar.model.intercept == 1
    return correlated and label.structure in ("us", "rr")


def with_ranks(subject: Subject, ranks: Mapping[int, int]) -> str:
    """The formula of the subject with these terms held to a rank; with rank 0 they go.

    Parameters
    ----------
    subject : Subject
    ranks : mapping of int to int
        By number of the term, of terms that have a bar of their own.
    """
    formula = subject.formula
    by_bar = {_bar_of(subject, k): rank for k, rank in ranks.items()}
    text = formula.text
    for bar in sorted(by_bar, reverse=True):
        text = with_bar(formula, bar, _held(formula, bar, by_bar[bar]))
        if len(formula.bars) == 1 and not by_bar[bar]:
            return text
        formula = parse(text)
    return text


def _bar_of(subject: Subject, k: int) -> int:
    return subject.design.encoding.random_codings[k].bar


def _held(formula: Formula, bar: int, rank: int) -> RandomPart | None:
    if not rank:
        return None
    return replace(per_factor(formula)[bar], correlated=True, structure="rr", rank=rank)
