"""More zeros among counts than the model has."""

from __future__ import annotations

from collections.abc import Iterator

from ranef.diagnose.generalised.families import FamilyFits, half_line_ratio
from ranef.diagnose.generalised.subject import GeneralisedSubject
from ranef.page.phrases import figures, p_value, whole
from ranef.types import Finding

__all__ = ["zero_findings"]


def zero_findings(subject: GeneralisedSubject, fits: FamilyFits) -> Iterator[Finding]:
    """Zeros beyond those of the family, and beyond those that more variance would bring."""
    zeros, inflated = fits.zeros, fits.inflated
    if not fits.extra_zeros or zeros is None or inflated is None:
        return
    ratio, beside = inflated.ratio, ""
    if fits.overdispersed and fits.both is not None and fits.dispersed is not None:
        ratio = half_line_ratio(fits.dispersed.fit, fits.both.fit)
        beside = f" beside {fits.dispersed.family.name}"
    assert ratio is not None
    yield Finding(
        code="excess-zeros",
        severity="warning",
        message=f"'{subject.design.response}' has more zeros than the model expects: "
        f"{whole(zeros.observed)} instead of {figures(zeros.expected, 4)}",
        evidence=f"extra zeros{beside} are {figures(ratio.statistic, 4)} deviance units better, "
        f"{p_value(ratio.p_high)} ({ratio.law})",
        where=subject.design.response,
        fix='add zero_inflation="~ 1", or "~ x" if predictors tell which rows are always zero; '
        'use family="hurdle_poisson" or "hurdle_nbinom2" if no zero comes from the counts',
    )
