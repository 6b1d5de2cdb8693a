"""A family with more variance: negative binomial counts, beta-binomial proportions."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from ranef.diagnose.call import family_arguments
from ranef.diagnose.generalised import GeneralisedSubject
from ranef.diagnose.generalised.families import half_line_ratio
from ranef.diagnose.ladder.comparison import test_of
from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.fitting import refitted
from ranef.diagnose.ladder.kind import Asked, Kind, Place
from ranef.diagnose.ladder.one_more import largest_error
from ranef.diagnose.ladder.rung import Plan, Rung, Test, Tried
from ranef.diagnose.ladder.sentences import singularity
from ranef.diagnose.ladder.words import evidence, tested
from ranef.diagnose.subject import AnySubject
from ranef.family import NegativeBinomial
from ranef.page.phrases import figures

__all__ = ["KEY", "KIND", "aic_beside", "dispersion_words", "half_line_test"]

KEY = "dispersion"


def _plans(asked: Asked) -> list[Plan]:
    """The wider family that was fitted, and negative binomial counts of the other kind."""
    wider, formula = asked.families.dispersed, asked.subject.formula.text
    if wider is None:
        return []
    name = wider.family.name
    plans = [Plan(KEY, name, formula, arguments=family_arguments(wider.family), fit=wider.fit)]
    if wider.clear and isinstance(wider.family, NegativeBinomial):
        other = NegativeBinomial(1, wider.family.link)
        plans.append(Plan(KEY, other.name, formula, arguments=family_arguments(other), order=1))
    return plans


def _fit(subject: AnySubject, plan: Plan) -> Tried:
    if plan.fit is not None:
        return refitted(subject, plan)
    assert isinstance(subject, GeneralisedSubject)
    fit = subject.refit(family=NegativeBinomial(1, subject.family.link))
    return Tried(plan, fit, fit)


def half_line_test(asked: Tried, tried: Tried) -> Test | None:
    """A family against one with a parameter more, at whose bound it is."""
    small, large = asked.fit, tried.fit
    if not isinstance(small, GeneralisedSubject) or not isinstance(large, GeneralisedSubject):
        return None
    return test_of(asked, tried, half_line_ratio(small, large), "ML")


def _test(asked: Tried, tried: Tried, every: Sequence[Tried]) -> Test | None:
    return half_line_test(asked, tried)


def _say(rung: Rung, facts: Facts) -> list[str]:
    """Whether the variance of the family holds."""
    said = [singularity(rung, facts)]
    subject, fit = facts.subject, facts.tried(rung).fit
    if not isinstance(subject, GeneralisedSubject) or not isinstance(fit, GeneralisedSubject):
        return said
    what = "counts" if subject.family.RESPONSE == "count" else "proportions"
    if rung.test is not None and evidence(rung.test) == "clear":
        more = f"the {what} vary more than {subject.family.title} ones {tested(rung.test)}"
        said.append(f"{more}{dispersion_words(fit)}")
    elif rung.test is not None:
        said.append(f"No evidence that the {what} vary more {tested(rung.test)}")
    return [*said, aic_beside(rung, facts, KEY), largest_error(rung, facts)]


def dispersion_words(fit: GeneralisedSubject) -> str:
    """``, size 1.45``; empty if it is at the end of the family or depends on predictors."""
    place = fit.problem.part("dispersion")
    if place is None or place.stop - place.start > 1 or fit.certificate.ends:
        return ""
    value = float(fit.family.dispersion(fit.estimates.coefficients[place][0]))
    return f", {fit.family.dispersion_name or 'dispersion'} {figures(value)}"


def aic_beside(rung: Rung, facts: Facts, key: str) -> str:
    """The AIC beside that of the first rung of a key, unless this is that one.

    Nothing if there is no AIC: of another approximation of the likelihood, or with a prior.
    """
    first = facts.find(key)
    if first is None or first.title == rung.title:
        return ""
    change = rung.aic_ml - first.aic_ml
    if isnan(change):
        return ""
    word = "lower" if change < 0.0 else "higher"
    return f"Its AIC is {abs(change):.1f} {word} than that of {first.title}"


KIND = Kind(KEY, Place.FAMILY, _plans, _fit, _test, _say)
