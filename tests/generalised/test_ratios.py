"""Likelihood ratios between generalised fits, and of terms left out of one."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from tests.generalised.fits import cbpp, ticks

import ranef as rn
from ranef.fit.generalised import GeneralisedFit

# lme4 1.1-31's optima are up to 1e-3 deviance units above the minimum, by the tolerance of its
# inner search.
LME4 = 1e-3


@cache
def without_period() -> GeneralisedFit:
    return cbpp().update("~ . - period")


@cache
def urban(random: str) -> GeneralisedFit:
    data = rn.datasets.load("contraception")
    return rn.glmm(f"use ~ age + urban + ({random} | district)", data)


@cache
def counts(family: str, **options: str) -> GeneralisedFit:
    return rn.glmm("TICKS ~ YEAR + h + (1 | BROOD)", ticks(), family=family, **options)


def test_fixed_part_against_lme4() -> None:
    table = rn.anova(cbpp(), without_period())
    assert table["npar"].to_list() == [2, 5]
    assert table["statistic"].iloc[1] == pytest.approx(25.60994, abs=LME4)
    assert table["p_value"].iloc[1] == pytest.approx(stats.chi2.sf(25.61006, 3), rel=1e-4)
    assert table["law"].iloc[1] == "chi2(3)"
    dropped = cbpp().drop1().loc["period"]
    assert dropped["statistic"] == pytest.approx(table["statistic"].iloc[1], abs=1e-8)
    assert dropped["aic"] == pytest.approx(213.66307, abs=LME4)
    assert dropped["p_value"] == pytest.approx(table["p_value"].iloc[1], rel=1e-7)


def test_random_slope_against_lme4() -> None:
    table = rn.anova(urban("1"), urban("urban"))
    statistic = table["statistic"].iloc[1]
    assert statistic == pytest.approx(16.36586, abs=LME4)
    # A variance and its covariance: half chi2(1), half chi2(2).
    expected = 0.5 * (stats.chi2.sf(statistic, 1) + stats.chi2.sf(statistic, 2))
    assert table["p_value"].iloc[1] == pytest.approx(expected, rel=1e-10)
    assert table["law"].iloc[1] == "half chi2(1), half chi2(2)"
    row = urban("urban").ranova().loc["urban in (urban | district)"]
    assert row["statistic"] == pytest.approx(statistic, abs=1e-7)
    assert row["law"] == table["law"].iloc[1]


def test_model_without_effects_is_that_of_r_glm() -> None:
    """glm's log-likelihood has no approximation in it."""
    row = urban("1").ranova().loc["(1 | district)"]
    assert row["loglik"] == pytest.approx(-1269.4237781, abs=1e-6)
    assert row["statistic"] == pytest.approx(2.0 * (row["loglik"] * -1 + urban("1").loglik))
    assert row["p_value"] == pytest.approx(0.5 * stats.chi2.sf(row["statistic"], 1))


def test_cone_of_a_slope_and_an_intercept() -> None:
    """Against no effects the bounded directions are 2 x 2 matrices, weighed by the information."""
    from ranef.fit.generalised.smaller import law_at
    from ranef.inference.boundary_law import Place
    from ranef.inference.structure_nesting import side_of

    fit = urban("urban")
    terms = fit._design.terms
    place = Place((np.zeros((2, 0)),), (), (0,), (), (side_of(terms[0], ()),))
    weighed = law_at(fit, place, 6.0)
    assert weighed.exact
    # The bounds hold for every information: chi2 of 1 df above zero, of 3 df.
    assert (
        0.5 * stats.chi2.sf(6.0, 1)
        < weighed.p_high
        < 0.5 * stats.chi2.sf(6.0, 2) + 0.5 * (stats.chi2.sf(6.0, 3))
    )


def test_information_of_the_law_is_that_of_differences() -> None:
    """2 H^-1 of the deviance in D and the coefficients; here (1 | g) against none: one number."""
    from ranef.inference.generalised.boundary import generalised_new

    fit = cbpp()
    found = generalised_new(fit._solution, [np.zeros((1, 0))])
    # D = sd^2: by the delta method from vcov_full, as the estimate is inside.
    sd = fit.varcorr()["sd"].iloc[0]
    scale = fit._problem.scaling.B[0][0, 0]
    variance = fit.vcov_full.loc["sd__Intercept|herd", "sd__Intercept|herd"]
    assert found[0, 0] == pytest.approx((2.0 * sd / scale**2) ** 2 * variance, rel=1e-8)


def test_poisson_is_a_boundary_of_the_negative_binomial() -> None:
    table = rn.anova(counts("nbinom2"), counts("poisson"))
    statistic = table["statistic"].iloc[1]
    assert statistic == pytest.approx(
        2.0 * (counts("nbinom2").loglik - counts("poisson").loglik), abs=1e-10
    )
    assert table["law"].iloc[1] == "half 0, half chi2(1)"
    assert list(table.index) == [
        "TICKS ~ YEAR + h + (1 | BROOD), poisson",
        "TICKS ~ YEAR + h + (1 | BROOD), nbinom2",
    ]
    zeros = rn.anova(counts("poisson"), counts("poisson", zero_inflation="~ 1"))
    assert zeros["law"].iloc[1] == "half 0, half chi2(1)"
    assert zeros["p_value"].iloc[1] == pytest.approx(
        0.5 * stats.chi2.sf(zeros["statistic"].iloc[1], 1)
    )


def test_coefficients_without_meaning_have_no_law() -> None:
    larger = counts("poisson", zero_inflation="~ YEAR")
    table = rn.anova(counts("poisson"), larger)
    assert np.isnan(table["p_value"].iloc[1])
    assert "bootstrap" in table["law"].iloc[1]
    inner = rn.anova(counts("poisson", zero_inflation="~ 1"), larger)
    assert inner["law"].iloc[1] == "chi2(2)"


def test_rows_in_another_order() -> None:
    data = rn.datasets.load("cbpp").sample(frac=1.0, random_state=3)
    formula = "incidence / size ~ 1 + (1 | herd)"
    other = rn.glmm(formula, data, weights="size")
    one = rn.anova(other, cbpp())["statistic"].iloc[1]
    assert one == pytest.approx(rn.anova(without_period(), cbpp())["statistic"].iloc[1], abs=1e-7)
    drawn = rn.anova(other, cbpp(), method="bootstrap", n=100, seed=4)
    assert drawn["law"].iloc[1] == "bootstrap, 100 replicates"


def test_bootstrap_follows_the_law() -> None:
    """p of a statistic near the middle of its distribution, within four standard errors."""
    slope = cbpp().update("~ . + I(size / 10)")
    table = rn.anova(cbpp(), slope)
    drawn = rn.anova(cbpp(), slope, method="bootstrap", n=400, seed=1)
    p = table["p_value"].iloc[1]
    assert 0.02 < p < 0.98
    # 0.02 more for the large-sample law itself, of 15 herds.
    assert abs(drawn["p_value"].iloc[1] - p) < 4.0 * np.sqrt(p * (1 - p) / 400) + 0.02
    again = rn.anova(cbpp(), slope, method="bootstrap", n=400, seed=1)
    pd.testing.assert_frame_equal(drawn, again)


def test_what_does_not_compare() -> None:
    with pytest.raises(rn.OptionError, match="different ways") as error:
        rn.anova(cbpp(), without_period().update(n_agq=5))
    assert "n_agq=1 in " in str(error.value)
    probit = cbpp().update(family="binomial(probit)")
    with pytest.raises(rn.OptionError, match="the family binomial of the smaller model"):
        rn.anova(without_period(), probit)
    with pytest.raises(rn.OptionError, match="the family nbinom1"):
        rn.anova(counts("nbinom1"), counts("nbinom2", dispersion="~ YEAR"))
    with pytest.raises(rn.OptionError, match="same model"):
        rn.anova(cbpp(), cbpp())
    with pytest.raises(rn.OptionError, match="linear models"):
        rn.anova(cbpp(), without_period(), method="exact")
    with pytest.raises(rn.OptionError, match="fixed effect"):
        rn.anova(without_period().update("~ period + (1 | herd)"),
                 without_period().update("~ 1 + (period | herd)"))  # fmt: skip


def test_priors_have_no_ratios() -> None:
    fit = cbpp().update(prior=rn.priors.Normal(2.5))
    for ask in (fit.drop1, fit.ranova, fit.profile, lambda: rn.anova(fit, without_period())):
        with pytest.raises(rn.OptionError, match="prior"):
            ask()


def test_drop1_has_one_test() -> None:
    with pytest.raises(rn.OptionError, match=r"anova\(\) has Wald tests"):
        cbpp().drop1(test="F")  # type: ignore[arg-type]
