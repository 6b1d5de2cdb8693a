"""Groups whose rows are less alike than chance: a correlation within groups below zero."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ranef.core import Direction
from ranef.design.terms import RandomTerm
from ranef.diagnose.effects import Evaluated
from ranef.diagnose.score import less_than_chance
from ranef.diagnose.subject import Subject
from ranef.page.phrases import p_value as said
from ranef.types import Finding

__all__ = ["unlike_findings"]

LEVEL = 0.01


def unlike_findings(subject: Subject, at: Evaluated) -> Iterator[Finding]:
    """Random intercepts whose variance is zero and would be negative if it could.

    A random intercept is a correlation of the rows of a group, tau^2 / (tau^2 + sigma^2), that
    cannot be negative. Where the sums over groups are closer to zero than rows of one variance give
    by chance, their sum of squares is far below its mean under the model.
    """
    problem, design = subject.problem, subject.design
    if not subject.certificate.certified or problem.prior is not None:
        return
    widths = [q for _, q in problem.products.sizes]
    for term, block, label in zip(design.terms, problem.terms, problem.labels, strict=True):
        if label.names != ("Intercept",) or subject.certificate.rank[label.label]:
            continue
        d = np.zeros((widths[block.group],) * 2)
        d[block.offset, block.offset] = 1.0
        less = less_than_chance(
            problem, at.kernel, subject.solution.inner, Direction(block.group, d)
        )
        if less.p_value < LEVEL:
            yield _finding(design.response, term, at, less.p_value)


def _finding(response: str, term: RandomTerm, at: Evaluated, p_value: float) -> Finding:
    icc = _correlation(at, term)
    return Finding(
        code="negative-correlation",
        severity="warning",
        message=f"rows of one level of '{term.factor}' are less alike than chance has them: their "
        f"residuals are negatively correlated ({icc:.2f}), which a random intercept cannot be",
        evidence=f"{said(p_value)} against a correlation of zero, by the score of the variance",
        where=term.factor,
        fix=f"ask whether the values of one level of '{term.factor}' have a fixed total or "
        "compete, as ranks, shares and scores centred by group do. The standard errors of "
        "comparisons within levels are too small here, those between levels too large: analyse "
        "differences within levels, or fit a covariance that may be negative (nlme's gls with "
        "corCompSymm)",
    )


def _correlation(at: Evaluated, term: RandomTerm) -> float:
    """Of two rows of one level, by moments: mean product of pairs over mean square."""
    r = at.residuals
    rows = np.bincount(term.codes, minlength=term.n_levels)
    sums = np.bincount(term.codes, weights=r, minlength=term.n_levels)
    pairs = float(np.sum(rows * (rows - 1.0)))
    return float((np.sum(sums**2) - np.sum(r**2)) / pairs / np.mean(r**2))
