"""The methods paragraph: what it says is true of the fit."""

from __future__ import annotations

import re

import numpy as np
import pytest
from tests.paper import models
from tests.paper.pages import page

import ranef as rn


@pytest.mark.parametrize("name", ["hsb", "within", "cake", "strata", "cbpp", "prior", "lm"])
def test_the_paragraph_of(name: str) -> None:
    assert page(f"methods {name}") == str(models.fit(name).methods())


def test_every_citation_is_in_the_list_and_no_other() -> None:
    for name in models.FITS:
        made = models.fit(name).methods()
        cited = re.findall(r"([A-Z][a-z]+)[^();]*?, (\d{4})[;)]", made.paragraph)
        listed = [(entry.split(",")[0], year) for entry in made.references
                  for year in re.findall(r"\((\d{4})\)", entry)]  # fmt: skip
        assert sorted(set(cited)) == sorted(set(listed)), name
        assert f"ranef (Version {rn.__version__}) [Computer software]." in str(made)


def test_singular_fits_say_so_and_others_do_not() -> None:
    assert "The fit is singular: the covariance matrix of sch.id has rank 1 of 2" in (
        models.fit("hsb").methods()
    )
    assert "singular" not in models.fit("cake").methods()


def test_rows_that_were_left_out_are_counted() -> None:
    data = rn.datasets.load("sleepstudy")
    data["Days"] = data["Days"].where(data["Days"] != 4).astype(float)
    fit = rn.lmm("Reaction ~ Days + (1 | Subject)", data, subset="Reaction > 250")
    outside = int((data["Reaction"] <= 250).sum())
    missing = int((data["Days"].isna() & (data["Reaction"] > 250)).sum())
    assert f"(Reaction > 250): {outside} of 180 rows were outside of it." in fit.methods()
    assert f"{missing} rows were left out because of missing values (Days {missing})." in (
        fit.methods()
    )


def test_tests_are_those_that_were_asked_for() -> None:
    fit = models.fit("strata")
    assert "Kenward and Roger's degrees of freedom" in models.fit("cake").methods("kenward-roger")
    assert "t tests with the degrees of freedom of the residuals" in fit.methods("residual")
    assert "Wald z tests, with 90% confidence intervals" in fit.methods("asymptotic", level=0.9)
    robust = models.fit("hsb").methods(vcov="CR2")
    assert "CR2 standard errors, robust within 160 clusters of sch.id" in robust
    assert "Pustejovsky" in robust
    with pytest.raises(rn.OptionError, match="degrees of freedom"):
        fit.methods("ml")
    with pytest.raises(rn.OptionError, match="between 0 and 1"):
        fit.methods(level=95)


def test_fits_without_an_optimum_are_not_recommended() -> None:
    data = rn.datasets.load("sleepstudy")
    control = rn.Control(max_evaluations=1)
    fit = rn.lmm("Reaction ~ Days + (Days | Subject)", data, control=control, start=[5.0, 0.0, 5.0])
    assert not fit.certificate.certified
    assert "are not certified as a maximum" in fit.methods()
    x = np.tile(np.arange(10.0), 10)
    rows = {"g": np.repeat(np.arange(10), 10), "x": x, "y": (x > 4.5) * 1}
    separated = rn.glmm("y ~ x + (1 | g)", rows, family="binomial")
    assert "The likelihood has no finite maximum" in separated.methods()
    assert "rn.priors" not in separated.methods()


def test_other_parts_weights_and_offsets() -> None:
    data = rn.datasets.load("grouseticks")
    data = data.assign(h=data["cHEIGHT"] / 100.0, days=1.0 + data["HEIGHT"] % 3)
    fit = rn.glmm(
        "TICKS ~ h + offset(days) + (1 | BROOD)",
        data,
        family="nbinom2",
        zero_inflation="~ h",
        weights="days",
    )
    made = fit.methods(labels={"h": "height", "days": "days in the field"})
    assert (
        "The log odds of an extra zero had its own fixed effects: an intercept and height." in made
    )
    assert "Weights (days in the field) multiplied the log-likelihood of each row." in made
    assert "As offset, with a coefficient of 1, the linear predictor had days in the field." in made
    ordered = rn.glmm(
        "livch ~ age + (1 | district)", rn.datasets.load("contraception"), family="cumulative"
    )
    assert "It had 3 thresholds between the ordered answers." in ordered.methods()


def test_it_is_a_string_in_three_forms() -> None:
    made = models.fit("hsb").methods()
    assert isinstance(made, str)
    assert made.paragraph == str(made).split("\n\n")[0]
    assert max(map(len, repr(made).splitlines())) <= 100
    assert "<code>math ~ ses * sector + (ses | sch.id)</code>" in made._repr_html_()
    assert "*Biometrika, 58*(3)" in made._repr_markdown_()
    assert "`math ~ ses * sector + (ses | sch.id)`" in made._repr_markdown_()
