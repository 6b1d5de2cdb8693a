"""The asked model."""

from __future__ import annotations

from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.kind import Kind, Place
from ranef.diagnose.ladder.rung import Rung
from ranef.diagnose.words import join
from ranef.page.phrases import figures

__all__ = ["KIND"]


def _say(rung: Rung, facts: Facts) -> list[str]:
    """Its own verdict."""
    match rung.verdict:
        case "interior optimum":
            return ["At its optimum, and every covariance matrix has full rank"]
        case "boundary optimum" if not facts.directions_of(rung):
            ends = facts.subject.certificate.ends
            return ["At its optimum, at the end of its family: " + join([e.words for e in ends])]
        case "no finite maximum":
            return ["The likelihood has no finite maximum: there is nothing to estimate as it is"]
        case "boundary optimum":
            return [f"At its optimum, which is singular: {join(facts.directions_of(rung))}"]
        case "flat":
            return [f"Not identified: {join(facts.directions_of(rung))}"]
        case _:
            gain = facts.subject.certificate.gain
            return [f"Not at an optimum: at least {figures(gain)} deviance units are left to gain"]


KIND = Kind("as-asked", Place.ASKED, say=_say)
