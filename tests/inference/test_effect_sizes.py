"""Shares of the variance and standardised coefficients: definitions, laws, refusals."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import ranef as rn


@cache
def hsb() -> pd.DataFrame:
    return rn.center(rn.datasets.load("hsb"), "ses", by="sch.id")


@cache
def fit_of(formula: str, weights: str | None = None) -> rn.Fit:
    return rn.lmm(formula, data(), weights=weights)


def data() -> pd.DataFrame:
    """g in h, crossed with c; x varies everywhere, w between levels of h alone."""
    rng = np.random.default_rng(11)
    n = 240
    g = rng.integers(0, 40, size=n)
    h, c = g // 4, rng.integers(0, 6, size=n)
    x = rng.normal(size=n) + rng.normal(size=10)[h]
    w = rng.normal(size=10)[h]
    y = 1.0 + x - w + rng.normal(size=40)[g] + rng.normal(size=40)[g] * x + rng.normal(size=10)[h]
    y += rng.normal(size=6)[c] + rng.normal(size=n)
    v = rng.uniform(0.5, 2.0, size=n)
    f = pd.Categorical(np.array(["a", "b", "c"])[rng.integers(0, 3, size=n)])
    return pd.DataFrame(
        {"y": y, "x": x, "z": rng.normal(size=n), "w": w, "v": v, "f": f, "g": g, "h": h, "c": c}
    )


FORMULAS = [
    "y ~ x + w + (1 | g)",
    "y ~ x + w + (x | g)",
    "y ~ x + w + (x || g)",
    "y ~ x * f + (x | g) + (w | h)",
    "y ~ x + (f | g) + (1 | c)",
    "z ~ x + (x | g)",  # singular
]


@pytest.mark.parametrize("weights", [None, "v"])
@pytest.mark.parametrize("formula", FORMULAS)
def test_parts_by_their_definition(formula: str, weights: str | None) -> None:
    """Means of rows by matrices of rows by rows, for every grouping factor as `by`."""
    fit = fit_of(formula, weights)
    design, estimates = fit._design, fit._estimates
    eta, n = design.X @ estimates.beta, design.n
    cov = np.zeros((n, n))
    for term, d in zip(design.terms, estimates.covariances, strict=True):
        cov += (term.codes[:, None] == term.codes) * (term.Z @ d @ term.Z.T)
    for by in dict.fromkeys(term.factor for term in design.terms):
        codes = next(term.codes for term in design.terms if term.factor == by)
        same = (codes[:, None] == codes).astype(float)
        average = same / same.sum(axis=1)
        means = average @ eta
        m = np.mean(np.diag(average @ cov @ average.T))
        truth = {
            "fixed_within": np.sum((eta - means) ** 2) / (n - 1),
            "fixed_between": np.sum((means - eta.mean()) ** 2) / (n - 1),
            "random_within": np.mean(np.diag(cov)) - m,
            "random_between": m,
            "residual": fit.sigma**2,
        }
        variance = fit.r2(by).frame["variance"]
        for part, value in truth.items():
            assert variance[part] == pytest.approx(value, rel=1e-9, abs=1e-11)


@pytest.mark.parametrize("formula", FORMULAS)
def test_parts_add_up(formula: str) -> None:
    fit = fit_of(formula)
    r2, icc = fit.r2(), fit.icc()
    frame = r2.frame
    for column in ("of_total", "of_within", "of_between"):
        assert frame[column].sum() == pytest.approx(1.0, rel=1e-12)
    fixed = frame.loc[["fixed_within", "fixed_between"], "of_total"].sum()
    assert r2.marginal == pytest.approx(fixed, rel=1e-12)
    assert 1.0 - r2.conditional == pytest.approx(frame.loc["residual", "of_total"], rel=1e-12)
    assert icc.by_group.sum() == pytest.approx(icc.adjusted, rel=1e-12)
    assert icc.unadjusted == pytest.approx(r2.conditional - r2.marginal, rel=1e-9)


def test_a_random_intercept_has_its_textbook_correlation() -> None:
    fit = fit_of("y ~ x + w + (1 | g)")
    variance = fit.varcorr()["variance"]
    assert fit.icc().adjusted == pytest.approx(variance[0] / variance.sum(), rel=1e-12)
    assert fit.r2().frame.loc["random_within", "variance"] == pytest.approx(0.0, abs=1e-12)


def test_units_and_origins_do_not_matter() -> None:
    one = fit_of("y ~ x + w + (x | g)").r2()
    moved = data()
    moved["x"] = 1e3 * moved["x"] + 1e6
    two = rn.lmm("y ~ x + w + (x | g)", moved).r2()
    np.testing.assert_allclose(two.frame["of_total"], one.frame["of_total"], rtol=1e-5, atol=1e-9)


def test_cluster_mean_centred_formulas() -> None:
    """Rights and Sterba (2019), table 1: covariances of predictors within and between groups."""
    fit = rn.lmm("math ~ ses_within * sector + ses_between + (ses_within | sch.id)", hsb())
    beta, x = fit.fixef, fit._design.X
    names = list(beta.index)
    frame = fit.r2().frame["variance"]
    within = [names.index(name) for name in ("ses_within", "ses_within:sector")]
    between = [names.index(name) for name in ("sector", "ses_between")]
    for part, places in (("fixed_within", within), ("fixed_between", between)):
        b = beta.iloc[places].to_numpy()
        assert frame[part] == pytest.approx(b @ np.cov(x[:, places].T) @ b, rel=1e-12)
    tau = fit.varcorr()["variance"]
    assert frame["random_between"] == pytest.approx(tau[0], rel=1e-12)
    v = tau[1] * np.var(x[:, names.index("ses_within")])
    assert frame["random_within"] == pytest.approx(v, rel=1e-9)


def test_default_groups() -> None:
    assert fit_of("y ~ x * f + (x | g) + (w | h)").r2().by == "h"
    assert fit_of("y ~ x + (f | g) + (1 | c)").r2().by == "c"


def test_pages() -> None:
    fit = fit_of("y ~ x + w + (x | g)")
    page = str(fit.r2())
    assert page.startswith(f"R2: {fit.r2().marginal:.3f} marginal")
    assert "random effects, between groups (m)" in page
    assert "Groups: g." in fit.r2()._repr_html_()
    assert f"{fit.icc().adjusted:.3f} adjusted" in str(fit.icc())
    assert "<table" in fit.icc()._repr_html_()


# -- standardised coefficients -------------------------------------------------------------------
def test_refit_is_the_fit_to_standardised_data() -> None:
    frame = data()
    fit = rn.lmm("y ~ x * w + I(x^2) + f + (x | g)", frame)
    for name in ("y", "x", "w"):
        frame[name] = (frame[name] - frame[name].mean()) / frame[name].std()
    again = rn.lmm("y ~ x * w + I(x^2) + f + (x | g)", frame)
    for effects in ("fixed", "ran_pars"):
        columns = ["estimate"] if effects == "ran_pars" else ["estimate", "std_error", "df"]
        np.testing.assert_allclose(
            fit.tidy(effects, standardize="refit")[columns],
            again.tidy(effects)[columns],
            rtol=1e-6,
        )


def test_truth_values_stay_as_they_are() -> None:
    """As categories do: their coefficient is that of True against False."""
    frame = data()
    frame["flag"] = frame["w"] > frame["w"].median()
    frame["text"] = frame["flag"].map({False: "no", True: "yes"})
    truth, text = (
        rn.lmm(f"y ~ x * {name} + (x | g)", frame).tidy(standardize="refit")["estimate"]
        for name in ("flag", "text")
    )
    np.testing.assert_allclose(truth, text, rtol=1e-7)


def test_refit_is_a_linear_map_of_main_effects() -> None:
    """Slopes times the SD of the column over that of the response; tests stay."""
    frame = data()
    fit = rn.lmm("y ~ x + w + (x | g)", frame)
    refit, basic = fit.tidy(standardize="refit"), fit.tidy(standardize="basic")
    slopes = ["estimate", "std_error", "df", "p_value"]
    np.testing.assert_allclose(refit.loc[1:, slopes], basic.loc[1:, slopes], rtol=1e-5)
    scale = frame["x"].std() / frame["y"].std()
    assert basic.loc[1, "estimate"] == pytest.approx(fit.fixef["x"] * scale, rel=1e-12)
    assert basic.loc[0, ["estimate", "std_error", "conf_low"]].isna().all()


def test_group_means_of_the_formula_are_those_of_standardised_numbers() -> None:
    frame = hsb()
    fit = rn.lmm("math ~ within(ses, sch.id) + between(ses, sch.id) + (1 | sch.id)", frame)
    again = fit.tidy(standardize="refit")["estimate"]
    scale = frame["ses"].std() / frame["math"].std()
    np.testing.assert_allclose(again[1:], fit.fixef.iloc[1:] * scale, rtol=1e-6)


def test_offsets_and_missing_rows_are_standardised_too() -> None:
    frame = data()
    frame.loc[3, "y"] = np.nan
    fit = rn.lmm("y ~ x + offset(0.5 * w) + (1 | g)", frame)
    used = frame.drop(index=3)
    scale = used["x"].std() / used["y"].std()
    again = fit.tidy(standardize="refit")
    assert again.loc[1, "estimate"] == pytest.approx(fit.fixef["x"] * scale, rel=1e-6)


def test_within_groups_has_standard_deviations_within_and_between() -> None:
    frame = hsb()
    fit = rn.lmm("math ~ ses_within + ses_between + sector + (1 | sch.id)", frame)
    variance = fit.r2().frame["variance"]
    sd_within = np.sqrt(variance["fixed_within"] + variance["residual"])
    sd_between = np.sqrt(variance["fixed_between"] + variance["random_between"])
    table = fit.tidy(standardize="within").set_index("term")["estimate"]
    for name, sd in (("ses_within", sd_within), ("ses_between", sd_between)):
        expected = fit.fixef[name] * frame[name].std() / sd
        assert table[name] == pytest.approx(expected, rel=1e-9)


def test_robust_errors_of_standardised_coefficients() -> None:
    fit = rn.lmm("y ~ x + w + (x | g)", data())
    table = fit.tidy(standardize="basic", vcov="CR2")
    np.testing.assert_allclose(table["statistic"], fit.robust()["statistic"])


def test_dropped_columns_stay_missing() -> None:
    frame = data()
    frame["twice"] = 2.0 * frame["x"]
    table = rn.lmm("y ~ x + twice + (1 | g)", frame).tidy(standardize="basic")
    assert table["term"].tolist() == ["Intercept", "x", "twice"]
    assert np.isnan(table["estimate"].iloc[2])


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (lambda: fit_of(FORMULAS[0]).r2(by="c"), "unknown grouping factor 'c'"),
        (lambda: fit_of(FORMULAS[0]).tidy(standardize="beta"), "unknown standardize 'beta'"),
        (
            lambda: fit_of(FORMULAS[0]).tidy("ran_pars", standardize="basic"),
            "is for fixed effects",
        ),
        (
            lambda: fit_of("y ~ log(v) + (1 | g)").tidy(standardize="refit"),
            "no refit with standardised numbers",
        ),
        (
            lambda: fit_of("y ~ x + offset(x) + (1 | g)").tidy(standardize="refit"),
            "no refit with standardised numbers",
        ),
        (
            lambda: fit_of("y ~ x + (f | g) + (1 | c)").tidy(standardize="within"),
            "needs groups that the others are nested in",
        ),
        (
            lambda: rn.lmm("y ~ x + (x | g)", data(), prior=rn.priors.Wishart()).tidy(
                standardize="refit"
            ),
            "is for fits without priors",
        ),
    ],
)
def test_what_is_refused(call: Callable[[], Any], what: str) -> None:
    with pytest.raises(rn.OptionError, match=what) as caught:
        call()
    assert caught.value.fix
