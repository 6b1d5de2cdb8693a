"""What every kind of fit inherits, at a kind whose estimates have closed forms."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from tests.fit.second_kind import FORMULA, LOGIT, SecondFit, data, expit, second

import ranef as rn
from ranef.errors import OptionError
from ranef.fit import MixedFit
from ranef.fit.mixed_record import MixedRecord
from ranef.fit.stored import LOADERS
from ranef.inference.means.response import IDENTITY
from ranef.present.results.tests_text import terms_text


@pytest.fixture(scope="module")
def fit() -> SecondFit:
    return second(FORMULA)


@pytest.fixture(scope="module")
def linear() -> rn.Fit:
    return rn.lmm(FORMULA, data())


def test_both_kinds_are_of_one_base(fit: SecondFit, linear: rn.Fit) -> None:
    assert isinstance(fit, MixedFit)
    assert isinstance(linear, MixedFit)
    assert not isinstance(fit, rn.Fit)
    shared = {n for n, _ in inspect.getmembers(MixedFit) if not n.startswith("_")}
    assert {"emmeans", "anova", "test", "slopes", "varcorr", "ranef", "tidy", "save"} <= shared
    assert not {"robust", "with_reml", "caic", "r2", "profile"} & shared


def test_a_kind_has_to_be_complete() -> None:
    with pytest.raises(TypeError, match="abstract"):
        type("Half", (MixedRecord,), {})()


def test_coefficients_have_z_tests(fit: SecondFit) -> None:
    table = fit.coefficients(level=0.9)
    assert np.isinf(table["df"]).all()
    se = np.sqrt(np.diag(fit.vcov))
    z = fit.fixef / se
    np.testing.assert_allclose(table["statistic"], z, rtol=1e-12)
    np.testing.assert_allclose(table["p_value"], 2 * stats.norm.sf(np.abs(z)), rtol=1e-9)
    np.testing.assert_allclose(table["conf_high"], fit.fixef + 1.6448536269514722 * se, rtol=1e-12)
    pd.testing.assert_frame_equal(fit.confint(level=0.9), table[["conf_low", "conf_high"]])
    pd.testing.assert_frame_equal(fit.coefficients("asymptotic", 0.9), table)


def test_summary_speaks_of_z_and_of_no_residual(fit: SecondFit) -> None:
    page = str(fit.summary())
    title = "Generalised linear mixed model (logit link) fitted by maximum likelihood (Laplace"
    assert page.startswith(title)
    assert "Fixed effects (z tests)" in page
    head = next(line for line in page.splitlines() if "Estimate" in line)
    assert head.split() == ["Estimate", "SE", "z", "p"]
    assert "Residual " not in page
    assert "Residual" not in fit._repr_html_().replace("Scaled residuals", "")


def test_a_model_without_random_effects_has_no_table_of_them(fit: SecondFit) -> None:
    bare = replace(
        fit,
        _problem=replace(fit._problem, terms=(), labels=()),
        _estimates=replace(fit._estimates, covariances=()),
        _solution=replace(fit._solution, theta=np.zeros(0)),
    )
    assert "Variance" not in str(bare.summary())
    assert "Variance" not in bare._repr_html_()
    assert "Variance" in fit._repr_html_()


@pytest.mark.parametrize("type", [1, 2, 3])
def test_terms_have_chi_squared_tests(fit: SecondFit, linear: rn.Fit, type: Any) -> None:
    table = fit.anova(type)
    assert list(table.columns) == ["statistic", "df", "p_value"]
    beta, v = fit._estimates.beta, fit._estimates.vcov
    for name, rows in zip(*(lambda t: (t.names, t.rows))(linear._of_terms(type)), strict=True):
        wald = rows @ beta @ np.linalg.solve(rows @ v @ rows.T, rows @ beta)
        assert table.loc[name, "statistic"] == pytest.approx(wald, rel=1e-9)
        assert table.loc[name, "df"] == rows.shape[0]
        assert table.loc[name, "p_value"] == pytest.approx(
            stats.chi2.sf(wald, rows.shape[0]), rel=1e-9
        )
    text = terms_text(table, type, "")
    assert text.startswith(f"Wald tests of the terms, type {type}")
    assert "chi2  df" in text


def test_hypotheses_are_tested_by_chi_squared(fit: SecondFit) -> None:
    test = fit.test("f[T.b] = 0, f[T.c] = f[T.b]")
    rows = np.zeros((2, 7))
    rows[0, 1], rows[1, 2], rows[1, 1] = 1.0, 1.0, -1.0
    apart = rows @ fit._estimates.beta
    wald = apart @ np.linalg.solve(rows @ fit._estimates.vcov @ rows.T, apart)
    assert test.statistic == pytest.approx(wald, rel=1e-9)
    assert (test.num_df, test.den_df) == (2, np.inf)
    assert test.p_value == pytest.approx(stats.chi2.sf(wald, 2), rel=1e-9)
    assert np.isinf(test.frame["df"]).all()
    page = str(test)
    assert page.startswith(f"chi2(2) = {wald:.2f}, p ")
    assert "(Wald test)" in page
    assert " df " not in page
    assert page.splitlines()[2].split() == ["Hypothesis", "Estimate", "Value", "SE", "z", "p"]


def test_one_sided_hypotheses_are_z_tests(fit: SecondFit) -> None:
    test = fit.test("x > 0")
    assert test.p_value == pytest.approx(stats.norm.sf(test.statistic), rel=1e-9)
    assert str(test).startswith("z = ")
    assert "one-sided p" in str(test)


def test_beside_a_linear_model(fit: SecondFit, linear: rn.Fit) -> None:
    table = rn.compare(linear, fit)
    frame = table.to_frame()
    assert np.isnan(frame.loc[("variances", "Var: Residual"), ("Model 2", "estimate")])
    assert frame.loc[("variances", "Var: Residual"), ("Model 1", "estimate")] > 0
    assert frame.loc[("variances", "Var: g x"), ("Model 2", "estimate")] == pytest.approx(0.25)
    text = " ".join(str(table).split())
    assert "z tests of Model 2" in text
    assert "densities: AIC, BIC and Log Likelihood do not compare" in text
    alone = str(rn.compare(fit, second("hit ~ x + (1 | g)")))
    assert "(z tests)" in alone
    assert "Residual" not in alone
    assert "densities" not in alone


def test_tests_between_models_need_one_kind(fit: SecondFit, linear: rn.Fit) -> None:
    with pytest.raises(OptionError, match="one kind"):
        rn.anova(linear, fit)
    with pytest.raises(OptionError, match="two models or more"):
        rn.anova(fit)
    assert list(rn.anova(fit, second("hit ~ x + (1 | g)"))["npar"]) == [10, 3]


def test_variances_have_no_residual(fit: SecondFit) -> None:
    assert set(fit.varcorr()["group"]) == {"g"}
    np.testing.assert_allclose(fit.varcorr()["sd"], [0.5, 0.5, 0.0], atol=1e-12)
    assert not fit.tidy("ran_pars")["term"].str.contains("Observation").any()
    assert fit.sigma is None
    row = fit.glance().iloc[0]
    assert np.isnan(row["sigma"])
    assert row["deviance"] == fit.deviance
    assert row["method"] == "ML"
    keys = fit.__maketables_default_stat_keys__
    assert "SD (x | g)" in keys
    assert not any("Residual" in key for key in keys)
    assert fit.__maketables_stat__("AIC (ML)") == fit.aic


def test_modes_and_coefficients_by_level(fit: SecondFit) -> None:
    modes = fit.ranef()["g"]
    assert modes["x"].iloc[1] == pytest.approx(0.3)
    np.testing.assert_allclose(modes["x_sd"], 0.2, rtol=1e-12)
    coef = fit.coef()["g"]
    np.testing.assert_allclose(coef["x"] - modes["x"], fit.fixef["x"], rtol=1e-12)
    assert fit.ranef_vcov("g").shape == (24, 2)
    values = fit.tidy("ran_vals")
    assert len(values) == 24


def test_rows_on_the_scale_of_the_response(fit: SecondFit) -> None:
    rows = fit.augment()
    np.testing.assert_allclose(rows[".fitted"] + rows[".resid"], data()["hit"], rtol=1e-12)
    x = fit.model_matrix().to_numpy()
    np.testing.assert_allclose(rows[".fixed"], expit(x @ fit._estimates.beta), rtol=1e-12)
    assert rows[".hat"].isna().all()


def test_exponentiated_coefficients_are_odds_ratios(fit: SecondFit) -> None:
    plain, ratios = fit.tidy(), fit.tidy(exponentiate=True)
    for column in ("estimate", "conf_low", "conf_high"):
        np.testing.assert_allclose(ratios[column], np.exp(plain[column]), rtol=1e-12)
    np.testing.assert_allclose(
        ratios["std_error"], np.exp(plain["estimate"]) * plain["std_error"], rtol=1e-12
    )
    pd.testing.assert_series_equal(ratios["p_value"], plain["p_value"])
    with pytest.raises(OptionError, match="fixed effects"):
        fit.tidy("ran_pars", exponentiate=True)
    with pytest.raises(OptionError, match="Wald intervals"):
        fit.tidy(conf_method="profile", exponentiate=True)


def test_a_linear_model_of_logarithms_has_ratios(linear: rn.Fit) -> None:
    logs = rn.lmm("log(time) ~ f + (1 | g)", data())
    ratios = logs.tidy(exponentiate=True)
    np.testing.assert_allclose(ratios["estimate"], np.exp(logs.fixef), rtol=1e-12)
    with pytest.raises(OptionError, match="identity link"):
        linear.tidy(exponentiate=True)


def test_a_contextual_effect_is_a_contrast_of_coefficients() -> None:
    frame = data()
    found = second("hit ~ x + (1 | g)", LOGIT, frame).contextual("x")
    mean = frame.groupby("g")["x"].transform("mean")
    split = second(
        "hit ~ own + mean + (1 | g)", LOGIT, frame.assign(own=frame["x"] - mean, mean=mean)
    )
    test = split.test("mean = own").frame.iloc[0]
    assert found.estimate == pytest.approx(test["estimate"], rel=1e-8)
    assert found.std_error == pytest.approx(test["std_error"], rel=1e-8)
    assert found.p_value == pytest.approx(test["p_value"], rel=1e-6)
    assert ", z = " in str(found)
    assert " df" not in str(found)


REFUSED: dict[str, tuple[Callable[[SecondFit], Any], str]] = {
    "ddf": (lambda f: f.coefficients("kenward-roger"), "no degrees of freedom"),
    "ddf of means": (lambda f: f.emmeans("f", ddf="satterthwaite"), "no degrees of freedom"),
    "unknown ddf": (lambda f: f.anova(ddf="sat"), "unknown method 'sat'"),
    "ddf of another type": (lambda f: f.test("x", ddf=3), "unknown method 3"),
    "vcov": (lambda f: f.summary(vcov="CR2"), "robust standard errors are for linear models"),
    "standardize": (lambda f: f.tidy(standardize="refit"), "for linear models"),
    "standardize within": (lambda f: f.tidy(standardize="within"), "for linear models"),
    "effect size": (lambda f: f.emmeans("f").pairs().effect_size(), "for linear models"),
    "profile": (lambda f: f.confint("profile"), "method"),
    "shrinkage": (lambda f: f.plot.shrinkage(), "linear models only"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_only_linear_models_have_is_refused(fit: SecondFit, what: str) -> None:
    ask, words = REFUSED[what]
    with pytest.raises(OptionError, match=words) as told:
        ask(fit)
    assert told.value.fix


def test_unknown_names_say_the_kind(fit: SecondFit) -> None:
    with pytest.raises(AttributeError, match="'SecondFit' object has no attribute 'robust'"):
        _ = fit.robust
    assert repr(fit).startswith("<SecondFit hit ~ f * x")


def test_a_file_is_read_by_the_loader_of_its_kind(
    fit: SecondFit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m.ranef"
    fit.save(path)
    with pytest.raises(rn.DataError, match="not a fit that ranef has saved"):
        rn.load(path)
    monkeypatch.setitem(LOADERS, "second fit", "tests.fit.second_kind")
    again = rn.load(path)
    assert isinstance(again, SecondFit)
    pd.testing.assert_series_equal(again.fixef, fit.fixef)


def test_a_pickle_leaves_the_call_out(fit: SecondFit) -> None:
    called = replace(fit, _spec=replace(fit._spec, given={"data": object}))
    state = called.__getstate__()
    assert state["_spec"].given is None
    assert set(state) == {"_spec", "_data", "_problem", "_solution", "_estimates", "_scale"} | {
        "findings",
        "_kept",
    }
    plain = replace(fit, _scale=IDENTITY)
    assert pickle.loads(pickle.dumps(plain)).fixef.equals(fit.fixef)
