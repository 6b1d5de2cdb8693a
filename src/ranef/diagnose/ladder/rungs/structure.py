"""Another covariance structure of the same effects: one restriction more, or fewer.

Other rungs fit the models without correlations and those with one effect for all columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ranef.core import TermBlock, TermLabel
from ranef.covariance import kind_of, structure_of
from ranef.covariance.nesting import smaller_structures
from ranef.diagnose.ladder.comparison import test_random_part
from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.kind import Asked, Kind, Place
from ranef.diagnose.ladder.rung import Plan, Rung, Test, Tried
from ranef.diagnose.ladder.sentences import singularity
from ranef.diagnose.ladder.words import CLEAR, evidence, tested, weak
from ranef.diagnose.reduced import bar_of
from ranef.diagnose.rewrite import per_factor, restructured, with_bar
from ranef.diagnose.subject import AnySubject
from ranef.formula.render import to_text

__all__ = ["KIND"]

KEY = "structure"

OF_OTHERS = frozenset({"diag", "homdiag", "one"})
"""Structures that other kinds of rungs fit."""

LARGER = {"homdiag": "diag", "homcs": "cs", "homtoep": "toep", "ar1": "hetar1"}
"""The same correlations with a variance for each column."""

TITLES = {"us": "free covariances", "diag": "a variance each"}

WIDEST = 8
"""Columns up to which free covariances are tried."""


def _plans(asked: Asked) -> list[Plan]:
    subject = asked.subject
    if subject.problem.prior is not None:
        return []
    several = len(subject.problem.labels) > 1
    plans = []
    for k, (block, label) in enumerate(
        zip(subject.problem.terms, subject.problem.labels, strict=True)
    ):
        bar = bar_of(subject, k)
        part, own = per_factor(subject.formula)[bar], subject.formula.bars[bar]
        for name in _others(asked, k, block, label):
            written = with_bar(subject.formula, bar, restructured(part, own, name))
            title = TITLES.get(name, name) + (f" by {label.label}" if several else "")
            plans.append(Plan(KEY, title, written, group=label.factor))
    return plans


def _others(asked: Asked, k: int, block: TermBlock, label: TermLabel) -> Iterator[str]:
    """Structures for the k-th term in place of its own: smaller ones, then larger ones."""
    subject, own = asked.subject, block.structure
    if own == "us":
        yield from _of_category(asked, k, block)
        return
    if own != "rr":
        for name in smaller_structures(own, block.positions):
            if name not in OF_OTHERS and _size(block, name) < _size(block, own):
                yield name
    larger = LARGER.get(own, own)
    if larger != own:
        yield larger
    few = block.q * label.n_levels < subject.problem.n and _size(block, "us") < label.n_levels
    if block.q <= WIDEST and few and (larger == "diag" or _size(block, larger, block.rank)
                                      < _size(block, "us")):  # fmt: skip
        yield "us"


def _of_category(asked: Asked, k: int, block: TermBlock) -> Iterator[str]:
    """For the levels of a category: fewer parameters if the data ask for them, or one variance."""
    bar = bar_of(asked.subject, k)
    if not _is_category(asked.subject, bar):
        return
    bars = [coding.bar for coding in asked.subject.design.encoding.random_codings]
    if bars.count(bar) > 1 and bars.index(bar) == k:
        yield from ("homdiag", "cs")
    elif block.q > 1 and _asks_too_much(asked, k):
        yield from (name for name in ("cs", "homcs") if _size(block, name) < _size(block, "us"))


def _size(block: TermBlock, name: str, rank: int = 0) -> int:
    return structure_of(block._replace(structure=name, rank=rank)).size


def _is_category(subject: AnySubject, bar: int) -> bool:
    """Whether the effects of a bar are those of the levels of one category."""
    terms = subject.formula.bars[bar].model.terms
    if len(terms) != 1 or len(terms[0].factors) != 1:
        return False
    return to_text(terms[0].factors[0]) in subject.design.encoding.state.categories


def _asks_too_much(asked: Asked, k: int) -> bool:
    certificate, label = asked.subject.certificate, asked.subject.problem.labels[k].label
    if not certificate.certified or certificate.rank[label] < certificate.full[label]:
        return True
    return any(s.term == k and s.rank < certificate.full[label] for s in asked.supports)


def _test(asked: Tried, tried: Tried, every: Sequence[Tried]) -> Test | None:
    if asked.fit is None or tried.fit is None:
        return None
    if tried.fit.problem.n_theta > asked.fit.problem.n_theta:
        return test_random_part(asked, tried)
    return test_random_part(tried, asked)


def _say(rung: Rung, facts: Facts) -> list[str]:
    fit = facts.tried(rung).fit
    if fit is None:
        return []
    larger = fit.problem.n_theta > facts.subject.problem.n_theta
    said = [singularity(rung, facts), _words(fit, facts)]
    if rung.test is not None:
        what = "it" if larger else "more"
        match evidence(rung.test):
            case "clear":
                said.append(f"The data ask for {what} {tested(rung.test)}")
            case "open":
                said.append(
                    f"Whether the data ask for {what} cannot be decided: the bounds of the p value "
                    f"lie on both sides of {CLEAR} {tested(rung.test)}"
                )
            case "weak":
                said.append(f"{weak(rung.test)} for {what} {tested(rung.test)}")
            case "none":
                said.append(f"No evidence for {what} {tested(rung.test)}")
    return said


def _words(fit: AnySubject, facts: Facts) -> str:
    """What the structure that changed is."""
    before = {(each.label, each.structure) for each in facts.subject.problem.labels}
    for block, label in zip(fit.problem.terms, fit.problem.labels, strict=True):
        if (label.label, label.structure) not in before:
            return kind_of(block).words if block.q > 1 else "independent effects"
    return ""


KIND = Kind(KEY, Place.CORRELATION, _plans, test=_test, say=_say)
