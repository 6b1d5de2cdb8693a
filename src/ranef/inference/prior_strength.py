"""Families of covariance priors with one number for their strength, and fits along it.

Strength 0 is no prior; strength 1 is the default of the family: blme's Wishart and gamma, LKJ(2).
-2 log density is proportional to the strength, but for its constant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ranef.errors import OptionError
from ranef.inference.estimates import Estimates, estimate
from ranef.options import one_of, shown
from ranef.priors.assign import Assigned, checked, has_shared_sd
from ranef.priors.covariance import LKJ, CovariancePrior, Gamma, Wishart
from ranef.problem import Problem
from ranef.solve import Control, Solution, solve
from ranef.types import Array

__all__ = ["FAMILIES", "Family", "Penalised", "Rule", "along", "terms_of", "weakest"]

FAMILIES: dict[str, Callable[[float, int], CovariancePrior]] = {
    "wishart": lambda strength, q: Wishart(df=q + 1.0 + 1.5 * strength),
    "gamma": lambda strength, q: Gamma(shape=1.0 + 1.5 * strength),
    "lkj": lambda strength, q: LKJ(eta=1.0 + strength),
}

# Strengths that are tried: from a thousandth of the family's default to a hundred times it.
WEAKEST, STRONGEST = 1e-3, 100.0
FACTOR = 4.0  # between strengths, until one is off the boundary and its neighbour on it
CLOSE = 1.01  # ratio of strengths that ends the search


@dataclass(frozen=True, slots=True)
class Penalised:
    """The model solved at one strength of a prior."""

    strength: float
    prior: Assigned | None
    solution: Solution
    estimates: Estimates


@dataclass(frozen=True, slots=True)
class Rule:
    """When a solution counts as off the boundary of the covariance matrices.

    It is certified as an interior optimum; no eigenvalue of a correlation matrix is below
    1 - `correlation` (for two effects, their correlation is within +-`correlation`), and every
    effect has an SD that makes at least `share` sigma of a typical row (its SD times the root mean
    square of its centred column).
    """

    correlation: float
    share: float

    def __str__(self) -> str:
        return (
            f"certified interior optimum, correlations within {self.correlation:g}, and an SD of "
            f"at least {self.share:g} sigma from every random effect"
        )

    def met(self, solution: Solution) -> bool:
        """Whether all of a solution is off the boundary."""
        verdict = solution.certificate.verdict
        return verdict == "interior optimum" and all(self.by_term(solution))

    def by_term(self, solution: Solution) -> tuple[bool, ...]:
        """The same of each covariance matrix, whatever the certificate says."""
        out = []
        blocks = zip(solution.covariances, solution.problem.scaling.B, strict=True)
        for covariance, change in blocks:
            inverse = np.linalg.inv(change)
            contributions = np.sqrt(np.diag(inverse @ covariance @ inverse.T).clip(0.0))
            sds = np.sqrt(np.diag(covariance))
            good = bool(np.all(contributions >= self.share)) and bool(np.all(sds > 0.0))
            if good:
                matrix = covariance / np.outer(sds, sds)
                good = bool(np.linalg.eigvalsh(matrix)[0] >= 1.0 - self.correlation - 1e-9)
            out.append(good)
        return tuple(out)


@dataclass(frozen=True, slots=True)
class Family:
    """Priors of one family on some terms of a problem, one for each strength.

    Attributes
    ----------
    name : str
        One of :data:`FAMILIES`.
    terms : tuple of int
        Those that get it, in the place of covariance priors they have.
    problem : Problem
    x_names : tuple of str
        Columns of X.
    control : Control
    """

    name: str
    terms: tuple[int, ...]
    problem: Problem
    x_names: tuple[str, ...]
    control: Control

    def prior(self, strength: float) -> Assigned | None:
        """All priors of the model at one strength; None if there is none."""
        old = self.problem.prior
        sizes = tuple(term.q for term in self.problem.terms)
        priors = list(old.terms if old is not None else ((),) * len(sizes))
        for k in self.terms:
            priors[k] = (FAMILIES[self.name](strength, sizes[k]),) if strength > 0.0 else ()
        fixed = None if old is None else old.fixed
        if fixed is None and not any(priors):
            return None
        labels = tuple(label.label for label in self.problem.labels)
        shared = tuple(map(has_shared_sd, self.problem.terms))
        return Assigned(labels, sizes, tuple(priors), fixed, self.x_names, shared)

    def at(self, strength: float, start: Array | None = None) -> Penalised:
        """Solve at one strength; `start` is theta of a neighbour."""
        prior = self.prior(strength)
        problem = self.problem.with_prior(prior)
        kernel = problem.kernel()
        control = replace(self.control, restarts=0) if start is not None else self.control
        solution = solve(problem, control, start, kernel)
        if start is not None and not solution.certificate.certified:
            solution = solve(problem, self.control, None, kernel)
        return Penalised(strength, prior, solution, estimate(problem, solution, kernel))


def terms_of(problem: Problem, family: Any, wanted: Sequence[int]) -> tuple[int, ...]:
    """Those of the wanted terms to which a prior of the family applies.

    Raises
    ------
    OptionError
        An unknown family, or one that says nothing about any of them.
    """
    one_of("family", family, tuple(FAMILIES), what=f"unknown family of priors {shown(family)}")
    sizes = [term.q for term in problem.terms]
    smallest, largest = {"gamma": (1, 1), "lkj": (2, np.inf)}.get(family, (1, np.inf))
    if family == "gamma":  # of one standard deviation, whatever the number of effects
        sizes = [1 if has_shared_sd(term) else term.q for term in problem.terms]
    chosen = tuple(k for k in wanted if smallest <= sizes[k] <= largest)
    for k in chosen:
        checked(
            FAMILIES[family](1.0, problem.terms[k].q), problem.terms[k], problem.labels[k].label
        )
    if not chosen:
        labels = ", ".join(f"{problem.labels[k].label} ({sizes[k]})" for k in wanted)
        raise OptionError(
            f"a prior of the family {family!r} says nothing about these random effects",
            found=f"terms with their number of effects: {labels}",
            fix="use family='wishart'",
        )
    return chosen


def along(
    family: Family, strengths: Sequence[float], tick: Callable[[int], None] = lambda done: None
) -> tuple[list[Penalised], Penalised]:
    """Solve at each strength, in increasing order, and without the prior.

    Each search but that without a prior starts from the solution at the next larger strength.

    Parameters
    ----------
    family : Family
    strengths : sequence of float
        In increasing order.
    tick : callable
        Told how many are done.
    """
    points: list[Penalised] = []
    start: Array | None = None
    for strength in strengths[::-1]:
        point = family.at(strength, start if strength > 0.0 else None)
        start = point.solution.theta
        points.append(point)
        tick(len(points))
    plain = points[-1] if strengths[0] == 0.0 else family.at(0.0)
    return points[::-1], plain


def weakest(family: Family, rule: Rule) -> Penalised:
    """The smallest strength, to one per cent, at which a rule is met.

    Raises
    ------
    OptionError
        It is not met at any strength that is tried.

    References
    ----------
    Chung, Rabe-Hesketh, Dorie, Gelman and Liu (2013), Psychometrika 78(4), on how weak a prior
    that moves a boundary estimate may be.
    """
    good = family.at(1.0)
    bad = 0.0
    if rule.met(good.solution):
        while not bad and good.strength > WEAKEST:
            point = family.at(good.strength / FACTOR, good.solution.theta)
            if rule.met(point.solution):
                good = point
            else:
                bad = point.strength
    else:
        while not rule.met(good.solution):
            bad = good.strength
            if bad >= STRONGEST:
                raise _none_helps(family, rule, bad)
            good = family.at(bad * FACTOR)
    while bad > 0.0 and good.strength / bad > CLOSE:
        middle = float(np.sqrt(good.strength * bad))
        point = family.at(middle, good.solution.theta)
        if rule.met(point.solution):
            good = point
        else:
            bad = middle
    return good


def _none_helps(family: Family, rule: Rule, tried: float) -> OptionError:
    return OptionError(
        f"no prior of the family {family.name!r} takes this fit off the boundary",
        where=", ".join(family.problem.labels[k].label for k in family.terms),
        found=f"strengths up to {tried:g} times the default tried; {rule}",
        fix="use family='wishart'" if family.name != "wishart" else "ask for a weaker rule",
    )
