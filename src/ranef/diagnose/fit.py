"""Findings from the verdict on a fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from ranef.covariance import kind_of
from ranef.page.phrases import count, figures
from ranef.problem import ProblemShape
from ranef.problem.parameters import parts
from ranef.solve import Certificate
from ranef.solve.family_ends import FamilyEnd
from ranef.solve.outweighed import outweighed
from ranef.types import Array, Finding

__all__ = ["fit_findings"]


class Solved(Protocol):
    """A solution of any kind; covariances are relative to sigma^2 in a linear model."""

    @property
    def inner(self) -> Array: ...
    @property
    def covariances(self) -> tuple[Array, ...]: ...
    @property
    def certificate(self) -> Certificate: ...


def fit_findings(
    problem: ProblemShape, solution: Solved, unlike: Sequence[str] = ()
) -> tuple[Finding, ...]:
    """What the certificate says that a reader should not miss.

    `unlike` are the factors whose rows are known to be less alike than chance has them.
    """
    certificate = solution.certificate
    out = [_at_end(end) for end in certificate.ends]
    if certificate.verdict == "no finite maximum":
        return tuple(out)
    if certificate.verdict == "boundary optimum" and not certificate.singular:
        return tuple(out)
    if certificate.verdict == "boundary optimum":
        out.append(_boundary(problem, solution, unlike))
    elif certificate.verdict != "interior optimum" and outweighed(problem, solution.inner):
        out.append(_outweighed(problem, solution))
    elif certificate.verdict == "flat":
        out.append(
            Finding(
                code="flat",
                severity="problem",
                message="; ".join(certificate.directions),
                evidence=f"smallest curvature {certificate.min_curvature:.1g}",
                fix="remove one of the terms that compete",
            )
        )
    elif certificate.verdict == "not at an optimum":
        out.append(
            Finding(
                code="not-at-an-optimum",
                severity="problem",
                message="the search stopped before the optimum",
                evidence=f"at least {figures(certificate.gain)} deviance units can be gained",
                fix="raise Control(max_evaluations=...), or start elsewhere",
            )
        )
    elif certificate.verdict == "limited by rounding":
        out.append(
            Finding(
                code="not-at-an-optimum",
                severity="problem",
                message="rounding error hides where the optimum is: the response is so much larger "
                "than its residuals that double precision does not hold enough of them",
                evidence=f"the criterion is known to {certificate.rounding:.1g} deviance units; "
                f"the largest SD of a random effect is {_largest(solution):.1g} sigma",
                fix="look for values that stand for a missing one; measure the response from a "
                "nearer origin",
            )
        )
    if certificate.basins > 1 and not outweighed(problem, solution.inner):
        out.append(
            Finding(
                code="several-optima",
                severity="note",
                message=f"searches from {count(certificate.starts, 'start')} ended in "
                f"{certificate.basins} different optima; this is the lowest",
                fix="nothing to do unless the other optimum makes more sense",
            )
        )
    return tuple(out)


def _at_end(end: FamilyEnd) -> Finding:
    """The estimates are those of a simpler family."""
    return Finding(
        code="family-boundary",
        severity="note",
        message=str(end),
        evidence=f"leaving it would raise the criterion at a rate of {figures(end.slope)}",
        where=end.part,
        fix="the fit is sound; the simpler family gives the same estimates",
    )


def _largest(solution: Solved) -> float:
    """Largest standard deviation of a random effect, in sigma."""
    return max(float(np.sqrt(np.diag(c).max(initial=0.0))) for c in solution.covariances)


def _outweighed(problem: ProblemShape, solution: Solved) -> Finding:
    assert problem.prior is not None
    label = outweighed(problem, solution.inner)
    k = problem.prior.labels.index(label)
    priors = ", ".join(map(repr, problem.prior.terms[k]))
    sd = float(np.sqrt(np.diag(solution.covariances[k])).max())
    finding = Finding(
        code="not-at-an-optimum",
        severity="problem",
        message=f"the prior {priors} outweighs the data: likelihood times prior grows with the "
        f"variance by '{label}' without end, so that there is no mode",
        evidence=f"the search went to a standard deviation of {figures(sd, 2)} sigma; "
        f"{count(problem.labels[k].n_levels, 'level')}",
        where=label,
        fix="a smaller shape or fewer degrees of freedom, as the defaults have, or a prior that "
        "holds large variances back: Gamma(rate=...), Wishart(scale=...), HalfNormal()",
    )
    return replace(finding, code="flat") if solution.certificate.verdict == "flat" else finding


def _boundary(problem: ProblemShape, solution: Solved, unlike: Sequence[str]) -> Finding:
    from ranef.diagnose.words import join, null_sentences
    from ranef.solve.direction_names import bounds_of

    certificate = solution.certificate
    sentences: list[str] = []
    where: list[str] = []
    factors: dict[str, None] = {}
    own = parts(problem.terms, solution.inner)
    for block, x, label, covariance, change in zip(
        problem.terms, own, problem.labels, solution.covariances, problem.scaling.B, strict=True
    ):
        rank = certificate.rank[label.label]
        if rank < certificate.full[label.label]:
            if kind_of(block).free:
                units = np.linalg.norm(change, axis=1)
                sentences += null_sentences(label, covariance, rank, units)
            else:
                sentences += bounds_of(block, label, x)
            where.append(label.label)
            factors[label.factor] = None
    others = [factor for factor in factors if factor not in unlike]
    return Finding(
        code="boundary",
        severity="note",
        message="the best fit lies on the boundary: " + "; ".join(sentences),
        evidence=""
        if np.isnan(certificate.dual_min_eig)
        else f"dual eigenvalue {figures(certificate.dual_min_eig, sign=True)}: more variance there "
        "would raise the criterion",
        where=", ".join(where),
        fix="the fit is sound; ask whether a predictor is missing between groups, or whether "
        f"the random part by {join(others)} asks for more than the data hold"
        if others
        else "the search is sound; the negative correlation says why",
    )
