"""Residuals of generalised fits: their identities, R's numbers, and their law."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from tests.generalised.fits import answers, broods, cbpp, contraception, grouped, of_groups

import ranef as rn
from ranef.errors import OptionError


def test_residuals_are_those_of_lme4() -> None:
    # lme4 1.1-31; its modes are 4e-4 off, as its determinant has expected weights.
    wanted = {
        "response": [-0.16530758, 0.10822663, 0.31845889],
        "pearson": [-1.3395656, 1.0747970, 2.8790881],
        "deviance": [-1.43770782, 0.98847195, 2.35668826],
        "working": [-0.77536670, 0.88948266, 2.89210470],
    }
    for kind, values in wanted.items():
        found = cbpp().residuals(kind)  # type: ignore[arg-type]
        np.testing.assert_allclose(found[:3], values, rtol=1e-3)


def test_pearson_residuals_of_counts_are_those_of_glmmtmb() -> None:
    found = broods().residuals("pearson")
    np.testing.assert_allclose(found[:3], [-0.73293678, -0.73293678, -0.88593356], rtol=1e-5)


@pytest.mark.parametrize(
    ("response", "family"),
    [("count", "poisson"), ("amount", "gamma"), ("count", "nbinom2"), ("amount", "gaussian(log)")],
)
def test_squared_deviance_residuals_add_up_to_the_deviance(response: str, family: str) -> None:
    fit = of_groups(response, family, "1")
    y, eta = fit._data.y, fit._eta
    whole = fit._family.unit_deviance(y, eta, fit._psi)
    r = np.asarray(fit.residuals("deviance"))
    np.testing.assert_allclose(r @ r, whole.sum(), rtol=1e-12)
    np.testing.assert_array_equal(np.sign(r), np.sign(np.asarray(fit.residuals())))
    mu = np.asarray(fit.fitted)
    if family == "poisson":
        with np.errstate(divide="ignore", invalid="ignore"):
            own = 2.0 * (np.where(y > 0, y * np.log(y / mu), 0.0) - (y - mu))
        np.testing.assert_allclose(r**2, own, rtol=1e-9, atol=1e-12)
    if family == "gamma":  # R's variance function has no dispersion
        pearson = np.asarray(fit.residuals("pearson"))
        np.testing.assert_allclose(pearson, (y - mu) / mu, rtol=1e-12)


def test_pearson_residuals_know_weights() -> None:
    data = grouped().assign(w=2.0)
    once = rn.glmm("amount ~ x + (1 | g)", data, family="gamma", start=None)
    twice = rn.glmm("amount ~ x + (1 | g)", data, family="gamma", weights="w")
    raw = np.asarray(twice.residuals()) / np.asarray(twice.fitted)
    np.testing.assert_allclose(np.asarray(twice.residuals("pearson")), np.sqrt(2) * raw, rtol=1e-12)
    assert once.loglik == pytest.approx(twice.loglik, abs=1e-6)  # two searches


def test_working_residuals_are_on_the_scale_of_the_predictor() -> None:
    fit = contraception()
    p = np.asarray(fit.fitted)
    wanted = np.asarray(fit.residuals()) / (p * (1 - p))
    np.testing.assert_allclose(np.asarray(fit.residuals("working")), wanted, rtol=1e-10)


@pytest.mark.parametrize(
    ("formula", "family", "truth"),
    [
        ("y ~ x + (1 | g)", "poisson", lambda rng, mu: rng.poisson(mu)),
        ("y ~ x + (1 | g)", "nbinom2", lambda rng, mu: rng.negative_binomial(2, 2 / (2 + mu))),
        ("y ~ x + (1 | g)", "gamma", lambda rng, mu: rng.gamma(3.0, mu / 3.0)),
        ("y ~ x + (1 | g)", "binomial", lambda rng, mu: rng.random(mu.size) < mu / (1 + mu)),
    ],
)
def test_quantile_residuals_are_normal_if_the_model_holds(
    formula: str, family: str, truth: object
) -> None:
    rng = np.random.default_rng(11)
    g = np.repeat(np.arange(10), 200)
    x = rng.normal(size=g.size)
    mu = np.exp(0.4 + 0.5 * x + 0.5 * rng.normal(size=10)[g])
    data = {"x": x, "g": g, "y": truth(rng, mu)}  # type: ignore[operator]
    fit = rn.glmm(formula, data, family=family)
    r = np.asarray(fit.residuals("quantile"))
    # Groups of 200: their modes take little from the residuals.
    assert stats.kstest(r, "norm").pvalue > 0.01
    np.testing.assert_array_equal(r, np.asarray(fit.residuals("quantile", seed=1)))
    other = np.asarray(fit.residuals("quantile", seed=2))
    assert np.array_equal(r, other) == (family == "gamma")  # nothing is drawn


def test_quantile_residuals_find_overdispersion() -> None:
    rng = np.random.default_rng(12)
    g = np.repeat(np.arange(10), 100)
    data = {"g": g, "y": rng.negative_binomial(1, 0.2, g.size)}
    r = np.asarray(rn.glmm("y ~ 1 + (1 | g)", data, family="poisson").residuals("quantile"))
    assert r.std() > 1.5


def test_residuals_of_all_rows_and_of_ordered_answers() -> None:
    data = grouped()
    data.loc[3, "x"] = np.nan
    fit = rn.glmm("count ~ x + (1 | g)", data, family="poisson")
    whole = fit.residuals("deviance", rows="all")
    assert whole.isna().tolist() == [k == 3 for k in range(len(data))]
    used = fit.residuals("deviance")
    np.testing.assert_array_equal(whole.dropna(), used)
    ordered = answers()
    codes = grouped()["answer"].cat.codes + 1
    np.testing.assert_allclose(
        np.asarray(ordered.residuals()) + np.asarray(ordered.fitted), codes, rtol=1e-12
    )
    p = ordered.predict().to_numpy()[np.arange(len(codes)), codes - 1]
    np.testing.assert_allclose(np.asarray(ordered.residuals("deviance")) ** 2, -2 * np.log(p))
    with pytest.raises(OptionError, match="unknown kind of residuals"):
        ordered.residuals("studentized")  # type: ignore[arg-type]


def test_augment_has_rows_on_the_scale_of_the_response() -> None:
    frame = cbpp().augment()
    assert list(frame.columns[-4:]) == [".fitted", ".resid", ".fixed", ".hat"]
    np.testing.assert_allclose(frame[".fixed"], cbpp().predict(level="population"))
    np.testing.assert_allclose(
        frame[".fitted"] + frame[".resid"], frame["incidence"] / frame["size"], rtol=1e-12
    )


def test_residuals_of_means_at_the_ends_of_their_range() -> None:
    """Of a separated response the means are 0 and 1 to all digits."""
    data = grouped().assign(y=lambda d: (d["x"] > 0.0).astype(float))
    fit = rn.glmm("y ~ x + (1 | g)", data)
    assert fit.certificate.verdict == "no finite maximum"
    assert np.any(fit.fitted == 1.0)
    for kind in ("response", "pearson", "deviance", "working", "quantile"):
        assert np.all(np.isfinite(fit.residuals(kind)))
    assert "nan" not in str(fit.summary())


def test_infinite_residuals_have_quartiles() -> None:
    far = np.resize([40.0, -40.0], 240)
    y = np.random.default_rng(2).integers(0, 2, 240)
    data = grouped().assign(y=y, far=far)
    fit = rn.glmm("y ~ x + (1 | g)", data, "binomial(probit)", offset="far")
    assert np.isinf(fit.residuals("pearson")).sum() > 2
    assert "inf" in str(fit.summary())
