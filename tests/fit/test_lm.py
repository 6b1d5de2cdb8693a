"""Models without random effects: R's lm, and the same questions as to any fit."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest

import ranef as rn


@pytest.fixture(scope="module")
def sleep() -> pd.DataFrame:
    return rn.datasets.load("sleepstudy")


# R 4.2.2: m <- lm(Reaction ~ Days, lme4::sleepstudy); logLik(m), logLik(m, REML = TRUE), AIC(m),
# BIC(m), sigma(m).
R_SLEEP = (
    -950.1465281781818, -946.8318317360545, 1906.2930563563636, 1915.8719269090343, 47.7147197437785
)  # fmt: skip

# R 4.2.2: m <- lm(score ~ Machine, nlme::Machines, weights = seq_len(54) / 10, Machine as text);
# the same, then coef(m), sqrt(diag(vcov(m))), anova(m)$F, its p.
R_MACHINES = (-181.04203164880050, -176.90438569315933, 370.08406329760101, 378.03999948385808)
R_COEF = (51.29415204678362, 8.25655502392345, 14.94333269070112)
R_SE = (2.49159142328014, 2.89008983415481, 2.73938121725108)
R_F, R_P = 17.4985174157990, 1.63572701013629e-06


def test_sleepstudy_is_rs_lm(sleep: pd.DataFrame) -> None:
    ml, reml = (rn.lm("Reaction ~ Days", sleep, reml=r) for r in (False, True))
    found = (ml.loglik, reml.loglik, ml.aic, ml.bic, reml.sigma)
    np.testing.assert_allclose(found, R_SLEEP, rtol=1e-13)


def test_weights_are_rs_too() -> None:
    data = rn.datasets.load("machines")
    ml, reml = (
        rn.lm("score ~ Machine", data, weights=np.arange(1, 55) / 10, reml=r) for r in (False, True)
    )
    np.testing.assert_allclose((ml.loglik, reml.loglik, ml.aic, ml.bic), R_MACHINES, rtol=1e-13)
    np.testing.assert_allclose(reml.fixef, R_COEF, rtol=1e-12)
    np.testing.assert_allclose(np.sqrt(np.diag(reml.vcov)), R_SE, rtol=1e-12)
    table = reml.anova()
    np.testing.assert_allclose(table["statistic"], R_F, rtol=1e-12)
    np.testing.assert_allclose(table["p_value"], R_P, rtol=1e-9)  # of its size, a small tail


@pytest.mark.parametrize("ddf", ["satterthwaite", "kenward-roger", "residual"])
@pytest.mark.parametrize("reml", [True, False])
def test_every_method_has_n_less_p_degrees_of_freedom(
    sleep: pd.DataFrame, ddf: str, reml: bool
) -> None:
    fit = rn.lm("Reaction ~ Days", sleep, reml=reml)
    assert fit.coefficients(ddf=ddf)["df"].tolist() == [178.0, 178.0]
    assert fit.test("Days = 0", ddf=ddf).den_df == 178.0


def test_it_is_the_mixed_model_with_a_variance_of_zero(sleep: pd.DataFrame) -> None:
    rng = np.random.default_rng(3)
    data = sleep.assign(g=rng.integers(0, 12, len(sleep)), y=rng.normal(size=len(sleep)))
    data["y"] -= data.groupby("g")["y"].transform("mean")
    mixed = rn.lmm("y ~ Days + (1 | g)", data)
    assert mixed.certificate.rank == {"g": 0}
    plain = rn.lm("y ~ Days", data)
    np.testing.assert_allclose(plain.loglik, mixed.loglik, rtol=1e-12)
    np.testing.assert_allclose(plain.vcov, mixed.vcov, rtol=1e-10)
    np.testing.assert_allclose(plain.leverage, mixed.leverage, rtol=1e-10)
    new = {"Days": [0.0, 4.5]}
    # Without random effects there is no variance to be uncertain of.
    for interval in ("confidence", "prediction"):
        np.testing.assert_allclose(
            plain.predict(new, interval=interval),
            mixed.predict(
                {**new, "g": [0, 0]},
                interval=interval,
                level="population",
                uncertainty="known variances",
                ddf="satterthwaite",
            ),
            rtol=1e-9,
            atol=1e-14,
        )


def test_an_offset_and_dropped_columns(sleep: pd.DataFrame) -> None:
    data = sleep.assign(twice=2 * sleep["Days"], known=0.5 * sleep["Days"])
    fit = rn.lm("Reaction ~ Days + twice", data, offset="known")
    assert fit.dropped == ("twice",)
    other = rn.lm("Reaction ~ Days", sleep)
    assert fit.fixef["Days"] == pytest.approx(other.fixef["Days"] - 0.5, rel=1e-11)
    assert fit.loglik == pytest.approx(other.loglik, rel=1e-13)


def test_digits_that_cross_products_lose() -> None:
    """Residuals a ten-millionth of the trend: sums over rows know them, cross-products do not."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=200)
    e = rng.normal(size=200)
    e -= np.polyval(np.polyfit(x, e, 1), x)
    fit = rn.lm("y ~ x", {"y": 1e7 * x + e, "x": x})
    # y itself is rounded at 1e7 * 2^-53, which is 1e-9 of a residual.
    assert fit.sigma == pytest.approx(np.sqrt(e @ e / 198), rel=1e-7)


def test_presented_compared_and_pickled(sleep: pd.DataFrame) -> None:
    plain = rn.lm("Reaction ~ Days", sleep)
    mixed = rn.lmm("Reaction ~ Days + (Days | Subject)", sleep)
    page = str(plain)
    assert "Linear model without random effects" in page
    assert "Residual variance" in page
    assert "groups" not in page
    assert "Days" in str(rn.compare(plain, mixed))
    assert plain.tidy("ran_pars")["term"].tolist() == ["sd__Observation"]
    assert plain.ranef() == {}
    assert pickle.loads(pickle.dumps(plain)).loglik == plain.loglik
    assert plain.profile().confint().shape == (3, 2)
    assert repr(plain) == "<Fit Reaction ~ Days by REML: 180 rows; interior optimum>"


def test_a_bootstrap_refits_least_squares(sleep: pd.DataFrame) -> None:
    fit = rn.lm("Reaction ~ Days", sleep)
    boot = fit.bootstrap(60, seed=4)
    assert boot.replicates.columns[:3].tolist() == ["Intercept", "Days", "sigma"]
    y = fit.simulate(60, seed=4)[7]
    assert boot.replicates.loc[7, "Days"] == pytest.approx(np.polyfit(sleep["Days"], y, 1)[0])


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (lambda f, d: rn.lm("Reaction ~ Days + (1 | Subject)", d), "no random part"),
        (lambda f, d: f.diagnose(), "needs random effects"),
        (lambda f, d: f.ranef_vcov(), "needs random effects"),
        (lambda f, d: f.plot.caterpillar(), "no random effects to draw"),
        (lambda f, d: f.plot.slopes(), "no random effects to draw"),
        (lambda f, d: f.bootstrap(3, "cluster"), "has no refits"),
        (lambda f, d: rn.lm("Reaction ~ Days", d[:2]), "no more rows than coefficients"),
        (lambda f, d: rn.lm("twice ~ Days", d.assign(twice=2 * d["Days"])), "exactly"),
        (lambda f, d: rn.lm("Reaction ~ Dys", d), "unknown column"),
    ],
)
def test_what_cannot_be_is_said(call: Any, what: str, sleep: pd.DataFrame) -> None:
    fit = rn.lm("Reaction ~ Days", sleep)
    with pytest.raises(rn.RanefError, match=what):
        call(fit, sleep)


def test_a_mixed_formula_without_groups_names_lm(sleep: pd.DataFrame) -> None:
    with pytest.raises(rn.FormulaError, match="no random part") as caught:
        rn.lmm("Reaction ~ Days", sleep)
    assert "rn.lm(formula, data)" in caught.value.fix
