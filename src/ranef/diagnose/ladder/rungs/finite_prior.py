"""Priors that give a maximum where the likelihood has none."""

from __future__ import annotations

from typing import Any

from ranef.diagnose.generalised.separation import NORMAL_SD
from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.kind import Asked, Kind, Place
from ranef.diagnose.ladder.rung import Plan, Rung, Tried
from ranef.diagnose.ladder.sentences import singularity
from ranef.diagnose.ladder.words import with_error
from ranef.diagnose.subject import AnySubject
from ranef.diagnose.words import join
from ranef.priors import HalfNormal, Normal

__all__ = ["KIND"]

KEY = "finite-prior"


def _plans(asked: Asked) -> list[Plan]:
    subject = asked.subject
    if subject.certificate.verdict != "no finite maximum" or subject.problem.prior is not None:
        return []
    found = subject.certificate.separation
    if found is not None and found.exists is True and not found.fixed:
        return []
    _, typed, title = _prior(subject)
    return [Plan(KEY, title, subject.formula.text, arguments=(f"prior={typed}",))]


def _prior(subject: AnySubject) -> tuple[Any, str, str]:
    """The prior, as it is typed, and a title."""
    found = subject.certificate.separation
    if found is not None and found.exists is True:
        sds = dict.fromkeys(found.fixed, NORMAL_SD)
        return Normal(sds), f"rn.priors.Normal({sds!r})", "normal prior"
    return HalfNormal(NORMAL_SD), f"rn.priors.HalfNormal({NORMAL_SD})", "half-normal prior"


def _fit(subject: AnySubject, plan: Plan) -> Tried:
    fit = subject.refit(prior=_prior(subject)[0])
    return Tried(plan, fit, fit)


def _say(rung: Rung, facts: Facts) -> list[str]:
    """What the prior makes of the coefficients that had no estimate."""
    said = [singularity(rung, facts)]
    found = facts.subject.certificate.separation
    if found is not None and found.exists is True:
        named = [
            f"{e.name} is {with_error(e.estimate, e.std_error)}"
            for e in rung.effects
            if e.name in found.coefficients
        ]
        if named:
            said.append(f"With the prior {join(named)}: as much the prior's as the data's")
        return said
    return [*said, "The prior sets the limit that the data do not set: report it with the variance"]


KIND = Kind(KEY, Place.FAMILY, _plans, _fit, say=_say)
