"""Responses simulated from generalised fits: their moments, their form, their streams."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.generalised.fits import ANSWERS, answers, cbpp, contraception, grouped, of_groups

import ranef as rn
from ranef.errors import OptionError


@pytest.mark.parametrize(
    ("response", "family", "options"),
    [
        ("count", "poisson", {}),
        ("count", "nbinom2", {}),
        ("inflated", "poisson", {"zero_inflation": "~ x"}),
        ("amount", "gamma", {}),
    ],
)
def test_moments(response: str, family: str, options: dict[str, str]) -> None:
    fit = of_groups(response, family, "1", **options)
    n = 2000
    conditional = fit.simulate(n, seed=1, random="conditional").to_numpy()
    mean, variance = np.asarray(fit.fitted), fit._family.variance(fit._eta, fit._psi)
    z = (conditional.mean(axis=1) - mean) / np.sqrt(variance / n)
    assert np.abs(z).max() < 4.8  # of 240 standard normal numbers
    np.testing.assert_allclose(conditional.var(axis=1) / variance, 1.0, atol=0.35)
    new = fit.simulate(n, seed=2).to_numpy()
    marginal = fit.predict(level="marginal")
    error = new.std(axis=1) / np.sqrt(n)
    assert (np.abs(new.mean(axis=1) - marginal) / error).max() < 4.8
    # Rows of a group share its effect: their covariance is that of their means.
    codes = fit._design.terms[0].codes
    pair = np.flatnonzero(codes == 3)[:2]
    d = float(fit._estimates.covariances[0][0, 0])
    wanted = marginal[pair[0]] * marginal[pair[1]] * np.expm1(d)
    assert np.cov(new[pair])[0, 1] == pytest.approx(wanted, rel=0.5)


def test_streams() -> None:
    fit = cbpp()
    many = fit.simulate(3, seed=7)
    pd.testing.assert_series_equal(fit.simulate(1, seed=7)[0], many[0])
    np.testing.assert_array_equal(fit._draws(1, 7, "new", 2)[:, 0], many[2])
    assert not many[0].equals(many[1])
    assert not fit.simulate(1, seed=8)[0].equals(many[0])
    assert not fit.simulate(1)[0].equals(fit.simulate(1)[0])


def test_the_form_of_the_response() -> None:
    data = rn.datasets.load("cbpp")
    shares = cbpp().simulate(2, seed=1)
    counted = rn.glmm("cbind(incidence, size - incidence) ~ period + (1 | herd)", data)
    hits = counted.simulate(2, seed=1)
    np.testing.assert_allclose(hits.to_numpy(), shares.to_numpy() * data[["size"]].to_numpy())
    np.testing.assert_array_equal(hits, np.rint(hits))
    assert set(contraception().simulate(1, seed=1)[0]) == {"N", "Y"}
    drawn = answers().simulate(1, seed=1)[0]
    assert set(drawn) == set(ANSWERS)
    again = grouped().assign(answer=pd.Categorical(drawn, categories=ANSWERS, ordered=True))
    refit = rn.glmm(
        "answer ~ x + (1 | g)", again, family="cumulative", start=[0.7, 0.5, -1.0, 0.5, 2.0]
    )
    assert refit.nobs == len(again)


def test_other_parameters() -> None:
    fit = of_groups("count", "nbinom2", "1")
    calm = fit.simulate(500, seed=1, theta=[0.0], beta={"x": 0.0}, dispersion=1e9).to_numpy()
    mean = np.exp(fit.fixef["Intercept"])
    assert calm.mean() == pytest.approx(mean, rel=0.02)
    assert calm.var() == pytest.approx(mean, rel=0.03)  # Poisson
    with pytest.raises(OptionError, match="no fixed effect"):
        fit.simulate(1, beta={"w": 0.0})
    with pytest.raises(OptionError, match="theta does not fit"):
        fit.simulate(1, theta=[0.1, 0.2])
    with pytest.raises(OptionError, match="no dispersion"):
        cbpp().simulate(1, dispersion=1.0)


def test_new_rows() -> None:
    fit = cbpp()
    new = pd.DataFrame({"period": ["1", "1", None], "herd": ["1", "new", "1"], "size": [4, 4, 4]})
    drawn = fit.simulate(2000, seed=1, newdata=new, random="conditional")
    assert drawn.iloc[2].isna().all()
    known = fit.predict(new.iloc[:1])[0]
    assert drawn.iloc[0].mean() == pytest.approx(known, abs=0.02)
    assert drawn.iloc[1].mean() == pytest.approx(fit.predict(new.iloc[:1], "marginal")[0], abs=0.03)
    assert set(drawn.iloc[0]) <= {0.0, 0.25, 0.5, 0.75, 1.0}
    with pytest.raises(OptionError, match="weights="):
        fit.simulate(1, weights=4)
