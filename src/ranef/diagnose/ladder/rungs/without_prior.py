"""The asked model without the prior that it has."""

from __future__ import annotations

from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.fitting import by_ml
from ranef.diagnose.ladder.kind import Asked, Kind, Place
from ranef.diagnose.ladder.rung import Plan, Rung, Tried
from ranef.diagnose.subject import AnySubject
from ranef.diagnose.words import join

__all__ = ["KIND"]


def _plans(asked: Asked) -> list[Plan]:
    if asked.subject.problem.prior is None:
        return []
    return [Plan("without-prior", "without the prior", asked.subject.formula.text)]


def _fit(subject: AnySubject, plan: Plan) -> Tried:
    fit = subject.refit(prior=None)
    return Tried(plan, fit, by_ml(fit))


def _say(rung: Rung, facts: Facts) -> list[str]:
    """What the data say by themselves."""
    gained = facts.asked_rung.criterion - rung.criterion
    singular = "; singular: " + join(facts.directions_of(rung)) if facts.boundary else ""
    return [
        f"What the data say by themselves, {gained:.2f} deviance units better{singular}",
        "The smaller models are fitted without the prior, and tested against this one",
    ]


KIND = Kind("without-prior", Place.PRIOR_OFF, _plans, _fit, say=_say, is_asked=True)
