"""Counts and proportions that vary more, or less, than their family has it."""

from __future__ import annotations

from collections.abc import Iterator

from ranef.diagnose.generalised.families import FamilyFits
from ranef.diagnose.generalised.pearson import Pearson
from ranef.diagnose.generalised.subject import GeneralisedSubject
from ranef.page.phrases import figures, p_value
from ranef.types import Finding

__all__ = ["FEWER", "dispersion_findings"]

FEWER = -3.3
"""z from which on rows vary less than the family has it: once in two thousand."""

MUCH_LESS = 0.8
"""Of the variance, from which on that is worth a word."""


def dispersion_findings(subject: GeneralisedSubject, fits: FamilyFits) -> Iterator[Finding]:
    """The variance of the family, judged by the likelihood of a wider one."""
    own = fits.pearson
    if fits.overdispersed:
        yield _over(subject, fits)
    elif own is not None and own.z < FEWER and own.ratio < MUCH_LESS:
        yield _under(subject, own)


def _over(subject: GeneralisedSubject, fits: FamilyFits) -> Finding:
    wider, own, family = fits.dispersed, fits.pearson, subject.family
    assert wider is not None
    assert own is not None
    ratio = wider.ratio
    assert ratio is not None
    name = wider.family.name
    low, high = wider.error_ratios(subject)
    other = (
        '; "nbinom1" has a variance in proportion to the mean' if family.name == "poisson" else ""
    )
    what = "counts vary" if family.name == "poisson" else "proportions vary"
    return Finding(
        code="overdispersion",
        severity="warning",
        message=f"the {what} more than {family.title} ones, and the model leaves that out: "
        "standard errors of predictors that vary within groups are too small, and variances "
        "between groups are too large",
        evidence=f"{_pearson(own)}; {name} is {figures(ratio.statistic, 4)} deviance units better, "
        f"{p_value(ratio.p_high)} ({ratio.law}); its standard errors are {low:.2f} to {high:.2f} "
        "times those of this model",
        where=subject.design.response,
        fix=f'use family="{name}"{other}; or give each row a random effect of its own; a missing '
        "predictor, slope or group can be the cause too",
    )


def _under(subject: GeneralisedSubject, own: Pearson) -> Finding:
    what = "counts vary" if subject.family.name == "poisson" else "proportions vary"
    return Finding(
        code="underdispersion",
        severity="note",
        message=f"the {what} less than {subject.family.title} ones: standard errors of this model "
        "are too large",
        evidence=f"{_pearson(own)}, z {own.z:.2f}",
        where=subject.design.response,
        fix="ask how the counts arose: a count with an upper limit is binomial; otherwise the "
        "tests are conservative",
    )


def _pearson(own: Pearson) -> str:
    return (
        f"Pearson's chi-squared {figures(own.statistic, 4)} on {figures(own.df, 4)} degrees of "
        f"freedom, ratio {figures(own.ratio)}"
    )
