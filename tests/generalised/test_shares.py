"""R2 and ICC on the scale of the linear predictor, by the paper's formulas from primary numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, polygamma
from tests.generalised import fits
from tests.reference.generalised import MODELS

import ranef as rn
from ranef.errors import OptionError

# lme4 1.1-31 and this model differ in the fourth digit of the variance (its optimiser stops).
CLOSE = 2e-3


def test_binomial_shares_from_the_numbers_of_lme4() -> None:
    """Nakagawa, Johnson and Schielzeth (2017), table 1; estimates of lme4 for cbpp."""
    beta = np.array([-1.39834, -0.99193, -1.12822, -1.57975])
    herd = 0.6420699**2
    data = rn.datasets.load("cbpp")
    period = data["period"].astype(int).to_numpy()
    eta = beta[0] + np.where(period > 1, beta[period - 1], 0.0)
    fixed = np.var(eta, ddof=1)
    share = data["incidence"].sum() / data["size"].sum()
    for method, own in (
        (None, np.pi**2 / 3.0),
        ("theoretical", np.pi**2 / 3.0),
        ("delta", 1.0 / (share * (1.0 - share))),
        ("observation", 1.0 / (share * (1.0 - share))),
    ):
        total = fixed + herd + own
        r2, icc = fits.cbpp().r2(method=method), fits.cbpp().icc(method)
        assert r2.marginal == pytest.approx(fixed / total, rel=CLOSE)
        assert r2.conditional == pytest.approx((fixed + herd) / total, rel=CLOSE)
        assert icc.adjusted == pytest.approx(herd / (herd + own), rel=CLOSE)
        assert icc.unadjusted == pytest.approx(herd / total, rel=CLOSE)


@pytest.mark.parametrize("name", ["cbpp_agq1", "contraception_int"])
def test_binomial_shares_are_those_of_performance(name: str) -> None:
    """The R package performance 0.10 on lme4's fits: the theoretical variance of the logit."""
    reference = MODELS[name].record["performance"]
    fit = fits.cbpp() if name == "cbpp_agq1" else fits.contraception()
    r2, icc = fit.r2(), fit.icc()
    assert r2.conditional == pytest.approx(reference["r2_nakagawa"]["conditional"], rel=1e-4)
    assert r2.marginal == pytest.approx(reference["r2_nakagawa"]["marginal"], rel=1e-4)
    assert icc.adjusted == pytest.approx(reference["icc"]["adjusted"], rel=1e-4)
    assert icc.unadjusted == pytest.approx(reference["icc"]["unadjusted"], rel=1e-4)


def test_probit_has_a_latent_variance_of_one() -> None:
    fit = fits.cbpp(family="binomial(probit)")
    herd = float(fit.varcorr()["variance"][0])
    assert fit.icc().adjusted == pytest.approx(herd / (herd + 1.0), rel=1e-12)


def test_counts_by_three_methods() -> None:
    """Poisson: log(1 + 1 / lambda), 1 / lambda, trigamma(lambda) with lambda the mean count."""
    fit = fits.of_groups("count", "poisson", random="1")
    mean = float(fits.grouped()["count"].mean())
    fixed = float(np.var(fit.fixef["x"] * fits.grouped()["x"], ddof=1))
    group = float(fit.varcorr()["variance"][0])
    for method, own in (
        ("lognormal", np.log1p(1.0 / mean)),
        ("delta", 1.0 / mean),
        ("trigamma", float(polygamma(1, mean))),
    ):
        r2 = fit.r2(method=method)
        assert r2.method == method
        assert r2.frame.loc["residual", "variance"] == pytest.approx(own, rel=1e-10)
        assert r2.marginal == pytest.approx(fixed / (fixed + group + own), rel=1e-10)
    assert fit.r2().marginal == fit.r2(method="lognormal").marginal


def test_negative_binomial_and_gamma_have_their_own_variance() -> None:
    """Table 2 and the appendices: nbinom2 1/lambda + 1/size, gamma with variance sigma^2 mu^2."""
    fit = fits.of_groups("count", "nbinom2", random="1")
    mean = float(fits.grouped()["count"].mean())
    own = fit.r2(method="delta").frame.loc["residual", "variance"]
    assert own == pytest.approx(1.0 / mean + 1.0 / fit.dispersion, rel=1e-10)
    gamma = fits.of_groups("amount", "gamma(log)", random="1")
    own = gamma.r2().frame.loc["residual", "variance"]
    assert own == pytest.approx(np.log1p(gamma.dispersion**2), rel=1e-10)


def test_zeros_count_in_the_mean_and_the_variance() -> None:
    fit = fits.of_groups("inflated", "poisson", random="1", zero_inflation="~ 1")
    pi = float(expit(fit.fixef_zero["Intercept"]))
    mean = float(fits.grouped()["inflated"].mean())
    lam = mean / (1.0 - pi)
    variance = (1.0 - pi) * (lam + pi * lam**2)
    own = fit.r2().frame.loc["residual", "variance"]
    assert own == pytest.approx(np.log1p(variance / mean**2), rel=1e-10)


def test_random_slopes_count_by_the_mean_over_the_rows() -> None:
    """Johnson (2014): the mean of z'D z."""
    fit = fits.of_groups("count", "poisson")
    x = fits.grouped()["x"].to_numpy()
    table = fit.varcorr()["variance"].to_numpy()  # intercept, slope, covariance
    expected = float(np.mean(table[0] + 2.0 * table[2] * x + table[1] * x**2))
    frame = fit.r2().frame
    assert frame.loc[["random_within", "random_between"], "variance"].sum() == pytest.approx(
        expected, rel=1e-10
    )
    assert fit.icc().by_group["g"] == pytest.approx(fit.icc().adjusted, rel=1e-12)


def test_truncated_counts_and_hurdles_meet_the_mean_of_the_response() -> None:
    """Their mean is not an inverse link: the common predictor is found by iteration."""
    fit = fits.of_groups("positive", "truncated_poisson", random="1")
    mean = float(fits.grouped()["positive"].mean())
    own = fit.r2(method="delta").frame.loc["residual", "variance"]
    lam = mean
    for _ in range(200):
        lam = mean * -np.expm1(-lam)
    variance = mean * (1.0 + lam - mean)
    slope = mean * (1.0 + lam - mean)  # d mean / d log lambda
    assert own == pytest.approx(variance / slope**2, rel=1e-9)


def test_ordered_answers_have_the_latent_variance_alone() -> None:
    r2 = fits.answers().r2()
    assert r2.frame.loc["residual", "variance"] == pytest.approx(np.pi**2 / 3.0)
    assert r2.method == "theoretical"


def test_they_print_the_method() -> None:
    assert "distribution, theoretical" in str(fits.cbpp().r2())
    assert "distribution, theoretical" in fits.cbpp().r2()._repr_html_()
    assert "(distribution: theoretical)" in str(fits.cbpp().icc())
    assert isinstance(fits.cbpp().icc().by_group, pd.Series)


def test_other_methods_are_refused() -> None:
    for fit, method in ((fits.cbpp(), "lognormal"), (fits.broods(), "observation")):
        with pytest.raises(OptionError, match="no variance by the method"):
            fit.r2(method=method)
        with pytest.raises(OptionError, match="no variance by the method"):
            fit.icc(method)
    with pytest.raises(OptionError, match="grouping factor"):
        fits.cbpp().r2(by="period")
