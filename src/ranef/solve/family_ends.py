r"""Optima at an end of a family, where it is a simpler one: a negative binomial that is Poisson.

Let alpha >= 0 be the parameter that is zero there: 1/size, phi of ``nbinom1``, 1/phi of
``betabinomial``, the odds of an extra zero. F, -2 log of the likelihood, is smooth in alpha at 0,
where it is that of the simpler family, so that the conditions of an optimum are

    the simpler family is at its optimum,   and   dF/dalpha >= 0 at alpha = 0.

psi = log alpha or -log alpha is what a search moves. There F only gets flatter and flatter, and a
search would not end. It ends where alpha is a millionth, the simpler family is fitted, and the
derivative decides: it is extrapolated to zero from two small alpha, where dF/dpsi is computed
without cancellation. If it is negative the optimum is inside, and the search goes on from there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ranef.core import CoreSolved, Evidence
from ranef.family import Boundary
from ranef.page.shown import Sentence
from ranef.problem.generalised import GeneralisedProblem
from ranef.problem.parameters import group_lambdas
from ranef.types import INTERCEPT, Array

__all__ = ["INSIDE", "FamilyEnd", "Slope", "Watched", "slope_at_end", "start_inside", "watched"]

SMALL = 1e-6
"""alpha times the scale of the data where a search ends."""

NEAR = 1e-5
"""The same where derivatives are taken."""

INSIDE = 1e-2
"""The same where a search inside begins of which nothing else is known."""

MOST_ROWS = 1e-2
"""So much over the number of rows alpha is at most, so that no single row decides beyond it."""

FAR = 1e-13
"""The same for parameters that are at their ends already."""

NOTHING = 1e-6
"""Deviance units to be gained by leaving the end that do not count."""


@dataclass(frozen=True, slots=True, repr=False)
class FamilyEnd(Sentence):
    """An end of a family at which the estimates lie. ``str()`` is a sentence.

    Attributes
    ----------
    part : str
        The predictor that is infinite: ``"dispersion"`` or ``"zero"``.
    sign : int
        1 if it is infinite, -1 if minus infinite.
    becomes : str
        The simpler family, as in a sentence.
    family : str
        The family that was asked for, likewise.
    words : str
        What that means.
    slope : float
        dF/dalpha, deviance units: what the criterion would rise by with alpha.
    """

    part: str
    sign: int
    becomes: str
    family: str
    words: str
    slope: float

    def __str__(self) -> str:
        return f"the best fit of the {self.family} family is {self.becomes}: {self.words}"


@dataclass(frozen=True, slots=True)
class Watched:
    """An end that a search may come to.

    Attributes
    ----------
    boundary : Boundary
    index : int
        The coefficient among all.
    scale : float
        alpha times this is without units.
    """

    boundary: Boundary
    index: int
    scale: float

    def psi(self, alpha: float) -> float:
        """The predictor where alpha times the scale is so large."""
        return float(-self.boundary.sign * np.log(alpha / self.scale))

    @property
    def limit(self) -> tuple[int, int, float]:
        """Where a search ends, as the core takes it."""
        return self.index, self.boundary.sign, self.psi(SMALL)

    def reached(self, problem: GeneralisedProblem, found: CoreSolved) -> bool:
        """Whether a search has come to this end, or stands where the criterion is flat in it."""
        own = found.coefficients[self.index]
        if self.boundary.sign * (own - self.psi(SMALL)) >= 0.0:
            return True
        flat = np.abs(Evidence(*found.evidence).flat)
        own_row = flat.shape[0] - (problem.p + problem.n_psi) + self.index
        return bool(flat.size and np.any(flat[own_row] > 0.1 * flat.max(axis=0)))


@dataclass(frozen=True, slots=True)
class Slope:
    """dF/dalpha and d2F/dalpha2 at alpha = 0."""

    first: float
    second: float

    @property
    def inside(self) -> bool:
        """Whether the optimum is inside."""
        if not self.first < 0.0:
            return False
        return not (self.second > 0.0 and self.first**2 < 2.0 * self.second * NOTHING)


def watched(problem: GeneralisedProblem) -> list[Watched]:
    """The ends of a problem's family; those of predictors with columns are not looked for."""
    out = []
    for boundary in problem.family.boundaries:
        names = next((part.names for part in problem.psi if part.part == boundary.part), ())
        place = problem.part(boundary.part)
        if names == (INTERCEPT,) and place is not None:
            out.append(Watched(boundary, place.start, _scale(problem, boundary)))
    return out


def _scale(problem: GeneralisedProblem, boundary: Boundary) -> float:
    """alpha is small beside the inverse of this: of the largest count, or number of trials."""
    if boundary.sign < 0:
        return 1.0
    if problem.family.WEIGHTS == "trials":
        weights = problem.rows.weights
        return 1.0 if weights is None else max(1.0, float(weights.max()))
    return max(1.0, float(problem.rows.y.max()))


def slope_at_end(
    problem: GeneralisedProblem,
    end: Watched,
    inner: Array,
    coefficients: Array,
) -> Slope | None:
    """dF/dalpha at an end where the other parameters are those of the simpler family.

    Parameters
    ----------
    problem : GeneralisedProblem
        Of the family that was asked for.
    end : Watched
    inner : ndarray
        Coordinates of the covariances.
    coefficients : ndarray
        All inner ones; that of the end is not read. Others may be infinite: then they stand for
        their ends.

    Returns
    -------
    Slope or None
        None if the likelihood cannot be computed.
    """
    kernel = problem.kernel()
    lambdas = group_lambdas(problem, inner)
    at = coefficients.copy()
    for other in watched(problem):
        if not np.isfinite(at[other.index]):
            at[other.index] = other.psi(FAR)
    near = min(NEAR, MOST_ROWS / problem.n)
    alphas = np.array([near, near / 2.0]) / end.scale
    slopes = np.zeros(2)
    for k, alpha in enumerate(alphas):
        at[end.index] = end.psi(alpha * end.scale)
        if not kernel.evaluate(lambdas, at):
            return None
        # dF/dalpha = dF/dpsi dpsi/dalpha, and psi is -log alpha or log alpha.
        slopes[k] = -end.boundary.sign * kernel.slopes[end.index] / alpha
    second = float((slopes[0] - slopes[1]) / (alphas[0] - alphas[1]))
    return Slope(float(slopes[1] - second * alphas[1]), second)


def start_inside(end: Watched, slope: Slope) -> float:
    """Where a search inside begins: the predictor at the optimum that derivatives promise."""
    alpha = -slope.first / slope.second if slope.second > 0.0 else np.inf
    return end.psi(float(np.clip(alpha * end.scale, 10.0 * SMALL, 0.5)))
