"""The asked model with the rank of a covariance matrix imposed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ranef.core import Evidence
from ranef.diagnose.rank_search import OnFace, search_on_face, truncated
from ranef.diagnose.subject import Subject
from ranef.errors import NumericalError
from ranef.inference.estimates import estimate
from ranef.problem import Problem
from ranef.problem.parameters import to_data
from ranef.solve import Certificate, Solution
from ranef.solve.certificate import ENOUGH_GAIN, ENOUGH_STEP
from ranef.solve.direction_names import null_directions
from ranef.solve.found import Found

__all__ = ["parameters_spared", "with_ranks"]

CLOSE = 1e-9  # deviance units left to gain at which the search stops
FLAT = 1e-6  # deviance units per squared relative change of a standard deviation


@dataclass(frozen=True, eq=False)
class _Imposed(Solution):
    """An optimum among covariance matrices of given ranks.

    Its certificate speaks of that model, whose parameters are the entries of T (q x r): that the
    criterion would fall with another dimension is no matter of it.
    """

    end: OnFace | None = field(default=None, repr=False)
    ranks: tuple[int, ...] = ()

    @property
    def certificate(self) -> Certificate:
        end, problem = self.end, self.problem
        assert end is not None
        verdict = "interior optimum"
        if not (end.gain <= ENOUGH_GAIN and end.step <= ENOUGH_STEP):
            verdict = "not at an optimum"
        elif end.curvature < FLAT:
            verdict = "flat"
        return Certificate(
            verdict=verdict,
            certified=verdict == "interior optimum",
            gain=end.gain,
            step_se=end.step,
            rank={label.label: r for label, r in zip(problem.labels, self.ranks, strict=True)},
            dims={label.label: len(label.names) for label in problem.labels},
            dual_min_eig=float("nan"),
            complementarity=float("nan"),
            min_curvature=end.curvature,
            directions=null_directions(problem, self.inner),
            evaluations=end.evaluations,
        )


def with_ranks(subject: Subject, ranks: Mapping[str, int], reml: bool | None = None) -> Subject:
    """Fit the model of a subject with covariance matrices of lower rank.

    Parameters
    ----------
    subject : Subject
        Its optimum is where the search starts, the weakest principal directions taken out.
    ranks : mapping of str to int
        By label of the term; the others keep the rank they have in the fit.
    reml : bool, optional
        As the subject was fitted, if not given.

    Raises
    ------
    NumericalError
        The criterion cannot be computed there.
    """
    problem = subject.problem if reml is None else subject.problem.with_reml(reml)
    given = subject.certificate.rank
    wanted = [ranks.get(label.label, given[label.label]) for label in problem.labels]
    kernel = problem.kernel()
    start = truncated(problem, subject.solution.inner, wanted)
    end = search_on_face(problem, kernel, start, CLOSE)
    if not np.isfinite(end.value):
        raise NumericalError("the criterion cannot be computed at a covariance of that rank")
    solution = _Imposed(problem, _found(problem, end, wanted), end=end, ranks=tuple(wanted))
    estimates = estimate(problem, solution, kernel)
    spared = parameters_spared(subject, wanted)
    estimates = replace(estimates, n_parameters=estimates.n_parameters - spared)
    return replace(subject, problem=problem, solution=solution, estimates=estimates)


def parameters_spared(subject: Subject, ranks: Sequence[int]) -> int:
    """Parameters that a covariance matrix of rank r has less than one of full rank, all terms."""
    short = [term.q - rank for term, rank in zip(subject.problem.terms, ranks, strict=True)]
    return sum(k * (k + 1) // 2 for k in short)


def _found(problem: Problem, end: OnFace, ranks: Sequence[int]) -> Found:
    theta, covariances = to_data(problem, end.theta)
    nan = float("nan")
    evidence = Evidence(
        gain=end.gain,
        step=end.step,
        dual=nan,
        complementarity=nan,
        curvature=end.curvature,
        rank=list(ranks),
        flat=np.zeros((0, 0)),
    )
    return Found(
        inner=end.theta,
        criterion=end.value,
        status="converged",
        evaluations=end.evaluations,
        escapes=0,
        method="newton",
        log=np.zeros((0, 4)),
        theta=theta,
        covariances=covariances,
        evidence=evidence,
        starts=1,
        elsewhere=0,
        basins=1,
        loses_digits=False,
        search_seconds=0.0,
        certificate_seconds=0.0,
    )
