"""ses centred within school."""

from __future__ import annotations

from ranef.cli.study.estimates import combination, correlation, variance
from ranef.cli.study.fits import Study
from ranef.cli.study.page import Chapter, cited, prose

__all__ = ["chapter_centred"]

_SLOPE, _DIFFERENCE = "ses_within", "ses_within:sector"


def chapter_centred(study: Study) -> Chapter:
    """The two centred fits, their certificates and the slopes they give."""
    additive, centred, schools = study.additive, study.centred, study.schools
    public = combination(centred, {_SLOPE: 1.0})
    catholic = combination(centred, {_SLOPE: 1.0, _DIFFERENCE: 1.0})
    before, after = variance(additive, _SLOPE), variance(centred, _SLOPE)
    return Chapter(
        "4. ses centred within school",
        (
            prose(
                """rn.center(pupils, "ses", by="sch.id") takes ses apart: ses_within is the
                deviation from the mean of the pupil's school, ses_between that mean. The slope of
                ses_within compares pupils of one school, and nothing else (Enders and Tofighi
                2007)."""
            ),
            *(cited(model.formula, str(model.certificate)) for model in (additive, centred)),
            prose(
                f"""Both optima are in the interior; with the interaction the correlation of
                intercepts and slopes is {correlation(centred):.2f}. The interaction also takes most
                of the slope variance away, {before:.2f} without it and {after:.2f} with it: much of
                what looked like schools differing at random is the difference of the sectors."""
            ),
            prose(
                f"""One unit of ses goes with {public} points of math between pupils of one public
                school, and with {catholic} in a Catholic one. Plain regression with a column for
                each school gave {schools.estimate("ses"):.2f} and
                {schools.estimate("ses") + schools.estimate("ses:sector"):.2f}: the same
                comparison, nearly the same answer."""
            ),
        ),
    )
