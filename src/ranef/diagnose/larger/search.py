"""Larger random parts: looked at by a score test, fitted where it calls for that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ranef.core import Direction
from ranef.design import Design
from ranef.diagnose.compared import random_part_test
from ranef.diagnose.larger.candidates import Candidate
from ranef.diagnose.larger.cells import Cells, cell_candidates, nested_formula
from ranef.diagnose.larger.slopes import slope_candidates
from ranef.diagnose.score import p_more
from ranef.diagnose.subject import Subject
from ranef.errors import RanefError
from ranef.formula import Formula, parse
from ranef.inference.likelihood_ratio import Ratio
from ranef.page.phrases import count
from ranef.problem import Problem
from ranef.problem.parameters import nearest, parameters, to_inner
from ranef.types import Array

__all__ = ["LEVEL", "Found", "Larger", "larger_parts", "looked_at"]

LEVEL = 0.01
"""For all that is looked at together (Bonferroni)."""

CALLED = 0.1
"""p value of the score test below which a candidate is fitted."""

MOST_FITTED = 4

LOOKED_AT = 40_000_000
"""Numbers read by one evaluation, times parameters, summed over all score tests: a second or two.
What goes beyond is counted and not looked at."""

FITTED = 10_000_000
"""The same for what is fitted: a few seconds. Beyond it the score test has the last word."""

OWN_VARIANCE = 0.01
"""p value of the inner factor's own variance from which its labels count as used anew."""


@dataclass(frozen=True, slots=True)
class Found:
    """A candidate that its score test called for.

    Attributes
    ----------
    candidate : Candidate
    formula : Formula
    fit : Subject or None
        None where that would take long.
    ratio : Ratio or None
        Against the asked model.
    p_value : float
        Of the likelihood ratio, or of the score test where the model was not fitted; the upper
        bound times the number of candidates looked at.
    inner : str
        The factor whose labels seem to be used anew in each level of `outer`; empty where there is
        none.
    outer : str
    nested : Subject or None
        The fit with the cells in place of `inner`.
    own : Ratio or None
        Of `inner` beside its cells.
    """

    candidate: Candidate
    formula: Formula
    fit: Subject | None = field(repr=False)
    ratio: Ratio | None
    p_value: float
    inner: str = ""
    outer: str = ""
    nested: Subject | None = field(default=None, repr=False)
    own: Ratio | None = None

    @property
    def clear(self) -> bool:
        """Whether the data ask for it, at the level of a finding."""
        return self.p_value < LEVEL


@dataclass(frozen=True, slots=True)
class Larger:
    """What was looked at, and what came of it.

    Attributes
    ----------
    slopes, interactions : int
        Candidates put to a score test.
    left_out : int
        Not looked at for their cost.
    found : tuple of Found
        Those that their score test called for, the smallest p value first.
    together : Formula or None
        All that the data ask for, where there are several.
    together_fit : Subject or None
        Its fit; None where that would take long.
    """

    slopes: int = 0
    interactions: int = 0
    left_out: int = 0
    found: tuple[Found, ...] = ()
    together: Formula | None = None
    together_fit: Subject | None = field(default=None, repr=False)

    @property
    def looked_at(self) -> str:
        """``4 slopes and 1 interaction``; empty where there was nothing to look at."""
        return " and ".join(
            count(number, what)
            for number, what in ((self.slopes, "slope"), (self.interactions, "interaction"))
            if number
        )

    @property
    def told(self) -> str:
        """The search in one sentence or two; empty where there was nothing to look at."""
        said = []
        if self.looked_at:
            fitted = sum(each.fit is not None for each in self.found)
            clear = len(self.clear) or "none"
            said.append(
                f"Larger random parts: {self.looked_at} looked at by a score test, {fitted} "
                f"fitted, {clear} clearly asked for by the data (p < {LEVEL} by Bonferroni)."
            )
        if self.left_out:
            said.append(f"Not looked at for their cost: {self.left_out} more.")
        return " ".join(said)

    @property
    def clear(self) -> tuple[Found, ...]:
        """What the data ask for."""
        return tuple(each for each in self.found if each.clear)


def larger_parts(subject: Subject) -> Larger:
    """One random effect more, each in turn: slopes of predictors, interactions of crossed factors.

    The score test takes one evaluation of the criterion and its exact second derivatives at the
    estimates of the asked model. What it calls for is fitted, and judged by the likelihood ratio.
    Nothing is looked at where the fit has a prior or is not at an optimum.
    """
    if not subject.certificate.certified or subject.problem.prior is not None:
        return Larger()
    cells = cell_candidates(subject)
    every = [*slope_candidates(subject), *(candidate for candidate, _ in cells)]
    affordable = _affordable(subject, every)
    looks = [look for look in (looked_at(subject, each) for each in affordable) if look is not None]
    called = sorted((look for look in looks if look.p_value < CALLED), key=lambda k: k.p_value)
    pairs = {candidate.name: pair for candidate, pair in cells}
    found, spent = [], 0
    for look in called[:MOST_FITTED]:
        fit_it = spent + look.cost < FITTED
        spent += look.cost if fit_it else 0
        one = _judged(subject, look, len(affordable), fit_it)
        if one is not None and one.fit is not None and one.candidate.name in pairs and one.clear:
            one = _with_nesting(subject, one, pairs[one.candidate.name])
        found += [] if one is None else [one]
    found.sort(key=lambda each: each.p_value)
    slopes = sum(candidate.kind == "slope" for candidate in affordable)
    return Larger(
        slopes,
        len(affordable) - slopes,
        len(every) - len(affordable),
        tuple(found),
        *_together(subject, [each for each in found if each.clear]),
    )


def _affordable(subject: Subject, every: Sequence[Candidate]) -> list[Candidate]:
    """The first candidates whose score tests stay within the limit.

    The slope of a category with k columns has a block of k x k for each level, and k (k + 1) / 2
    parameters.
    """
    work = subject.solution.work
    asked, left, out = _cost(subject.problem, work, subject.design), LOOKED_AT, []
    levels = {label.factor: label.n_levels for label in subject.problem.labels}
    for candidate in every:
        k = candidate.columns
        blocks = levels.get(candidate.factor, 0) * k**2 * (k * (k + 1) // 2) if k > 1 else 0
        if asked + blocks <= left:
            out.append(candidate)
            left -= asked + blocks
    return out


def _cost(problem: Problem, work: int, design: Design) -> int:
    """Of one evaluation with derivatives along all parameters, and of a pass over the rows."""
    width = design.p + sum(term.q for term in design.terms)
    return max(1, work * (problem.n_theta + 1) + problem.n * width)


@dataclass(frozen=True, slots=True)
class Look:
    """The score test of a candidate, and what a fit of it would cost."""

    candidate: Candidate
    formula: Formula
    p_value: float
    cost: int


def looked_at(subject: Subject, candidate: Candidate) -> Look | None:
    """The score test of a candidate; None where its model cannot be set up."""
    formula = parse(candidate.extend(subject.formula))
    try:
        design, problem = subject.lay_out(formula)
        kernel = problem.kernel()
    except RanefError:
        return None
    covariances, direction = _embedded(subject, problem)
    theta = to_inner(problem, parameters(problem.terms, nearest(problem.terms, covariances)))
    p_value = p_more(problem, kernel, theta, direction)
    return Look(candidate, formula, p_value, _cost(problem, kernel.work, design))


def _embedded(subject: Subject, problem: Problem) -> tuple[list[Array], Direction]:
    """The covariances of the asked model in the larger one, and variance of what is new there."""
    covariances = []
    direction = None
    widths = [q for _, q in problem.products.sizes]
    for label, block in zip(problem.labels, problem.terms, strict=True):
        covariance = np.zeros((block.q, block.q))
        known: set[str] = set()
        for old, values in zip(subject.problem.labels, subject.solution.covariances, strict=True):
            shared = [name for name in old.names if name in label.names]
            if old.factor == label.factor and shared:
                here = [label.names.index(name) for name in shared]
                there = [old.names.index(name) for name in shared]
                covariance[np.ix_(here, here)] = values[np.ix_(there, there)]
                known.update(shared)
        covariances.append(covariance)
        new = [block.offset + i for i, name in enumerate(label.names) if name not in known]
        if new:
            d = np.zeros((widths[block.group],) * 2)
            d[new, new] = 1.0
            direction = Direction(block.group, d)
    assert direction is not None
    return covariances, direction


def _judged(subject: Subject, look: Look, tests: int, fit_it: bool) -> Found | None:
    if not fit_it:
        return Found(look.candidate, look.formula, None, None, min(1.0, look.p_value * tests))
    try:
        fit = subject.refit(look.formula.text)
    except RanefError:
        return None
    ratio = random_part_test(subject, fit)
    if ratio is None:
        return None
    return Found(look.candidate, look.formula, fit, ratio, min(1.0, ratio.p_high * tests))


def _with_nesting(subject: Subject, found: Found, pair: Cells) -> Found:
    """Which of the two factors has no variance of its own beside the cells, if any."""
    best = found
    for inner, outer in ((pair.second, pair.first), (pair.first, pair.second)):
        formula = nested_formula(subject.formula, pair, inner)
        if formula is None:
            continue
        try:
            nested = subject.refit(formula)
        except RanefError:
            continue
        assert found.fit is not None
        own = random_part_test(nested, found.fit)
        if own is None or own.p_low < OWN_VARIANCE:
            continue
        if best.own is None or own.statistic < best.own.statistic:
            best = replace(found, inner=inner, outer=outer, nested=nested, own=own)
    return best


def _together(subject: Subject, clear: Sequence[Found]) -> tuple[Formula | None, Subject | None]:
    """All that the data ask for in one model, fitted where each of them could be."""
    if len(clear) < 2:
        return None, None
    formula = subject.formula
    for each in clear:
        formula = parse(each.candidate.extend(formula))
    if any(each.fit is None for each in clear):
        return formula, None
    try:
        fit = subject.refit(formula.text)
    except RanefError:
        return None, None
    return (formula, fit) if fit.certificate.certified else (None, None)
