"""All that was done by hand, in one call."""

from __future__ import annotations

from ranef.cli.study.fits import Study
from ranef.cli.study.page import Chapter, grid, prose

__all__ = ["chapter_diagnosis"]

_FOCAL = ("ses", "sector", "ses:sector")


def chapter_diagnosis(study: Study) -> Chapter:
    """The rungs of the raw model's ladder, and what they say together."""
    frame = study.diagnosis.remedies
    rows = [["rung", "verdict", "AIC (ML)", *_FOCAL]]
    for values in frame.to_dict("records"):
        aic = "" if values["aic_ml"] != values["aic_ml"] else f"{values['aic_ml']:.2f}"
        verdict = values["verdict"].removesuffix(" optimum")
        rows.append([values["title"], verdict, aic, *(f"{values[name]:.2f}" for name in _FOCAL)])
    return Chapter(
        "7. The same in one call: fit.diagnose()",
        (
            prose(
                """Whoever asks the raw model for its diagnosis gets these answers at once. It fits
                a ladder of remedies, each beside the model as asked:"""
            ),
            grid(rows),
            *(prose(sentence) for sentence in study.diagnosis.summary),
            prose(
                """The whole page has the tests, a judgement of each rung and the call that fits it:
                ranef diagnose dataset:hsb "math ~ ses * sector + (ses | sch.id)"."""
            ),
        ),
    )
