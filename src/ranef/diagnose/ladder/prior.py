"""Rungs of the prior: a weakly informative one, or none where the fit has one."""

from __future__ import annotations

from typing import Any, Final

from ranef.diagnose.ladder.rung import Plan
from ranef.diagnose.subject import Subject
from ranef.priors import Wishart

__all__ = ["PRIORS", "prior_plans"]

PRIORS: Final[dict[str, Any]] = {"prior": Wishart(), "without-prior": None}
"""By key of the rung. The density of the Wishart prior is zero where a covariance matrix is
singular, so that its estimate never is (Chung, Gelman, Rabe-Hesketh, Liu and Dorie 2015)."""


def prior_plans(subject: Subject) -> list[Plan]:
    """The asked model with a prior of its covariances, or without the one it has."""
    formula = subject.formula.text
    if subject.problem.prior is not None:
        return [Plan("without-prior", "without the prior", formula)]
    return [Plan("prior", "Wishart prior", formula, argument="prior=rn.priors.Wishart()")]
