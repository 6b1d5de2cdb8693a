"""Likelihood-ratio tests of subjects; None where two of them do not compare."""

from __future__ import annotations

from math import isnan

from ranef.diagnose.subject import AnySubject
from ranef.inference.likelihood_ratio import (
    Ratio,
    fixed_part_ratio,
    nested_ratio,
    statistic_of,
)
from ranef.inference.model_nesting import NotNested, Variances

__all__ = ["fixed_part_test", "random_part_test"]


def random_part_test(small: AnySubject, large: AnySubject) -> Ratio | None:
    """A model against one with a larger random part, by the criterion they were fitted with."""
    if set(large.design.x_names) != set(small.design.x_names):
        return None
    statistic = _statistic(small, large)
    if statistic is None or large.problem.n_theta <= small.problem.n_theta:
        return None
    try:
        return nested_ratio(statistic, _variances(small), large.data, large.problem)
    except NotNested:
        return None


def fixed_part_test(small: AnySubject, large: AnySubject) -> Ratio | None:
    """A model against one with more fixed effects and the same random part, both by ML."""
    fewer = large.design.p - small.design.p
    statistic = _statistic(small, large)
    return None if statistic is None or fewer < 1 else fixed_part_ratio(statistic, fewer)


def _statistic(small: AnySubject, large: AnySubject) -> float | None:
    if not (small.certificate.certified and large.certificate.certified):
        return None
    statistic = statistic_of(small.solution.criterion - large.solution.criterion)
    return None if isnan(statistic) else statistic


def _variances(fit: AnySubject) -> Variances:
    ranks = fit.certificate.rank
    return Variances(
        fit.data, fit.solution.covariances, tuple(ranks[t.label] for t in fit.design.terms)
    )
