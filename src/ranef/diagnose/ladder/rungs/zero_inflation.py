"""Extra zeros, and extra zeros beside more variance."""

from __future__ import annotations

from collections.abc import Sequence

from scipy.special import expit

from ranef.diagnose.call import family_arguments
from ranef.diagnose.generalised import GeneralisedSubject
from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.kind import Asked, Kind, Place
from ranef.diagnose.ladder.one_more import largest_error
from ranef.diagnose.ladder.rung import Plan, Rung, Test, Tried
from ranef.diagnose.ladder.rungs import dispersion
from ranef.diagnose.ladder.sentences import singularity
from ranef.diagnose.ladder.words import evidence, tested
from ranef.page.phrases import percent

__all__ = ["KIND"]

KEY = "zero-inflation"


def _plans(asked: Asked) -> list[Plan]:
    fits, formula = asked.families, asked.subject.formula.text
    plans = []
    if fits.inflated is not None:
        arguments = family_arguments(fits.inflated.family)
        plans.append(
            Plan(KEY, "extra zeros", formula, arguments=arguments, fit=fits.inflated.fit, order=3)
        )
    if fits.both is not None and fits.dispersed is not None:
        arguments = family_arguments(fits.both.family)
        title = f"{fits.dispersed.family.name} + zeros"
        plans.append(Plan(KEY, title, formula, arguments=arguments, fit=fits.both.fit, order=4))
    return plans


def _test(asked: Tried, tried: Tried, every: Sequence[Tried]) -> Test | None:
    """Against the asked model, or against the one with more variance if that is in it too."""
    if "dispersion" in _parts(tried) and "dispersion" not in _parts(asked):
        first = next((t for t in every if t.plan.key == dispersion.KEY), None)
        return None if first is None else dispersion.half_line_test(first, tried)
    return dispersion.half_line_test(asked, tried)


def _parts(tried: Tried) -> tuple[str, ...]:
    fit = tried.fit
    return fit.family.parts if isinstance(fit, GeneralisedSubject) else ()


def _say(rung: Rung, facts: Facts) -> list[str]:
    """Whether there are more zeros than the family has."""
    said = [singularity(rung, facts)]
    fit = facts.tried(rung).fit
    if not isinstance(fit, GeneralisedSubject):
        return said
    place = fit.problem.part("zero")
    if rung.test is not None:
        beside = "" if rung.test.smaller == facts.asked_rung.title else f" beside {_beside(rung)}"
        if evidence(rung.test) == "clear" and place is not None:
            share = float(expit(fit.estimates.coefficients[place][0]))
            said.append(
                f"There are more zeros{beside} {tested(rung.test)}: {percent(share)} of the "
                "rows are zero whatever their mean is"
            )
        else:
            said.append(f"No evidence of more zeros{beside} {tested(rung.test)}")
    return [*said, dispersion.aic_beside(rung, facts, dispersion.KEY), largest_error(rung, facts)]


def _beside(rung: Rung) -> str:
    assert rung.test is not None
    return rung.test.smaller


KIND = Kind(KEY, Place.FAMILY, _plans, test=_test, say=_say)
