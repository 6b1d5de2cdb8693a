"""Whether the likelihood of a generalised model has a finite maximum, decided after the search.

The proofs are those of :mod:`ranef.problem.separation`; here is decided when they are asked for,
and what is needed besides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ranef.core import CoreSolved, Evidence
from ranef.core.family_rows import log_concave, log_densities
from ranef.core.generalised import GeneralisedKernel
from ranef.page import phrases
from ranef.page.shown import Sentence
from ranef.problem.generalised import GeneralisedProblem
from ranef.problem.parameters import roots
from ranef.problem.separation import (
    Separation,
    infinite_variances,
    separation,
)
from ranef.problem.signed_rows import SignedRows, random_parts, signed_rows, without_prior

__all__ = ["Finite", "RisingVariances", "decide_finite"]

CHEAP = 2_000_000
"""Numbers in X up to which the proof is always made: some milliseconds."""

PROVEN = 0.5
"""Relative change of a score below which a proof of the core counts: it is 1 but for rounding."""

FAR = 10.0
"""In units of the linear predictor: coefficients of columns of unit size, or standard deviations of
random effects, from here on are looked at."""

NOT_CONCAVE = (
    "the fixed effects do not separate the responses; as log-densities of rows are not concave, "
    "that is not a proof of a finite maximum"
)

WIDE = 9.0
"""Standard deviations of a random effect that are integrated over."""

STEP = 0.4
"""Of the trapezoidal rule, in units of the linear predictor: poles of logistic functions are pi
away from the real line, so that the error is of the order exp(-2 pi^2 / 0.4)."""

MOST_WORK = 2e8

HIGHER = 1e-3
"""Deviance units by which the limit has to be below the value that a search has found."""


@dataclass(frozen=True, slots=True, repr=False)
class RisingVariances(Sentence):
    """That the likelihood rises as variances go to infinity. ``str()`` is a sentence.

    Attributes
    ----------
    terms : tuple of str
        Whose variances.
    proof : str
        Why the likelihood does not fall to zero there.
    loglik : float
        A lower bound of the limit of the log-likelihood; NaN if it was not computed.
    """

    terms: tuple[str, ...]
    proof: str
    loglik: float

    def __str__(self) -> str:
        known = self.loglik == self.loglik
        limit = f", towards a log-likelihood of {self.loglik:,.2f}" if known else ""
        return (
            "the likelihood rises for ever as the variance of the random effects "
            f"by {phrases.listed(self.terms)} grows{limit}: {self.proof}. Laplace's method may "
            "show an optimum at a large variance, which is an error of the approximation. Give the "
            "variance a prior, prior=rn.priors.HalfNormal(2.5), or leave the random effects out"
        )


@dataclass(frozen=True, slots=True)
class Finite:
    """What is known about a finite maximum.

    Attributes
    ----------
    separation : Separation or None
        Of the coefficients; None if no row has its supremum at infinity, or nobody asked.
    variances : RisingVariances or None
        Of the variances, if they go to infinity.
    """

    separation: Separation | None = None
    variances: RisingVariances | None = None

    @property
    def none(self) -> bool:
        """Whether it is known that there is no finite maximum."""
        separated = self.separation is not None and self.separation.exists is True
        return separated or self.variances is not None


def decide_finite(
    problem: GeneralisedProblem, kernel: GeneralisedKernel, found: CoreSolved
) -> Finite:
    """Look for a proof that there is no finite maximum where a search has ended.

    Parameters
    ----------
    problem : GeneralisedProblem
    kernel : GeneralisedKernel
        It stands at the solution.
    found : CoreSolved
    """
    doubtful = _doubtful(found)
    decided = _of_start(problem, kernel)
    if decided is not None and not doubtful:
        return Finite(_as_far_as_concave(problem, decided))
    if not doubtful and problem.n * problem.p > CHEAP:
        return Finite()
    signed = signed_rows(problem)
    if signed is None:
        return Finite()
    if decided is None:
        decided = _of_rows(problem, kernel, signed)
    decided = _as_far_as_concave(problem, decided)
    variances = None
    if decided.exists is not True and doubtful:
        variances = _rising_variances(problem, found, signed)
    return Finite(decided, variances)


def _of_start(problem: GeneralisedProblem, kernel: GeneralisedKernel) -> Separation | None:
    """The proof that the core has made from the joint modes where the search began, if it has."""
    margin = kernel.separation_margin
    if not margin < PROVEN:
        return None
    proof = (
        "a finite maximum exists: at joint modes of coefficients and random effects, scores of the "
        f"rows add up to zero after relative changes of at most {margin:.1e}"
    )
    return Separation(False, proof, margin, predicted=np.zeros(problem.n, dtype=bool))


def _as_far_as_concave(problem: GeneralisedProblem, decided: Separation) -> Separation:
    """Without concavity of the log-densities nothing proves that there is a maximum."""
    family = problem.family
    constants = family.core_constants(problem.n_answers)
    if decided.exists is False and not log_concave(family.core_name, family.link, constants):
        return replace(decided, exists=None, proof=NOT_CONCAVE)
    return decided


def _of_rows(
    problem: GeneralisedProblem, kernel: GeneralisedKernel, signed: SignedRows
) -> Separation:
    """Decided from the rows."""
    scores, direction = None, None
    if signed.upper == 0 and (joint := kernel.joint_scores) is not None:
        scores = np.asarray(joint[signed.rows])
        suspected = kernel.suspected_direction
        if suspected is not None:
            whole = problem.change[: problem.p, : problem.p] @ suspected
            direction = whole[without_prior(problem)]
    if scores is None:
        scores = signed.scores(kernel)
    decided = separation(signed.X, signed.signs, signed.names, scores=scores, direction=direction)
    if signed.upper:
        decided = replace(decided, cut_points=signed.names[: problem.n_psi])
    return _by_row(decided, signed, problem.n)


def _by_row(decided: Separation, signed: SignedRows, n: int) -> Separation:
    """The same with the problem's rows in place of those with signs."""
    limit = decided.limit
    if limit is not None:
        left = np.zeros(n, dtype=bool)
        left[signed.rows[limit.rows]] = True
        limit = replace(limit, rows=left)
    predicted = np.ones(n, dtype=bool)
    predicted[signed.rows[~decided.predicted]] = False
    return replace(decided, predicted=predicted, limit=limit)


def _doubtful(found: CoreSolved) -> bool:
    """Whether the search has drifted, or ended where the criterion is flat."""
    evidence = Evidence(*found.evidence)
    far = max(np.abs(found.coefficients).max(initial=0.0), np.abs(found.inner).max(initial=0.0))
    return found.status != "converged" or evidence.flat.shape[1] > 0 or not far <= FAR


def _rising_variances(
    problem: GeneralisedProblem, found: CoreSolved, signed: SignedRows
) -> RisingVariances | None:
    """The terms whose variances the likelihood drives to infinity, if they are so large already."""
    parts = random_parts(problem)
    largest = [float(np.abs(root).max(initial=0.0)) for root in roots(problem.terms, found.inner)]
    if not parts or signed.upper or not max(largest) > FAR:
        return None
    decided = infinite_variances(signed.X, parts, signed.signs)
    if decided.possible is not True:
        return None
    limit = _limit(problem, found, signed)
    if not np.isnan(limit) and not -2.0 * limit < _deviance(problem, found) - HIGHER:
        return None
    large = [
        label.label
        for label, size in zip(problem.labels, largest, strict=True)
        if size > 0.1 * max(largest)
    ]
    return RisingVariances(tuple(large), decided.proof, limit)


def _deviance(problem: GeneralisedProblem, found: CoreSolved) -> float:
    """-2 log-likelihood where the search has ended, for one random effect a level.

    Laplace's method and quadrature around the modes are wrong by much where a level says of its
    random effect only that it is above some bound. The trapezoidal rule in u = b / sd, with steps
    that are short beside 1 / sd, has all digits. Infinite if it would take too many.
    """
    inner = np.asarray(found.coefficients)
    group, sd = problem.rows.groups[0], float(found.inner[0])
    z = np.ones(problem.n) if group.columns[0] is None else group.columns[0]
    move = sd * (z - group.shifts[0]) / group.scales[0]
    points = int(2.0 * WIDE * float(np.abs(move).max()) / STEP) + 1
    if points * problem.n > MOST_WORK:
        return float("inf")
    u = np.linspace(-WIDE, WIDE, points)
    fixed = problem.eta_of_fixed(inner)
    psi = problem.further_predictors(inner)
    family = problem.family
    constants = family.core_constants(problem.n_answers)
    total = np.full(group.n_levels, -np.inf)
    for at in u:
        rows = log_densities(
            family.core_name,
            family.link,
            constants,
            fixed + at * move,
            psi,
            problem.rows.y,
            problem.rows.weights,
        )
        own = np.bincount(group.codes, rows, group.n_levels) - 0.5 * at * at
        total = np.logaddexp(total, own)
    constant = float(np.log((u[1] - u[0]) / np.sqrt(2.0 * np.pi)))
    return -2.0 * float(np.sum(total + constant))


def _limit(
    problem: GeneralisedProblem,
    found: CoreSolved,
    signed: SignedRows,
) -> float:
    """Log-probability that all rows are on their sides, for one random effect a level.

    With beta = t beta_0 and D = t^2 D_0 it is the limit of the likelihood as t grows. The estimates
    give beta_0 and D_0; others may have a higher limit. NaN where it is not a product of normal
    probabilities.
    """
    from scipy.special import log_ndtr

    group = problem.rows.groups[0]
    if len(problem.rows.groups) > 1 or len(group.columns) > 1 or signed.X.shape[1] < problem.p:
        return float("nan")
    beta = problem.coefficients(np.asarray(found.coefficients))[: problem.p]
    sd = float(np.sqrt(found.covariances[0][0, 0]))
    (part,) = random_parts(problem)
    z, codes = part.Z[:, 0], part.codes
    # A row is on its side if s (x'beta + z b) > 0: b above or below -x'beta / z.
    with np.errstate(divide="ignore", invalid="ignore"):
        bound = -(signed.X @ beta) / (z * sd)
    if not np.all(np.isfinite(bound)):
        return float("nan")
    above = signed.signs * z > 0.0
    low, high = np.full(part.n_levels, -np.inf), np.full(part.n_levels, np.inf)
    np.maximum.at(low, codes[above], bound[above])
    np.minimum.at(high, codes[~above], bound[~above])
    if np.any(low >= high):
        return -np.inf
    # The smaller tail, so that no difference cancels.
    flip = low > 0.0
    low, high = np.where(flip, -high, low), np.where(flip, -low, high)
    lower, upper = log_ndtr(low), log_ndtr(high)
    return float(np.sum(upper + np.log1p(-np.exp(lower - upper))))
