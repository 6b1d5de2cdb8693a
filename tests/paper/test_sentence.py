"""Sentences about fixed effects: their numbers are those of the tables."""

from __future__ import annotations

import numpy as np
import pytest
from tests.paper import models

import ranef as rn


def test_a_sentence_has_the_numbers_of_the_table() -> None:
    fit = models.fit("hsb")
    row = fit.coefficients("satterthwaite").loc["ses"]
    made = fit.sentence("ses", ddf="satterthwaite")
    assert made.startswith(
        f"ses predicted math, b = {row['estimate']:.2f}, SE = {row['std_error']:.2f}, "
        f"95% CI [{row['conf_low']:.2f}, {row['conf_high']:.2f}], "
        f"t({row['df']:.1f}) = {row['statistic']:.2f}, p < .001."
    )
    assert "b = 2.96, SE = 0.14, 95% CI [2.68, 3.24], t(" in made
    assert "holds where sector is 0." in made
    assert made.endswith(
        "The fit is singular (the covariance matrix of sch.id has rank 1 of 2): its maximum lies "
        "on the boundary of the parameter space."
    )


def test_categories_and_their_terms() -> None:
    fit = models.fit("cake")
    assert fit.sentence("recipe[T.B]").startswith(
        "For recipe, level B did not differ significantly from level A in angle, b = −2.27, "
    )
    assert "holds where temperature is 175." in fit.sentence("recipe[T.B]")
    row = fit.anova().loc["temperature"]
    assert fit.sentence("temperature").startswith(
        f"temperature predicted angle, F(5, {row['den_df']:.1f}) = {row['statistic']:.2f}, "
    )
    assert "of type III" in fit.sentence("temperature")
    both = fit.sentence("recipe:temperature")
    assert both.startswith(
        "The interaction of recipe and temperature did not significantly predict"
    )
    assert "type III" not in both
    assert fit.sentence("temperature:recipe") == both


@pytest.mark.parametrize(
    ("kind", "name", "start"),
    [
        ("sum", "recipe[S.A]", "The contrast recipe: A (vs mean of levels) "),
        ("poly", "recipe[.L]", "The contrast recipe: linear "),
    ],
)
def test_contrasts(kind: str, name: str, start: str) -> None:
    data = rn.datasets.load("cake")
    fit = rn.lmm("angle ~ recipe * temp + (1 | replicate)", data, contrasts={"recipe": kind})
    assert fit.sentence(name).startswith(start)
    assert "holds where recipe is at the mean of its levels." in fit.sentence("temp")


def test_options() -> None:
    fit = models.fit("strata")
    assert "CI" not in fit.sentence("age", interval=False)
    assert "99% CI [" in fit.sentence("age", level=0.99)
    assert ", z = " in fit.sentence("age", ddf="asymptotic")
    assert "t(104) = " in fit.sentence("age", ddf="residual")
    labelled = fit.sentence("age", labels={"age": "Age", "distance": "pituitary distance"})
    assert labelled.startswith("Age predicted pituitary distance, ")
    assert ", β = " in models.fit("hsb").sentence("ses", standardize="basic")
    robust = models.fit("hsb").sentence("ses", vcov="CR2")
    assert "The test uses CR2 standard errors, robust within 160 clusters of sch.id." in robust


def test_ratios() -> None:
    fit = models.fit("cbpp")
    row = fit.tidy(exponentiate=True).set_index("term").loc["period[T.2]"]
    made = fit.sentence("period[T.2]", exponentiate=True)
    assert f"odds ratio = {row['estimate']:.2f}, 95% CI [{row['conf_low']:.2f}, " in made
    assert "SE" not in made
    assert fit.sentence("period").startswith("period predicted incidence / size, χ²(3) = ")
    with pytest.raises(rn.OptionError, match="logarithms of ratios"):
        models.fit("hsb").sentence("ses", exponentiate=True)
    with pytest.raises(rn.OptionError, match="several coefficients"):
        fit.sentence("period", exponentiate=True)


def test_small_numbers_keep_two_digits_of_the_error() -> None:
    data = rn.datasets.load("sleepstudy")
    fit = rn.lmm("Reaction ~ Days + (1 | Subject)", data.assign(Days=data["Days"] * 1000.0))
    assert "b = 0.01047, SE = 0.00080, " in fit.sentence("Days")
    tiny = rn.lmm("Reaction ~ Days + (1 | Subject)", data.assign(Days=data["Days"] * 1e7))
    assert "b = 1.047 × 10⁻⁶, SE = 8.0 × 10⁻⁸" in tiny.sentence("Days")


def test_names_that_are_not_there() -> None:
    fit = models.fit("hsb")
    with pytest.raises(rn.OptionError, match="did you mean 'ses'"):
        fit.sentence("sess")
    with pytest.raises(rn.OptionError, match="is a grouping factor"):
        fit.sentence("sch.id")
    with pytest.raises(rn.OptionError, match="about one coefficient"):
        fit.sentence(["ses"])
    with pytest.raises(rn.OptionError, match="standardize='basic'"):
        fit.sentence("Intercept", standardize="basic")


def test_coefficients_without_estimates() -> None:
    data = rn.datasets.load("sleepstudy").assign(twice=lambda d: 2.0 * d["Days"])
    fit = rn.lmm("Reaction ~ Days + twice + (1 | Subject)", data)
    with pytest.raises(rn.OptionError, match="'twice' was left out of the fit"):
        fit.sentence("twice")
    rng = np.random.default_rng(4)
    z = rng.normal(size=200)
    x = np.repeat([0.0, 1.0], 100)
    y = np.where(x > 0, 1, (z + rng.logistic(size=200) > 0) * 1)
    rows = {"g": np.arange(200) % 10, "x": x, "z": z, "y": y}
    separated = rn.glmm("y ~ x + z + (1 | g)", rows, family="binomial")
    assert separated.sentence("x") == (
        "The likelihood has no finite maximum: x has no estimate in the model for y."
    )
    assert "these numbers are where the search stopped." in separated.sentence("z")


def test_italics_are_in_html_and_markdown() -> None:
    made = models.fit("strata").sentence("age")
    assert "<i>b</i> = " in made._repr_html_()
    assert "*t*(" in made._repr_markdown_()
    assert "<i>" not in made
    assert repr(made).replace("\n", " ") == str(made)
