"""The certificate: whether a point is an optimum, of which kind, and what is left to gain.

The criterion is minimised over relative covariances D_k that are positive semidefinite. A point is
a local minimum when (Karush, Kuhn and Tucker on the semidefinite cone)

1. along the face it lies on, the Newton decrement g'H^-1 g / 2 with the exact Hessian is nil;
2. out of the face, Gamma_k = df/dD_k has no negative eigenvalue on the null space of D_k;
3. H is positive definite on the face.

A theta-gradient sees only the first: the criterion is even in a zero pivot of the Cholesky factor,
so its theta-gradient vanishes at saddles too. All three are judged in deviance units and standard
errors, so that neither units of measurement nor the number of rows play a part.

They bound what a search has left. How well the criterion itself is known is another question, and
`rounding` answers it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ranef.core import CoreKernel, Estimation, Evidence
from ranef.covariance import structure_of
from ranef.page.phrases import figures
from ranef.page.shown import Sentence
from ranef.problem import ProblemShape
from ranef.solve.outweighed import outweighed
from ranef.types import Array

if TYPE_CHECKING:
    from ranef.problem.separation import Separation
    from ranef.solve.family_ends import FamilyEnd
    from ranef.solve.finite import RisingVariances

__all__ = ["ENOUGH_GAIN", "ENOUGH_STEP", "Certificate", "certificate", "certify"]

# What an optimum may leave. The same numbers decide in the core whether to search from elsewhere.
ENOUGH_GAIN = 1e-6  # deviance units
ENOUGH_STEP = 1e-3  # standard errors

# Rounding error of the criterion, deviance units, from which on nothing is certified.
MOST_ROUNDING = 1e-3

# The same from which on it is told: what is promised is less certain than that.
TOLD_ROUNDING = 1e-6

# Curvature, deviance units per squared relative change of a standard deviation, below which a prior
# that drives a variance to infinity has levelled off: the SD is known to a factor of e^100 or less.
UNDECIDED = 1e-4


@dataclass(frozen=True, slots=True, repr=False)
class Certificate(Sentence):
    """The verdict on a fit, with its evidence. ``str()`` is a sentence.

    Attributes
    ----------
    verdict : str
        ``"interior optimum"``, ``"boundary optimum"``, ``"flat"``, ``"not at an optimum"``,
        ``"limited by rounding"``, or ``"no finite maximum"`` of a generalised model.
    certified : bool
        Whether the fit is at an optimum: interior or on the boundary.
    gain : float
        Predicted decrease of the criterion that is left, deviance units.
    step_se : float
        Largest step to the predicted optimum, in standard errors of the parameter.
    rank : mapping of str to int
        Rank of the covariance matrix of each random-effects term.
    dims : mapping of str to int
        The highest rank that it can have: its size, or the rank of ``rr``.
    dual_min_eig : float
        Smallest eigenvalue of Gamma on the null space of the covariances, in the data's units;
        NaN in the interior. Positive: any variance in that direction would raise the criterion.
    complementarity : float
        Largest element of D Gamma over the terms; 0 at an optimum.
    min_curvature : float
        Smallest eigenvalue of the Hessian on the face, coordinates in relative SDs.
    directions : tuple of str
        Null or flat directions in the user's names.
    evaluations : int
        Evaluations of the criterion by the search that found it.
    starts, basins : int
        Searches made, and how many different optima they ended in.
    penalised : bool
        Whether the criterion has -2 log density of a prior on top: gain, step and eigenvalues are
        then of that.
    rounding : float
        Size of the rounding error of the criterion, deviance units. It grows with the size of the
        response beside its residuals; where cross-products lose too many digits, the sums are
        those over rows.
    full : mapping of str to int
        The highest rank that each covariance matrix can have: its size, or the rank of ``rr()``.
    separation : Separation or None
        Of a generalised model: whether the fixed effects separate the responses, with the proof;
        None if that was not in question.
    variances : RisingVariances or None
        Of a generalised model: which variances the likelihood drives to infinity, if any.
    ends : tuple of FamilyEnd
        Ends of the family, at which it is a simpler one, that the estimates lie at.
    other_modes : bool
        Whether the log-density of the random effects given the data is not concave, so that it may
        have other modes: the verdict is then about the ones that were found.
    error_se : float
        Of an estimated criterion (see ``crossed`` of :class:`~ranef.Control`): how far the
        estimates may be from those of the exact criterion, in standard errors of the
        parameter with the largest error; half-width of a 95% interval. 0 if it is exact.
    error_criterion : float
        The same of the criterion, deviance units.
    probes, deflated : int
        Random vectors that it was estimated with, and directions that were taken out of them
        exactly; 0 if it is exact.
    """

    verdict: str
    certified: bool
    gain: float
    step_se: float
    rank: Mapping[str, int]
    dims: Mapping[str, int]
    dual_min_eig: float
    complementarity: float
    min_curvature: float
    directions: tuple[str, ...]
    evaluations: int
    starts: int = 1
    basins: int = 1
    penalised: bool = False
    rounding: float = 0.0
    full: Mapping[str, int] = field(default_factory=dict)
    separation: Separation | None = field(default=None, compare=False)
    variances: RisingVariances | None = None
    ends: tuple[FamilyEnd, ...] = ()
    other_modes: bool = False
    error_se: float = 0.0
    error_criterion: float = 0.0
    probes: int = 0
    deflated: int = 0

    @property
    def estimated(self) -> bool:
        """Whether the criterion is an estimate: crossed factors were solved by iterations."""
        return self.probes > 0

    @property
    def singular(self) -> bool:
        """Whether a covariance matrix has a lower rank than its structure allows."""
        return any(rank < self.full.get(k, self.dims[k]) for k, rank in self.rank.items())

    def __str__(self) -> str:
        return sentence(self)


def sentence(c: Certificate) -> str:
    """The certificate in one sentence; more where there is no finite maximum."""
    if c.verdict == "no finite maximum":
        from ranef.solve.finite_words import no_maximum

        return no_maximum(c.separation, c.variances)
    if not c.dims and c.certified:
        return "optimum in closed form: there are no variances of random effects to search for"
    # Below a billionth of a deviance unit the figure is rounding error.
    size = "less than 1e-9" if c.gain < 1e-9 else f"{c.gain:.1g}"
    units = "deviance units of the penalised criterion" if c.penalised else "deviance units"
    left = f"{size} {units} left to gain"
    if c.rounding > TOLD_ROUNDING:
        left += f", the criterion known to {c.rounding:.1g}"
    if c.error_criterion > 0.0:
        left += f", the criterion estimated to {c.error_criterion:.1g}"
    if c.other_modes:
        left += ", about the modes of the random effects that were found: there may be others"
    how = f" (estimated: within {c.error_se:.1g} SE)" if c.estimated else ""
    if c.verdict == "interior optimum":
        reduced = any(c.full.get(k, q) < q for k, q in c.dims.items())
        rank = "the rank that the formula gives them" if reduced else "full rank"
        return f"interior optimum{how}, certified: {left}, all covariance matrices of {rank}"
    if c.verdict == "boundary optimum":
        ranks = ", ".join(
            f"rank {rank} of {full} for {k}"
            for k, rank in c.rank.items()
            if rank < (full := c.full.get(k, c.dims[k]))
        )
        # There is none if nothing but a rank that the formula gives is missing.
        dual = (
            ""
            if math.isnan(c.dual_min_eig)
            else f", dual eigenvalue {figures(c.dual_min_eig, sign=True)}"
        )
        where = [f"{ranks} ({'; '.join(c.directions)})"] if ranks else []
        where += [
            f"{end.becomes}, at the boundary of the {end.family} family ({end.words}), "
            f"slope {figures(end.slope, sign=True)}"
            for end in c.ends
        ]
        return f"boundary optimum{how}, certified: {'; '.join(where)}; {left}{dual}"
    if c.verdict == "flat":
        return f"flat, not identified: {'; '.join(c.directions)}; {left}"
    if c.verdict == "limited by rounding":
        return (
            f"not certified, limited by rounding: the criterion is known to {c.rounding:.1g} "
            f"{units}, and rounding error hides where it is smallest"
        )
    return f"not at an optimum: at least {figures(c.gain)} {units} can be gained"


def certify(
    problem: ProblemShape, theta: Array, kernel: CoreKernel, evaluations: int
) -> Certificate:
    """Judge an inner theta that `kernel` has just evaluated.

    References
    ----------
    Boyd and Vandenberghe (2004), Convex Optimization, section 5.9 (conic KKT conditions);
    Self and Liang (1987) on maximum likelihood at a boundary.
    """
    found = kernel.evidence(problem.terms, theta, problem.scaling.B)
    error = kernel.estimation(problem.terms, theta)
    return certificate(problem, theta, found, evaluations, error=error)


def certificate(
    problem: ProblemShape,
    theta: Array,
    found: Evidence,
    evaluations: int,
    starts: int = 1,
    basins: int = 1,
    error: Estimation | None = None,
) -> Certificate:
    """The verdict on an inner theta from the certificate's numbers."""
    rank = {label.label: r for label, r in zip(problem.labels, found.rank, strict=True)}
    dims = {label.label: len(label.names) for label in problem.labels}
    full = {
        label.label: structure_of(block).most_rank
        for label, block in zip(problem.labels, problem.terms, strict=True)
    }
    directions: tuple[str, ...] = ()
    # The question is "small enough?", so that NaN is never certified.
    enough = found.gain <= ENOUGH_GAIN and found.step <= ENOUGH_STEP
    if _hidden_by_rounding(found, enough):
        verdict = "limited by rounding"
    elif not enough:
        verdict = "not at an optimum"
    elif found.flat.shape[1]:
        from ranef.solve.direction_names import flat_directions

        verdict = "flat"
        named = flat_directions(problem, theta, found.flat, found.loose)
        directions = tuple(dict.fromkeys(named))  # several directions may move the same parameters
    elif problem.prior is not None and found.curvature < UNDECIDED and outweighed(problem, theta):
        verdict = "flat"
        directions = (
            f"how large the variance by {outweighed(problem, theta)} is: the prior outweighs the "
            "data, and likelihood times prior hardly changes with it",
        )
    elif rank != full:
        from ranef.solve.direction_names import null_directions

        verdict = "boundary optimum"
        directions = null_directions(problem, theta)
    else:
        verdict = "interior optimum"
    return Certificate(
        verdict=verdict,
        certified=verdict in ("interior optimum", "boundary optimum"),
        gain=found.gain,
        step_se=found.step,
        rank=rank,
        dims=dims,
        dual_min_eig=found.dual,
        complementarity=found.complementarity,
        min_curvature=found.curvature,
        directions=directions,
        evaluations=evaluations,
        starts=starts,
        basins=basins,
        penalised=problem.prior is not None,
        rounding=found.rounding,
        full=full,
        error_se=0.0 if error is None else error.error,
        error_criterion=0.0 if error is None else error.criterion_error,
        probes=0 if error is None else error.probes,
        deflated=0 if error is None else error.deflated,
    )


def _hidden_by_rounding(found: Evidence, enough: bool) -> bool:
    """Whether rounding error, and not the search, is what an optimum lacks."""
    if enough:
        return not found.rounding <= MOST_ROUNDING
    return found.rounding > ENOUGH_GAIN and not found.gain > 10.0 * found.rounding
