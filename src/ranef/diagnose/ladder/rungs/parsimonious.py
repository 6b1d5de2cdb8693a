"""The smallest random part that fits as well, if a large one asks for more than the data hold.

Found as Bates, Kliegl, Vasishth and Baayen (2015, Parsimonious mixed models, arXiv:1506.04967) do:
without correlations first; then without the outermost term that varies least, as long as the
likelihood ratio does not object at a level of 0.2 (Matuschek, Kliegl, Vasishth, Baayen and Bates
2017, Balancing type I error and power in linear mixed models, Journal of Memory and Language 94);
then with the correlations that the data show.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ranef.diagnose.compared import random_part_test
from ranef.diagnose.ladder.comparison import test_random_part
from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.kind import Asked, Kind, Place
from ranef.diagnose.ladder.rung import Plan, Rung, Test, Tried
from ranef.diagnose.ladder.rungs import drop_slope, drop_term
from ranef.diagnose.ladder.sentences import largest_change, singularity
from ranef.diagnose.ladder.words import WEAK, evidence, tested
from ranef.diagnose.levels import levels_of
from ranef.diagnose.rank import Support
from ranef.diagnose.rewrite import bar_with, outermost, parts_of, per_factor, with_bar
from ranef.diagnose.subject import Subject, linear
from ranef.errors import RanefError
from ranef.formula import Formula, Term, parse
from ranef.formula.naming import factors, without_level
from ranef.inference.chi_bar_square import chi_bar_square
from ranef.page.phrases import count
from ranef.solve import Control

__all__ = ["KEY", "KIND"]

KEY = "parsimonious"

LARGE = 4
"""Effects of one term from which on a random part is made smaller in more than one step."""

MOST_FITS = 30

QUICK = Control(restarts=0)
"""Of the search; the model it ends in is fitted with the usual settings."""

AFFORDABLE = 60_000_000
"""Numbers read by one evaluation, times variances, summed over `MOST_FITS` fits: some seconds."""


def _asks_too_much(subject: Subject, supports: Sequence[Support]) -> bool:
    """Whether a term of several effects has dimensions that the data do not support."""
    problem, certificate = subject.problem, subject.certificate
    if problem.prior is not None:
        return False
    # A structure is small already, and a diagonal matrix may not be a special case of it.
    sizes = [len(k.names) if k.structure == "us" else 1 for k in problem.labels]
    needed = {label.label: certificate.rank[label.label] for label in problem.labels}
    needed |= {problem.labels[s.term].label: s.rank for s in supports}
    short = any(
        needed[label.label] < size for label, size in zip(problem.labels, sizes, strict=True)
    )
    return max(sizes) >= LARGE and (short or certificate.verdict == "flat")


def _plans(asked: Asked) -> list[Plan]:
    """The smallest random part, where the asked one is large and not supported."""
    subject = linear(asked.subject)
    if not _asks_too_much(subject, asked.supports):
        return []
    variances = sum(term.q for term in subject.problem.terms)
    if subject.work * variances * MOST_FITS > AFFORDABLE:
        return []
    try:
        fit = _smallest(subject)
    except RanefError:
        return []
    if fit.problem.n_theta >= subject.problem.n_theta:
        return []
    return [Plan(KEY, "parsimonious", fit.formula.text, fit=fit)]


def _smallest(subject: Subject) -> Subject:
    formula = subject.formula
    random = tuple(
        replace(part, correlated=not bar.model.terms) if bar.structure == "us" else part
        for bar, part in zip(formula.bars, per_factor(formula), strict=True)
    )
    fit = subject.refit(replace(parts_of(formula), random=random).text, control=QUICK)
    fits, going = 1, True
    while going and fits < MOST_FITS:
        going = False
        for k, term in _weakest_first(fit):
            fits += 1
            smaller = _try(fit, _without(fit.formula, k, term))
            if smaller is not None and _p_of_variances(smaller, fit) > WEAK:
                fit, going = smaller, True
                break
    for k, bar in enumerate(fit.formula.bars):
        if bar.model.terms and not bar.correlated:
            part = replace(per_factor(fit.formula)[k], correlated=True)
            larger = _try(fit, with_bar(fit.formula, k, part))
            if larger is None or larger.certificate.verdict != "interior optimum":
                continue
            ratio = random_part_test(fit, larger)
            if ratio is not None and ratio.p_low <= WEAK:
                fit = larger
    return subject.refit(fit.formula.text)


def _try(subject: Subject, formula: str) -> Subject | None:
    try:
        fit = subject.refit(formula, control=QUICK)
    except RanefError:
        return None
    return fit if fit.certificate.certified else None


def _p_of_variances(small: Subject, large: Subject) -> float:
    """Of k variances without covariances, as if what the data say of each were independent.

    Each is zero half of the time under the smaller model, so that the weights are binomial.
    """
    k = large.problem.n_theta - small.problem.n_theta
    weights = {j: math.comb(k, j) / 2.0**k for j in range(k + 1)}
    return chi_bar_square(small.solution.criterion - large.solution.criterion, weights)


def _without(formula: Formula, k: int, term: Term) -> str:
    """The formula without a term; without its bar where nothing is left of that."""
    bar = formula.bars[k]
    terms = tuple(other for other in bar.model.terms if other.name != term.name)
    if not terms and not bar.model.intercept:
        return with_bar(formula, k, None)
    return with_bar(formula, k, bar_with(formula, k, terms))


def _weakest_first(fit: Subject) -> Iterator[tuple[int, Term]]:
    """Terms that may go, by what they contribute to the response's variance."""
    sizes: list[tuple[float, int, Term]] = []
    spread: dict[tuple[str, str], float] = {}
    levels = levels_of(fit)
    for k, (label, covariance) in enumerate(
        zip(fit.problem.labels, fit.solution.covariances, strict=True)
    ):
        squares = levels.mean_squares(k)
        for i, name in enumerate(label.names):
            spread[label.factor, name] = float(covariance[i, i] * squares[i])
    bars = fit.formula.bars
    for k, bar in enumerate(bars):
        for term in outermost(bar.model.terms) if bar.structure == "us" else ():
            if len(bars) == 1 and len(bar.model.terms) == 1 and not bar.model.intercept:
                continue
            without = parse(_without(fit.formula, k, term))
            kept = {
                (other.label, each.name) for other in without.bars for each in other.model.terms
            }
            mine = [
                size
                for (factor, name), size in spread.items()
                if factor == bar.label and _belongs(name, term) and (factor, name) not in kept
            ]
            sizes.append((max(mine, default=0.0), k, term))
    for _, k, term in sorted(sizes, key=lambda each: each[0]):
        yield k, term


def _belongs(name: str, term: Term) -> bool:
    """Whether a coefficient is one of a term: ``f[T.b]:x`` of ``f:x``."""
    return [without_level(part) for part in factors(name)] == [
        without_level(part) for part in factors(term.name)
    ]


def _test(asked: Tried, tried: Tried, every: Sequence[Tried]) -> Test | None:
    return test_random_part(tried, asked)


def _say(rung: Rung, facts: Facts) -> list[str]:
    said = [singularity(rung, facts)]
    less = facts.asked_rung.df - rung.df
    said.append(
        f"Correlations, then slopes that the data do not show (p > {WEAK}) left out one after the "
        f"other: {count(less, 'parameter')} fewer"
    )
    if rung.test is not None:
        match evidence(rung.test):
            case "none" | "weak":
                said.append(f"It fits as well {tested(rung.test)}")
            case "open":
                said.append(f"Whether it fits as well cannot be decided {tested(rung.test)}")
            case "clear":
                said.append(f"The model as asked fits better {tested(rung.test)}")
    return [*said, largest_change(rung)]


# It stands for the single steps on the way: a page has one answer and not twenty.
KIND = Kind(
    KEY,
    Place.CORRELATION,
    _plans,
    test=_test,
    say=_say,
    replaces=(drop_slope.KEY, drop_term.KEY),
    linear_only=True,
)
