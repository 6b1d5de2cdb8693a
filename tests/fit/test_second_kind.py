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
from tests.fit.second_kind import LOG, LOGIT, SecondFit, data, expit, second

import ranef as rn
from ranef.errors import OptionError
from ranef.fit import MixedFit
from ranef.fit.mixed_record import MixedRecord
from ranef.fit.stored import LOADERS
from ranef.inference.means.response import IDENTITY, ResponseScale
from ranef.present.results.tests_text import terms_text

PROBIT = ResponseScale("probit", stats.norm.cdf, stats.norm.pdf, lambda e: -e * stats.norm.pdf(e))


@pytest.fixture(scope="module")
def fit() -> SecondFit:
    return second("hit ~ f * x + h + (1 + x | g)")


@pytest.fixture(scope="module")
def linear() -> rn.Fit:
    return rn.lmm("hit ~ f * x + h + (1 + x | g)", data())


@pytest.fixture(scope="module")
def cells() -> pd.DataFrame:
    return data().groupby("f", observed=True)["hit"].agg(["sum", "count"])


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


def test_means_of_the_response_are_proportions(cells: pd.DataFrame) -> None:
    # With one category alone the likelihood equations say that fitted and observed sums agree.
    fit = second("hit ~ f + (1 | g)")
    p, n = (cells["sum"] / cells["count"]).to_numpy(), cells["count"].to_numpy()
    link = fit.emmeans("f", level=0.9)
    eta, se = np.log(p / (1 - p)), 1.0 / np.sqrt(n * p * (1 - p))
    np.testing.assert_allclose(link["estimate"], eta, rtol=1e-9)
    np.testing.assert_allclose(link["std_error"], se, rtol=1e-9)
    means = link.response
    np.testing.assert_allclose(means["estimate"], p, rtol=1e-9)
    np.testing.assert_allclose(means["std_error"], np.sqrt(p * (1 - p) / n), rtol=1e-9)
    z = stats.norm.ppf(0.95)
    np.testing.assert_allclose(means["conf_low"], expit(eta - z * se), rtol=1e-9)
    np.testing.assert_allclose(means["conf_high"], expit(eta + z * se), rtol=1e-9)
    assert means.response is means
    assert str(link).startswith("Marginal means of hit (log odds)")
    assert str(means).startswith("Marginal means of hit (probability)")
    assert "Random effects are zero" in str(means)
    assert "Random effects are zero" not in str(link)
    for page in (str(link), str(means)):
        assert page.splitlines()[2].split() == ["f", "Estimate", "SE", "Low", "High"]
        assert "90% intervals; normal distribution." in page


def test_contrasts_on_the_response_are_odds_ratios(cells: pd.DataFrame) -> None:
    fit = second("hit ~ f + (1 | g)")
    hits, misses = cells["sum"], cells["count"] - cells["sum"]
    link = fit.emmeans("f").pairs("none")
    ratios = link.response
    assert list(link["contrast"]) == ["a - b", "a - c", "b - c"]
    assert list(ratios["contrast"]) == ["a / b", "a / c", "b / c"]
    for k, (one, other) in enumerate([("a", "b"), ("a", "c"), ("b", "c")]):
        odds = (hits[one] / misses[one]) / (hits[other] / misses[other])
        se = np.sqrt((1 / hits + 1 / misses)[[one, other]].sum())
        row = ratios.frame.iloc[k]
        assert row["estimate"] == pytest.approx(odds, rel=1e-9)
        assert row["std_error"] == pytest.approx(odds * se, rel=1e-9)
        assert row["conf_low"] == pytest.approx(
            odds * np.exp(-stats.norm.ppf(0.975) * se), rel=1e-9
        )
        assert row["statistic"] == pytest.approx(np.log(odds) / se, rel=1e-9)
    pd.testing.assert_series_equal(ratios["p_value"], link["p_value"])
    assert str(ratios).startswith("Contrasts of marginal means of hit (odds ratio)")
    assert str(ratios).splitlines()[2].split() == ["Contrast", "Estimate", "SE", "z", "p"]
    again = fit.emmeans("f").response.pairs("none")
    pd.testing.assert_frame_equal(again.frame, ratios.frame)
    assert link.joint()["statistic"][0] == pytest.approx(fit.anova(3).loc["f", "statistic"], 1e-9)


def test_adjusted_limits_are_transformed() -> None:
    made = second("hit ~ f + (1 | g)").emmeans("f").contrast("treatment")
    assert "multivariate normal distribution" in str(made)
    for end in ("conf_low", "conf_high"):
        np.testing.assert_allclose(made.response[end], np.exp(made[end]), rtol=1e-12)
    assert list(made.response["contrast"]) == ["b / a", "c / a"]


def test_slopes_of_the_predictor_become_ratios(fit: SecondFit) -> None:
    trends = fit.emtrends("x", by="f")
    np.testing.assert_allclose(trends.response["estimate"], np.exp(trends["estimate"]), rtol=1e-12)
    assert str(trends.response).startswith("Slopes of hit in x (odds ratio for one unit)")
    assert "Random effects are zero" not in str(trends.response)


def test_a_link_without_ratios_refuses_them() -> None:
    fit = replace(second("hit ~ f + (1 | g)"), _scale=PROBIT)
    means = fit.emmeans("f")
    np.testing.assert_allclose(means.response["estimate"], stats.norm.cdf(means["estimate"]))
    with pytest.raises(OptionError, match="no ratio"):
        _ = means.pairs().response
    with pytest.raises(OptionError, match="probit link"):
        fit.tidy(exponentiate=True)


def test_limits_keep_their_order_through_a_falling_link() -> None:
    inverse = ResponseScale("inverse", lambda e: 1 / e, lambda e: -(e**-2.0), lambda e: 2 * e**-3.0)
    fit = replace(second("hit ~ f + (1 | g)"), _scale=inverse)
    means = fit.emmeans("f", at={"f": ["b"]}).response
    assert (means["conf_low"] < means["estimate"]).all()
    assert (means["estimate"] < means["conf_high"]).all()
    assert (means["std_error"] > 0).all()


def test_linear_means_are_on_the_response_already(linear: rn.Fit) -> None:
    means = linear.emmeans("f")
    assert means.response is means
    pairs = means.pairs()
    assert pairs.response is pairs
    assert "(log odds)" not in str(means)


Average = Callable[[np.ndarray], np.ndarray]


def gradient(function: Average, beta: np.ndarray) -> np.ndarray:
    """Derivatives by differences of fourth order: the error is some 1e-11 of the function."""
    step = 1e-3
    columns = []
    for k in range(beta.size):
        e = np.zeros(beta.size)
        e[k] = step
        near = function(beta + e) - function(beta - e)
        far = function(beta + 2 * e) - function(beta - 2 * e)
        columns.append((8 * near - far) / (12 * step))
    return np.stack(columns, axis=-1)


def check(table: pd.DataFrame, function: Average, fit: SecondFit) -> None:
    beta, v = fit._estimates.beta, fit._estimates.vcov
    np.testing.assert_allclose(table["estimate"], function(beta), rtol=1e-10)
    j = gradient(function, beta)
    np.testing.assert_allclose(
        table["std_error"], np.sqrt(np.einsum("ij,jk,ik->i", j, v, j)), rtol=1e-7
    )
    assert np.isinf(table["df"]).all()


def within(values: np.ndarray, frame: pd.DataFrame, by: str) -> np.ndarray:
    return np.array([values[frame[by] == level].mean() for level in frame[by].cat.categories])


def test_predictions_average_means(fit: SecondFit) -> None:
    frame = data()
    x = fit.model_matrix().to_numpy()
    check(fit.predictions("h"), lambda b: within(expit(x @ b), frame, "h"), fit)
    # A canonical link with an intercept: fitted and observed means agree.
    assert fit.predictions()["estimate"][0] == pytest.approx(frame["hit"].mean(), rel=1e-9)


def test_comparisons_average_differences_of_means(fit: SecondFit) -> None:
    frame = data()

    def at(level: str) -> np.ndarray:
        moved = frame.assign(f=pd.Categorical([level] * len(frame), ["a", "b", "c"]))
        return fit.model_matrix(moved).to_numpy()

    a, b, c = map(at, "abc")
    check(
        fit.comparisons("f"),
        lambda beta: np.array([np.mean(expit(end @ beta) - expit(a @ beta)) for end in (b, c)]),
        fit,
    )
    x, later = (fit.model_matrix(frame.assign(x=frame["x"] + d)).to_numpy() for d in (0.0, 1.0))
    check(
        fit.comparisons("x", by="f"),
        lambda beta: within(expit(later @ beta) - expit(x @ beta), frame, "f"),
        fit,
    )


def test_slopes_average_derivatives_of_means(fit: SecondFit) -> None:
    frame = data()
    low, high = (fit.model_matrix(frame.assign(x=frame["x"] + d)).to_numpy() for d in (-1.0, 1.0))
    along, x = 0.5 * (high - low), 0.5 * (high + low)  # X is linear in x

    def slopes(beta: np.ndarray) -> np.ndarray:
        p = expit(x @ beta)
        return within(p * (1 - p) * (along @ beta), frame, "h")

    check(fit.slopes("x", by="h"), slopes, fit)


def test_offsets_move_with_their_variable() -> None:
    frame = data()
    fit = second("count ~ f + offset(log(time)) + (1 | g)", LOG, frame)
    x, time = fit.model_matrix().to_numpy(), frame["time"].to_numpy()
    check(fit.predictions("f"), lambda b: within(time * np.exp(x @ b), frame, "f"), fit)
    other = fit.model_matrix(frame.assign(f=pd.Categorical(["a"] * 240, list("abc")))).to_numpy()
    b_end = fit.model_matrix(frame.assign(f=pd.Categorical(["b"] * 240, list("abc")))).to_numpy()
    check(
        fit.comparisons("f").iloc[:1],
        lambda b: np.array([np.mean(time * (np.exp(b_end @ b) - np.exp(other @ b)))]),
        fit,
    )
    assert fit.emmeans("f").pairs().response._unit == "rate ratio"


def test_moved_offsets_count_in_comparisons_and_slopes() -> None:
    frame = data()
    fit = second("count ~ time + f + offset(log(time)) + (1 | g)", LOG, frame)
    x, later = (fit.model_matrix(frame.assign(time=frame["time"] + d)).to_numpy() for d in (0, 1))
    time = frame["time"].to_numpy()
    check(
        fit.comparisons("time"),
        lambda b: np.array([np.mean((time + 1) * np.exp(later @ b) - time * np.exp(x @ b))]),
        fit,
    )
    check(
        fit.slopes("time"),
        lambda b: np.array([np.mean(time * np.exp(x @ b) * (b[1] + 1 / time))]),
        fit,
    )


def test_averages_through_the_identity_are_linear(linear: rn.Fit) -> None:
    """The path through a link, at a link that does nothing, is the linear one."""
    fit = replace(second("hit ~ f * x + h + (1 + x | g)"), _scale=IDENTITY)
    curved = replace(IDENTITY, link="named otherwise")
    other = replace(fit, _scale=curved)
    for ask in ("predictions", "comparisons", "slopes"):
        given = () if ask == "predictions" else ("x",)
        one, two = (getattr(f, ask)(*given, by="f") for f in (fit, other))
        pd.testing.assert_frame_equal(one, two, rtol=1e-10)


def test_what_the_data_do_not_determine_is_nan_through_a_link() -> None:
    frame = data().assign(x2=lambda d: 2 * d["x"] + 1)
    fit = second("hit ~ x + x2 + f + (1 | g)", LOGIT, frame)
    assert fit.dropped == ("x2",)
    with pytest.warns(rn.NotEstimableWarning):
        table = fit.comparisons("x")
    assert table["estimate"].isna().all()
    assert table["std_error"].isna().all()
    with pytest.warns(rn.NotEstimableWarning):
        assert fit.slopes("x")["estimate"].isna().all()
    assert fit.comparisons("f")["estimate"].notna().all()


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


def test_effects_in_a_unit_of_the_users(fit: SecondFit) -> None:
    pairs = fit.emmeans("f").pairs()
    np.testing.assert_allclose(
        pairs.effect_size(sigma=2.0)["estimate"], pairs["estimate"] / 2, rtol=1e-12
    )


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


def test_ratios_are_drawn_about_one(fit: SecondFit) -> None:
    from matplotlib.figure import Figure

    pairs = fit.emmeans("f").pairs()
    ax = pairs.response.plot(ax=Figure().subplots())
    assert ax.get_xscale() == "log"
    assert ax.lines[0].get_xdata()[0] == 1.0
    assert "(odds ratio)" in (ax.get_title() or ax.get_title(loc="left"))
    plain = pairs.plot(ax=Figure().subplots())
    assert plain.get_xscale() == "linear"
    assert plain.lines[0].get_xdata()[0] == 0.0
