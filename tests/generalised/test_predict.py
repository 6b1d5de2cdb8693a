"""Predictions of a generalised fit: means, standard errors and confidence intervals."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from tests.generalised.fits import (
    ANSWERS,
    answers,
    broods,
    cbpp,
    contraception,
    grouped,
    of_groups,
    ticks,
)

import ranef as rn
from ranef.errors import DataError, OptionError, UnknownColumnError

# glmmTMB 1.1.5, predict(se.fit=TRUE) and ranef(condVar). Its optimum is 1e-6 of a standard error
# off that of cbpp, and 5e-6 off that of the ticks.
TMB = {"rtol": 2e-5, "atol": 5e-6}


def test_own_rows_are_the_fitted_values() -> None:
    for fit in (cbpp(), broods(), of_groups("inflated", "poisson", zero_inflation="~ 1")):
        np.testing.assert_array_equal(fit.predict(), np.asarray(fit.fitted))
        again = fit.predict(fit.model_frame())
        np.testing.assert_allclose(again, np.asarray(fit.fitted), rtol=1e-12)
        np.testing.assert_allclose(
            fit._family.mean(fit.predict(kind="link"), fit._psi), fit.predict(), rtol=1e-12
        )


def test_errors_of_conditional_predictors_are_those_of_glmmtmb() -> None:
    fit, new = cbpp(), {"period": ["1", "4"], "herd": ["1", "2"]}
    link = fit.predict(new, kind="link", se=True)
    np.testing.assert_allclose(link["estimate"], [-0.80851227, -3.27774339], **TMB)
    np.testing.assert_allclose(link["std_error"], [0.37833013, 0.54870498], **TMB)
    mean = fit.predict(new, se=True)
    np.testing.assert_allclose(mean["std_error"], [0.080665916, 0.019216677], **TMB)
    unseen = fit.predict(
        {"period": ["1"], "herd": ["new"]}, kind="link", se=True, new_levels="population"
    )
    np.testing.assert_allclose(unseen["std_error"], [0.68303976], **TMB)
    population = fit.predict(new, "population", kind="link", se=True)
    np.testing.assert_allclose(population["std_error"], [0.23247205, 0.43007195], **TMB)


def test_errors_with_two_factors_are_those_of_glmmtmb() -> None:
    rows = ticks().iloc[[0, 49, 199]]
    link = broods().predict(rows, kind="link", se=True)
    np.testing.assert_allclose(link["estimate"], [-0.44330167, 4.06087507, 1.24444443], **TMB)
    np.testing.assert_allclose(link["std_error"], [0.71299259, 0.22842889, 0.40444734], **TMB)


def test_effects_with_all_uncertainty_are_those_of_glmmtmb() -> None:
    herds = cbpp().ranef("full")["herd"]["Intercept_sd"]
    np.testing.assert_allclose(herds[:3], [0.39392217, 0.39312388, 0.34509042], **TMB)
    full = broods().ranef("full")
    np.testing.assert_allclose(
        full["BROOD"]["Intercept_sd"][:3], [0.63642370, 0.62768362, 0.51477025], **TMB
    )
    np.testing.assert_allclose(
        full["LOCATION"]["Intercept_sd"][:3], [0.44233400, 0.50885581, 0.66213763], **TMB
    )


def test_conditional_errors_alone_are_those_of_lme4() -> None:
    # lme4's fit has expected weights in its determinant, and stops 4e-4 away.
    herds = cbpp().ranef()["herd"]["Intercept_sd"]
    np.testing.assert_allclose(herds[:3], [0.34822393, 0.36549551, 0.29728761], rtol=1e-3)
    assert "Intercept_sd" not in cbpp().ranef(False)["herd"]
    with pytest.raises(OptionError, match="condvar"):
        cbpp().ranef("all")  # type: ignore[arg-type]


def test_the_law_of_effects_is_that_of_predictors() -> None:
    # x = 0 leaves z'b alone, and all of its error.
    fit = of_groups("count", "nbinom2")
    one = fit.predict({"x": [0.0], "g": ["4"]}, kind="link", part="random", se=True)
    effects = fit.ranef("full")["g"].loc["4"]
    np.testing.assert_allclose(one["estimate"], effects["Intercept"], rtol=1e-12)
    np.testing.assert_allclose(one["std_error"], effects["Intercept_sd"], rtol=1e-10)


@pytest.mark.parametrize("nodes", [1, 9])
def test_quadrature_has_errors_of_its_own(nodes: int) -> None:
    # The posterior of a herd hardly differs from a normal distribution.
    link = cbpp(n_agq=nodes).predict(kind="link", se=True)["std_error"]
    np.testing.assert_allclose(link, cbpp().predict(kind="link", se=True)["std_error"], rtol=0.03)


def test_known_variances_leave_less_uncertainty() -> None:
    fit = cbpp()
    whole = fit.predict(kind="link", se=True)["std_error"]
    part = fit.predict(kind="link", se=True, uncertainty="known variances")["std_error"]
    assert (part < whole).all()
    assert (part > 0.9 * whole).all()


def test_intervals_are_formed_on_the_link_scale() -> None:
    fit = contraception()
    rows = fit.model_frame().iloc[:7]
    link = fit.predict(rows, kind="link", interval="confidence", confidence=0.9, se=True)
    half = 1.6448536269514722 * link["std_error"]
    np.testing.assert_allclose(link["conf_low"], link["estimate"] - half, rtol=1e-12)
    mean = fit.predict(rows, interval="confidence", confidence=0.9)
    for end in ("conf_low", "conf_high"):
        np.testing.assert_allclose(mean[end], 1 / (1 + np.exp(-link[end])), rtol=1e-12)
    assert list(mean.columns) == ["estimate", "conf_low", "conf_high"]
    assert list(mean.index) == list(rows.index)


@pytest.mark.parametrize(
    ("response", "family", "options"),
    [
        ("inflated", "nbinom2", {"zero_inflation": "~ x"}),
        ("positive", "truncated_nbinom2", {}),
    ],
)
def test_errors_of_means_that_need_other_parts(
    response: str, family: str, options: dict[str, str]
) -> None:
    """The delta method in all parameters, against differences of the mean in each of them."""
    fit = of_groups(response, family, "1", **options)
    new = pd.DataFrame({"x": [-0.5, 1.0], "g": "0"})
    found = fit.predict(new, "population", se=True, interval="confidence")
    estimates, family_ = fit._estimates, fit._family
    c = estimates.coefficients
    x = np.column_stack([np.ones(2), new["x"]])

    def mean(at: np.ndarray) -> np.ndarray:
        psi, start = [], 2
        for part in fit._problem.psi:
            own = at[start : start + len(part.names)]
            psi.append(x[:, : own.size] @ own)
            start += own.size
        return family_.mean(x @ at[:2], tuple(psi))

    steps = 1e-5 * np.eye(c.size)
    gradient = np.column_stack([(mean(c + h) - mean(c - h)) / 2e-5 for h in steps])
    sd = np.sqrt(np.diag(gradient @ estimates.joint.coefficients @ gradient.T))
    np.testing.assert_allclose(found["estimate"], mean(c), rtol=1e-12)
    np.testing.assert_allclose(found["std_error"], sd, rtol=1e-6)  # differences
    least = family_.means_of_response[0]
    low = np.log(found["estimate"] - least) - 1.959964 * sd / (found["estimate"] - least)
    np.testing.assert_allclose(found["conf_low"], least + np.exp(low), rtol=1e-6)


def test_new_levels() -> None:
    fit = cbpp()
    new = {"period": ["1", "2"], "herd": ["x", "x"]}
    with pytest.raises(DataError, match="not in the data of the fit"):
        fit.predict(new)
    np.testing.assert_array_equal(
        fit.predict(new, new_levels="population"), fit.predict(new, "population")
    )
    drawn = fit.predict(new, new_levels="sample", seed=2, kind="link")
    shift = drawn - fit.predict(new, "population", kind="link")
    assert shift[0] == pytest.approx(shift[1])  # one draw a level
    assert abs(shift[0]) > 1e-3
    mean = fit.predict(new, new_levels="sample", seed=2)
    np.testing.assert_allclose(mean, 1 / (1 + np.exp(-drawn)), rtol=1e-12)


def test_missing_values_and_offsets_of_new_rows() -> None:
    data = grouped()
    fit = rn.glmm("count ~ x + offset(x) + (1 | g)", data, family="poisson")
    new = {"x": [0.5, np.nan, 0.5], "g": ["0", "0", None]}
    frame = fit.predict(new, interval="confidence", se=True)
    assert frame.iloc[0].notna().all()
    assert frame.iloc[1:].isna().all().all()
    given = rn.glmm("count ~ x + (1 | g)", data, family="poisson", offset=data["x"])
    with pytest.raises(OptionError, match="need their own"):
        given.predict({"x": [0.5], "g": ["0"]})
    one = given.predict({"x": [0.5], "g": ["0"]}, offset=0.5)
    np.testing.assert_allclose(one, frame["estimate"][:1], rtol=1e-7)  # two searches
    with pytest.raises(UnknownColumnError, match="no column 'g'"):
        fit.predict({"x": [0.5]})


def test_group_means_of_new_rows_are_those_of_the_fit() -> None:
    data = grouped()
    fit = rn.glmm("count ~ within(x, g) + between(x, g) + (1 | g)", data, family="poisson")
    np.testing.assert_allclose(fit.predict(data.iloc[:3]), fit.predict()[:3], rtol=1e-12)


def test_probabilities_of_ordered_answers() -> None:
    fit = answers()
    new = {"x": [-1.0, 2.0, np.nan], "g": ["0", "3", "3"]}
    p = fit.predict(new)
    assert list(p.columns) == ANSWERS
    np.testing.assert_allclose(p.iloc[:2].sum(axis=1), 1.0, rtol=1e-14)
    assert p.iloc[2].isna().all()
    pd.testing.assert_frame_equal(p, fit.predict(new, kind="probability"))
    eta = fit.predict(new, kind="link")
    below = 1 / (1 + np.exp(-(fit.thresholds.to_numpy() - eta[0])))
    np.testing.assert_allclose(p.iloc[0].cumsum()[:3], below, rtol=1e-12)
    chosen = fit.predict(new, kind="class")
    assert chosen.tolist() == [*p.iloc[:2].idxmax(axis=1), None]
    score = fit.predict(new, kind="score")
    np.testing.assert_allclose(score[:2], p.iloc[:2] @ [1, 2, 3, 4], rtol=1e-12)
    np.testing.assert_allclose(fit.predict(kind="score"), np.asarray(fit.fitted), rtol=1e-12)
    assert fit.augment()[".fixed"].between(1.0, 4.0).all()


def test_intervals_of_probabilities_count_the_thresholds() -> None:
    fit = answers()
    frame = fit.predict({"x": [0.3], "g": ["0"]}, "population", interval="confidence", se=True)
    assert frame["answer"].tolist() == ANSWERS
    # P(never) = F(c_1 - 0.3 beta): a linear function, with the same interval on its scale.
    c, v = fit._estimates.coefficients, fit._estimates.joint.coefficients
    d = np.array([-0.3, 1.0, 0.0, 0.0])
    middle, sd = d @ c, np.sqrt(d @ v @ d)
    ends = 1 / (1 + np.exp(-(middle + np.array([-1.959964, 1.959964]) * sd)))
    np.testing.assert_allclose(frame[["conf_low", "conf_high"]].iloc[0], ends, rtol=1e-7)


def test_what_does_not_go_together_is_refused() -> None:
    fit = cbpp()
    with pytest.raises(OptionError, match="kind"):
        fit.predict(kind="probability")
    with pytest.raises(OptionError, match=r"confidence=0\.9"):
        fit.predict(level=0.9)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="average over all random effects"):
        fit.predict(level="marginal", random=["herd"])
    with pytest.raises(OptionError, match="part of the linear predictor"):
        fit.predict(part="random")
    with pytest.raises(OptionError, match="on the scale of the response"):
        fit.predict(kind="link", interval="prediction")
    with pytest.raises(OptionError, match="single 0 or 1"):
        contraception().predict(interval="prediction")
    ordered = answers()
    with pytest.raises(OptionError, match="no prediction intervals"):
        ordered.predict(interval="prediction")
    with pytest.raises(OptionError, match="most probable answer"):
        ordered.predict(kind="class", se=True)
    inverse = rn.glmm(
        "amount ~ 1 + (1 | g)", grouped(), family="gamma(inverse)", start=[0.05, 0.3, 1.0]
    )
    with pytest.raises(OptionError, match="no marginal mean"):
        inverse.predict(level="marginal")


def test_a_singular_fit_predicts() -> None:
    data = grouped()
    rng = np.random.default_rng(1)
    data["noise"] = rng.poisson(2.0, len(data))
    fit = rn.glmm("noise ~ x + (1 | g)", data, family="poisson")
    assert fit.certificate.verdict == "boundary optimum"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        own = fit.predict(interval="confidence", se=True)
        marginal = fit.predict(level="marginal", interval="confidence", se=True)
    np.testing.assert_allclose(own, marginal, rtol=1e-9)
