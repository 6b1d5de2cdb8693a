"""Why the raw model is singular: the school mean of ses is missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ranef.cli.study.estimates import combination, correlation, variance
from ranef.cli.study.fits import FORMULAS, Study
from ranef.cli.study.page import Chapter, grid, prose, shown

__all__ = ["chapter_context"]

_HEADS = {
    "raw": "raw",
    "raw_context": "raw + mean",
    "centred": "centred",
    "context": "centred + mean",
}


def chapter_context(study: Study) -> Chapter:
    """The school mean added to the raw and to the centred model."""
    raw, centred, context, raw_context = (
        study.raw,
        study.centred,
        study.context,
        study.raw_context,
    )
    within = combination(context, {"ses_within": 1.0})
    between = combination(context, {"ses_between": 1.0})
    before, after = variance(centred, "Intercept"), variance(context, "Intercept")
    advantage, rest = float(centred.fixef["sector"]), float(context.fixef["sector"])
    contextual = combination(context, {"ses_between": 1.0, "ses_within": -1.0})
    return Chapter(
        "6. Why the raw model is singular",
        (
            prose(
                """Raw ses has one slope for two comparisons: of pupils within a school, and of
                schools. Add the school mean and its interaction with sector, and each comparison
                has its own:"""
            ),
            shown(
                "\n".join(
                    f"{_HEADS[name]:<{max(map(len, _HEADS.values()))}}  {FORMULAS[name]}"
                    for name in _HEADS
                )
            ),
            grid(_rows({_HEADS[name]: getattr(study, name) for name in _HEADS})),
            prose(
                f"""The two slopes are far apart. In public schools one unit of ses goes with
                {within} points between pupils of one school and with {between} between school
                means; the difference, the contextual effect, is {contextual}. One common slope
                cannot serve both, and the random part has to take up the misfit: that is where the
                correlation of {correlation(raw):.2f} comes from. With the school mean in the model,
                ses may even stay uncentred: the correlation is {correlation(raw_context):.2f} and
                the optimum is in the interior."""
            ),
            prose(
                f"""The school mean also explains much of what schools differ by: in the centred
                model their variance falls from {before:.2f} to {after:.2f}, by
                {100 * (1 - after / before):.0f}%, and the sector effect from {advantage:.2f} to
                {rest:.2f}. So {100 * (1 - rest / advantage):.0f}% of the apparent advantage of
                Catholic schools goes with the ses of who attends them."""
            ),
        ),
    )


def _rows(models: dict[str, Any]) -> list[list[str]]:
    lines: dict[str, Callable[[Any], str]] = {
        "school variance": lambda model: f"{variance(model, 'Intercept'):.2f}",
        "slope variance": lambda model: f"{variance(model, _slope(model)):.2f}",
        "correlation": lambda model: f"{correlation(model):.2f}",
        "slope of ses": lambda model: _effect(model, _slope(model)),
        "ses x sector": lambda model: _effect(model, f"{_slope(model)}:sector"),
        "sector": lambda model: _effect(model, "sector"),
        "school mean of ses": lambda model: _effect(model, "ses_between"),
        "verdict": lambda model: str(model.certificate.verdict).removesuffix(" optimum"),
    }
    body = [[label, *map(cell, models.values())] for label, cell in lines.items()]
    return [["", *models], *body]


def _slope(model: Any) -> str:
    return "ses_within" if "ses_within" in model.fixef.index else "ses"


def _effect(model: Any, name: str) -> str:
    return f"{model.fixef[name]:.2f}" if name in model.fixef.index else ""
