"""Families of covariance priors with one number for their strength, and fits along it.

Strength 0 is no prior; strength 1 is the default of the family: blme's Wishart and gamma, LKJ(2).
-2 log density is proportional to the strength, but for its constant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.errors import OptionError
from ranef.inference.estimates import Estimates, estimate
from ranef.options import instance, one_of, shown
from ranef.prior import LKJ, Assigned, CovariancePrior, Gamma, Wishart
from ranef.solve import Solution, solve
from ranef.types import Array

if TYPE_CHECKING:
    from ranef.fit import Fit

__all__ = [
    "FAMILIES",
    "Point",
    "assigned_at",
    "checked_fit",
    "off_boundary",
    "point_at",
    "terms_of",
]

FAMILIES: dict[str, Callable[[float, int], CovariancePrior]] = {
    "wishart": lambda strength, q: Wishart(df=q + 1.0 + 1.5 * strength),
    "gamma": lambda strength, q: Gamma(shape=1.0 + 1.5 * strength),
    "lkj": lambda strength, q: LKJ(eta=1.0 + strength),
}


@dataclass(frozen=True, slots=True)
class Point:
    """A fit at one strength."""

    strength: float
    prior: Assigned | None
    solution: Solution
    estimates: Estimates


def checked_fit(fit: Any) -> Fit:
    """`fit`, if it is one."""
    from ranef.fit import Fit

    return instance("fit", fit, Fit, "give what rn.lmm returned")


def terms_of(fit: Fit, family: Any, wanted: Sequence[int]) -> tuple[int, ...]:
    """The terms, of those wanted, that a prior of the family says something about."""
    one_of("family", family, tuple(FAMILIES), what=f"unknown family of priors {shown(family)}")
    sizes = [term.q for term in fit._problem.terms]
    smallest, largest = {"gamma": (1, 1), "lkj": (2, np.inf)}.get(family, (1, np.inf))
    chosen = tuple(k for k in wanted if smallest <= sizes[k] <= largest)
    if not chosen:
        labels = ", ".join(f"{fit._problem.labels[k].label} ({sizes[k]})" for k in wanted)
        raise OptionError(
            f"a prior of the family {family!r} says nothing about these random effects",
            found=f"terms with their number of effects: {labels}",
            fix="use family='wishart'",
        )
    return chosen


def assigned_at(fit: Fit, family: str, strength: float, terms: Sequence[int]) -> Assigned | None:
    """The fit's priors with those of `terms` replaced; None where nothing is left."""
    problem = fit._problem
    old = problem.prior
    sizes = tuple(term.q for term in problem.terms)
    priors = list(old.terms if old is not None else ((),) * len(sizes))
    for k in terms:
        priors[k] = (FAMILIES[family](strength, sizes[k]),) if strength > 0.0 else ()
    fixed = None if old is None else old.fixed
    if fixed is None and not any(priors):
        return None
    labels = tuple(label.label for label in problem.labels)
    return Assigned(labels, sizes, tuple(priors), fixed, fit._design.x_names)


def point_at(
    fit: Fit, family: str, strength: float, terms: Sequence[int], start: Array | None = None
) -> Point:
    """Solve at one strength; `start` is theta of a neighbour."""
    prior = assigned_at(fit, family, strength, terms)
    problem = fit._problem.with_prior(prior)
    kernel = problem.kernel()
    control = replace(fit._control, restarts=0) if start is not None else fit._control
    solution = solve(problem, control, start, kernel)
    if start is not None and not solution.certificate.certified:
        solution = solve(problem, fit._control, None, kernel)
    return Point(strength, prior, solution, estimate(problem, solution, kernel))


def off_boundary(fit: Fit, point: Point, correlation: float, share: float) -> tuple[bool, ...]:
    """For each term, whether the point is off the boundary of its covariance matrix.

    The rule: no eigenvalue of the correlation matrix is below 1 - `correlation` (for two effects,
    their correlation is within +-`correlation`), and every effect has an SD that makes at least
    `share` sigma of a typical row (its SD times the root mean square of its centred column).
    """
    out = []
    blocks = zip(point.solution.covariances, fit._problem.scaling.B, strict=True)
    for covariance, change in blocks:
        inverse = np.linalg.inv(change)
        contributions = np.sqrt(np.diag(inverse @ covariance @ inverse.T).clip(0.0))
        sds = np.sqrt(np.diag(covariance))
        good = bool(np.all(contributions >= share)) and bool(np.all(sds > 0.0))
        if good:
            matrix = covariance / np.outer(sds, sds)
            good = bool(np.linalg.eigvalsh(matrix)[0] >= 1.0 - correlation - 1e-9)
        out.append(good)
    return tuple(out)
