"""The asked model by adaptive quadrature in place of Laplace's method."""

from __future__ import annotations

from ranef.diagnose.generalised import GeneralisedSubject
from ranef.diagnose.generalised.families import FITTED
from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.kind import Asked, Kind, Place
from ranef.diagnose.ladder.rung import Plan, Rung, Tried
from ranef.diagnose.ladder.sentences import largest_change, singularity
from ranef.diagnose.subject import AnySubject
from ranef.page.phrases import figures

__all__ = ["KIND"]

KEY = "quadrature"

SAME = 1e-4  # deviance units

NODES = {1: 15, 2: 9, 3: 7}
"""In each dimension, by the number of random effects of a level."""


def _plans(asked: Asked) -> list[Plan]:
    """If there is one grouping factor with few effects a level."""
    subject = asked.subject
    if not isinstance(subject, GeneralisedSubject) or subject.problem.n_agq > 1:
        return []
    groups = subject.problem.rows.groups
    q = len(groups[0].columns)
    if len(groups) > 1 or q not in NODES or subject.certificate.verdict == "no finite maximum":
        return []
    work = subject.work * float(NODES[q]) ** q * max(subject.problem.n_theta, 1)
    return [
        Plan(
            KEY,
            f"n_agq={NODES[q]}",
            subject.formula.text,
            arguments=(f"n_agq={NODES[q]}",),
            costly=work > 5.0 * FITTED,
        )
    ]


def _fit(subject: AnySubject, plan: Plan) -> Tried:
    assert isinstance(subject, GeneralisedSubject)
    fit = subject.refit(n_agq=int(plan.arguments[0].partition("=")[2]))
    return Tried(plan, fit, fit)


def _say(rung: Rung, facts: Facts) -> list[str]:
    """How far Laplace's method is off."""
    change = rung.criterion - facts.best_criterion
    found = (
        f"By quadrature -2 log-likelihood is {figures(abs(change))} "
        f"{'lower' if change < 0.0 else 'higher'} than by Laplace's method, which is another "
        "approximation of the same model"
        if abs(change) > SAME
        else "Quadrature gives the likelihood that Laplace's method gives"
    )
    return [singularity(rung, facts), found, largest_change(rung)]


KIND = Kind(KEY, Place.LIKELIHOOD, _plans, _fit, say=_say)
