"""Means, contrasts, slopes and averages through a link, at a kind with closed forms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from tests.fit.second_kind import FORMULA, LOG, LOGIT, PROBIT, SecondFit, data, expit, second

import ranef as rn
from ranef.errors import OptionError
from ranef.inference.means.response import IDENTITY, ResponseScale


@pytest.fixture(scope="module")
def fit() -> SecondFit:
    return second(FORMULA)


@pytest.fixture(scope="module")
def linear() -> rn.Fit:
    return rn.lmm(FORMULA, data())


@pytest.fixture(scope="module")
def cells() -> pd.DataFrame:
    return data().groupby("f", observed=True)["hit"].agg(["sum", "count"])


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
    fit = replace(second(FORMULA), _scale=IDENTITY)
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


def test_effects_in_a_unit_of_the_users(fit: SecondFit) -> None:
    pairs = fit.emmeans("f").pairs()
    np.testing.assert_allclose(
        pairs.effect_size(sigma=2.0)["estimate"], pairs["estimate"] / 2, rtol=1e-12
    )


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
