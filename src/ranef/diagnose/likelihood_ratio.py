"""The likelihood ratio of two random parts, with the law that a boundary calls for."""

from __future__ import annotations

from dataclasses import dataclass

from ranef.diagnose.subject import Subject
from ranef.inference.boundary_law import boundary_law
from ranef.inference.model_nesting import NotNested, Variances, place_of

__all__ = ["WORSE", "Ratio", "certified", "random_part_ratio"]

WORSE = 1e-4  # deviance units by which a larger model may stay behind a smaller one


@dataclass(frozen=True, slots=True)
class Ratio:
    """A likelihood-ratio statistic and its law under the smaller model.

    Attributes
    ----------
    statistic : float
        Deviance units, not negative.
    law : str
        In words.
    p_low, p_high : float
        The p value; two where only bounds are known.
    note : str
        What keeps the law from being exact; empty where it is.
    """

    statistic: float
    law: str
    p_low: float
    p_high: float
    note: str = ""


def random_part_ratio(small: Subject, large: Subject) -> Ratio | None:
    """A model against one with a larger random part; None where the two do not compare.

    The law is :func:`~ranef.inference.boundary_law.boundary_law`: where the smaller model is
    singular itself, bounds are given.
    """
    if set(large.design.x_names) != set(small.design.x_names):
        return None
    lost = large.problem.n_theta - small.problem.n_theta
    statistic = small.solution.criterion - large.solution.criterion
    if lost < 1 or statistic < -WORSE or not certified(large, small):
        return None
    try:
        place = place_of(_variances(small), large.data, None)
    except NotNested:
        return None
    judged = boundary_law(large.problem, place, 0).judge(max(statistic, 0.0))
    note = "the smaller model is on the boundary itself" if place.singular else ""
    law = judged.laws[0]
    if len(judged.laws) > 1:
        law = f"between {' and '.join(judged.laws)}"
    return Ratio(max(statistic, 0.0), law, judged.p_low, judged.p_high, note)


def _variances(fit: Subject) -> Variances:
    ranks = fit.certificate.rank
    return Variances(
        fit.data, fit.solution.covariances, tuple(ranks[t.label] for t in fit.design.terms)
    )


def certified(*fits: Subject) -> bool:
    """Whether all fits are at an optimum."""
    return all(fit.certificate.certified for fit in fits)
