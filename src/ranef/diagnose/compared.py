"""Likelihood-ratio tests of subjects; None where two of them do not compare."""

from __future__ import annotations

from functools import partial
from math import isnan

from ranef.diagnose.generalised.subject import GeneralisedSubject
from ranef.diagnose.subject import AnySubject, Subject
from ranef.inference.boundary_law import boundary_law
from ranef.inference.generalised.boundary import generalised_new
from ranef.inference.likelihood_ratio import (
    Ratio,
    fixed_part_ratio,
    judged_ratio,
    nested_ratio,
    statistic_of,
)
from ranef.inference.model_nesting import NotNested, Variances, place_of

__all__ = ["fixed_part_test", "random_part_test"]


def random_part_test(small: AnySubject, large: AnySubject) -> Ratio | None:
    """A model against one with a larger random part, by the criterion they were fitted with."""
    if set(large.design.x_names) != set(small.design.x_names):
        return None
    statistic = _statistic(small, large)
    if statistic is None or large.problem.n_theta <= small.problem.n_theta:
        return None
    try:
        if isinstance(large, Subject):
            return nested_ratio(statistic, _variances(small), large.data, large.problem)
        assert isinstance(large, GeneralisedSubject)
        place = place_of(_variances(small), large.data, None)
    except NotNested:
        return None
    new = partial(generalised_new, large.solution)
    return judged_ratio(statistic, place, boundary_law(large.problem, place, 0, new))


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
