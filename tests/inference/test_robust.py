"""Cluster-robust standard errors against clubSandwich, against their definition, and by laws."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.inference.robust import KINDS

# clubSandwich 0.5.8 on fits of lme4 1.1-31 (bobyqa, rhoend 1e-12): vcovCR(), coef_test(test =
# "Satterthwaite"), Wald_test(test = "HTZ") of all coefficients but the intercept.
PEER = json.loads((Path(__file__).parent / "clubsandwich.json").read_text())


def sleep() -> pd.DataFrame:
    return rn.datasets.load("sleepstudy")


def pastes() -> pd.DataFrame:
    data = rn.datasets.load("pastes")
    data["x"] = (np.arange(1, len(data) + 1) * 7) % 11
    return data.drop(index=[0, 1, 6, 19, 32])


def hsb() -> pd.DataFrame:
    data = rn.center(rn.datasets.load("hsb"), "ses", by="sch.id")
    first = sorted(map(str, data["sch.id"].unique()))[:40]
    return data[data["sch.id"].astype(str).isin(first)]


MODELS: dict[str, Callable[[], tuple[str, pd.DataFrame, bool]]] = {
    "sleep": lambda: ("Reaction ~ Days + (Days | Subject)", sleep(), True),
    "sleep_unbalanced_ml": lambda: (
        "Reaction ~ Days + I(Days^2) + (Days | Subject)",
        sleep().drop(index=[*range(7), 14, *range(30, 36), 99]),
        False,
    ),
    "pastes_nested": lambda: ("strength ~ x + I(x^2) + (1 | batch / cask)", pastes(), True),
    "hsb40": lambda: (
        "math ~ ses_within * sector + ses_between + (ses_within | sch.id)",
        hsb(),
        True,
    ),
}


@cache
def fit_of(name: str) -> rn.Fit:
    formula, data, reml = MODELS[name]()
    return rn.lmm(formula, data, reml=reml)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", MODELS)
def test_as_clubsandwich(name: str, kind: str) -> None:
    """Errors, degrees of freedom, and F of all coefficients: R's optima are good to 1e-7."""
    fit, theirs = fit_of(name), PEER[name][kind]
    order = np.argsort([_place(n) for n in fit.vcov.index])  # R puts interactions last
    table = fit.robust(kind)
    np.testing.assert_allclose(table["std_error"].iloc[order], theirs["se"], rtol=1e-6)
    np.testing.assert_allclose(table["df"].iloc[order], theirs["df"], rtol=1e-6)
    rows = np.eye(len(table))[0 if name == "sleep" else 1 :]
    test = fit.test(rows, vcov=kind)
    assert test.statistic == pytest.approx(theirs["F"], rel=1e-5)
    assert test.den_df == pytest.approx(theirs["den"], rel=1e-6)
    assert test.p_value == pytest.approx(theirs["p"], rel=1e-4)


def _place(name: str) -> int:
    return name.count(":")


# -- the definition, with matrices of rows by rows -----------------------------------------------
def dense(fit: rn.Fit, codes: np.ndarray, kind: str, rows: np.ndarray) -> dict[str, Any]:
    """Pustejovsky and Tipton (2018), sections 2 and 3, V the model's covariance.

    Rows are scaled by the roots of their weights. clubSandwich refuses weights.
    """
    design, estimates = fit._design, fit._estimates
    w = np.sqrt(np.ones(design.n) if fit._weights is None else fit._weights)
    v = estimates.sigma**2 * np.eye(design.n)
    for term, d in zip(design.terms, estimates.covariances, strict=True):
        z = w[:, None] * term.Z
        v += (term.codes[:, None] == term.codes) * (z @ d @ z.T)
    x, count = w[:, None] * design.X, codes.max() + 1
    at = [np.flatnonzero(codes == j) for j in range(count)]
    inverse = np.zeros_like(v)
    for k in at:
        inverse[np.ix_(k, k)] = np.linalg.inv(v[np.ix_(k, k)])
    bread = np.linalg.inv(x.T @ inverse @ x)
    kept = np.eye(design.n) - x @ bread @ x.T @ inverse
    offset = 0.0 if fit._data.offset is None else fit._data.offset
    residual = w * (design.y - offset) - x @ estimates.beta
    scores, maps = [], []
    for k in at:
        a = np.eye(k.size)
        if kind == "CR2":
            d = np.linalg.cholesky(v[np.ix_(k, k)]).T
            values, vectors = np.linalg.eigh(d @ (kept[k] @ v @ kept[k].T) @ d.T)
            good = values > 1e-9 * values[-1]
            a = d.T @ (vectors[:, good] / np.sqrt(values[good])) @ vectors[:, good].T @ d
        half = bread @ x[k].T @ inverse[np.ix_(k, k)] @ a
        scores.append(half @ residual[k])
        maps.append(half @ kept[k])
    factor = count / (count - 1) if kind == "CR1" else 1.0
    vcov = factor * np.array(scores).T @ np.array(scores)
    df = []
    for row in np.eye(x.shape[1]):
        each = np.array([row @ m for m in maps])
        g = each @ v @ each.T
        df.append(np.trace(g) ** 2 / np.sum(g**2))
    turned = np.array([rows @ m for m in maps])
    mean = np.einsum("jsn,nm,jtm->st", turned, v, turned, optimize=True)
    values, vectors = np.linalg.eigh(mean)
    turned = np.einsum("st,jtn->jsn", (vectors / np.sqrt(values)) @ vectors.T, turned)
    g = np.einsum("jsn,nm,ktm->jkst", turned, v, turned, optimize=True)
    q, total = rows.shape[0], 0.0
    for s in range(q):
        for t in range(q):
            total += np.sum(g[:, :, s, s] * g[:, :, t, t] + g[:, :, s, t] * g[:, :, t, s])
    eta = q * (q + 1) / total
    b = rows @ estimates.beta
    f = (eta - q + 1) / (eta * q) * b @ np.linalg.solve(rows @ vcov @ rows.T, b)
    return {"vcov": vcov, "df": np.array(df), "f": f, "den_df": eta - q + 1}


def synthetic() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    n = 96
    g = np.sort(rng.integers(0, 24, size=n))
    h, top = g // 3, g // 6
    x, z = rng.normal(size=(2, n))
    y = 2.0 + x + rng.normal(size=24)[g] + rng.normal(size=24)[g] * x + rng.normal(size=8)[h]
    y += rng.normal(size=n)
    w = rng.uniform(0.5, 2.0, size=n)
    return pd.DataFrame({"y": y, "x": x, "z": z, "g": g, "h": h, "top": top, "w": w})


CASES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "slopes, weights": ("y ~ x + z + (x | g)", "g", {"weights": "w"}),
    "nested, weights": ("y ~ x + z + (x | g) + (1 | h)", "h", {"weights": "w"}),
    "two terms by ML": ("y ~ x + z + (1 | g) + (0 + x | g)", "g", {"reml": False}),
    "a coarser column": ("y ~ x + z + (1 | g)", "top", {}),
    "offset": ("y ~ x + offset(2 * z) + (1 | g)", "g", {}),
    "singular": ("z ~ x + (x | g)", "g", {}),
    "nearly collinear": ("y ~ x + I(x + 1e-5 * z) + (x | g)", "g", {}),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", CASES)
def test_as_defined(case: str, kind: str) -> None:
    formula, cluster, options = CASES[case]
    data = synthetic()
    fit = rn.lmm(formula, data, **options)
    codes = data[cluster].to_numpy()
    rows = np.eye(fit._design.p)[:2]
    truth = dense(fit, codes, kind, rows)
    method = fit._method("satterthwaite", {kind: codes})
    joint = method.joint(rows, rows @ fit._estimates.beta)
    # The definition inverts matrices of rows by rows, and X'V^-1 X as it comes.
    rtol = 1e-4 if case == "nearly collinear" else 1e-9
    np.testing.assert_allclose(method.vcov, truth["vcov"], rtol=rtol, atol=1e-13)
    np.testing.assert_allclose(method.df(np.eye(fit._design.p)), truth["df"], rtol=rtol)
    assert joint.statistic == pytest.approx(truth["f"], rel=rtol)
    assert joint.den_df == pytest.approx(truth["den_df"], rel=rtol)


# -- laws ----------------------------------------------------------------------------------------
def test_in_balanced_designs_cr2_is_the_models_error() -> None:
    fit = rn.lmm("Reaction ~ Days + (Days | Subject)", sleep())
    np.testing.assert_allclose(
        fit.robust("CR2")["std_error"], fit.coefficients()["std_error"], rtol=1e-6
    )
    np.testing.assert_allclose(fit.robust("CR2")["df"], 17.0, rtol=1e-10)


def test_one_row_is_the_square_of_its_t_test() -> None:
    fit = rn.lmm("y ~ x + z + (x | g)", synthetic())
    table = fit.robust()
    test = fit.test("x = 0", vcov="CR2")
    assert test.statistic == pytest.approx(table.loc["x", "statistic"] ** 2)
    assert test.den_df == pytest.approx(table.loc["x", "df"])
    assert test.p_value == pytest.approx(table.loc["x", "p_value"])


def test_the_basis_of_the_rows_does_not_matter() -> None:
    fit = rn.lmm("y ~ x + z + (x | g)", synthetic())
    one = fit.test("x = 0, z = 0", vcov="CR2")
    two = fit.test([[0, 1, 1], [0, 2, -1], [0, 3, 0]], vcov="CR2")
    assert (one.num_df, two.num_df) == (2, 2)
    assert one.statistic == pytest.approx(two.statistic)
    assert one.den_df == pytest.approx(two.den_df)


def test_units_do_not_matter() -> None:
    """Predictors of any size and origin, responses of any size."""
    data = synthetic()
    plain = rn.lmm("y ~ x + z + (x | g)", data).robust()
    data["x"], data["y"] = data["x"] * 1e6 + 3e6, data["y"] * 1e-4
    moved = rn.lmm("y ~ x + z + (x | g)", data).robust()
    np.testing.assert_allclose(moved.loc["x", "std_error"] * 1e10, plain.loc["x", "std_error"])
    np.testing.assert_allclose(moved.loc["x":, "df"], plain.loc["x":, "df"], rtol=1e-6)


def test_unbiased_where_the_model_is_right() -> None:
    """A S A = V, so that each cluster's residuals have the expected squares of its errors."""
    fit = rn.lmm("y ~ x + z + (x | g)", synthetic())
    made = fit._method("satterthwaite", "CR2")
    met = np.linalg.cholesky(made.m).T @ made.shared
    mean = np.sum(made.own - met.transpose(0, 2, 1) @ met, axis=0)
    np.testing.assert_allclose(made.m @ mean @ made.m, made.m, rtol=1e-8, atol=1e-12)


def test_large_variances_lose_no_digits() -> None:
    """Variances 10^7 times the residual's: the law of balanced designs still holds."""
    data = sleep()
    rng = np.random.default_rng(1)
    data["Reaction"] = 3e3 * rng.normal(size=18)[np.repeat(np.arange(18), 10)] + data["Days"]
    data["Reaction"] += rng.normal(size=180)
    fit = rn.lmm("Reaction ~ Days + (1 | Subject)", data)
    table = fit.robust("CR2")
    assert table.loc["Intercept", "df"] == pytest.approx(17.0, rel=1e-5)
    truth = dense(fit, fit._design.terms[0].codes, "CR0", np.eye(2))
    np.testing.assert_allclose(
        fit.robust("CR0")["std_error"] ** 2, np.diag(truth["vcov"]), rtol=1e-6
    )


def test_a_cluster_that_determines_its_own_coefficient() -> None:
    """A dummy of one cluster has no residual: the covariance knows nothing about it."""
    data = synthetic()
    data["own"] = (data["g"] == 3) * 1.0
    fit = rn.lmm("y ~ x + own + (1 | g)", data)
    table = fit.robust("CR2")
    truth = dense(fit, data["g"].to_numpy(), "CR2", np.eye(3)[1:2])
    np.testing.assert_allclose(table.loc["x", "std_error"] ** 2, truth["vcov"][1, 1], rtol=1e-6)
    np.testing.assert_allclose(table.loc["x", "df"], truth["df"][1], rtol=1e-6)


# -- where it can be asked for -------------------------------------------------------------------
def test_every_table_takes_it() -> None:
    fit = rn.lmm("math ~ ses_within * sector + (1 | sch.id)", hsb())
    table = fit.robust("CR2")
    pd.testing.assert_frame_equal(fit.coefficients(vcov="CR2"), table)
    np.testing.assert_array_equal(fit.tidy(vcov="CR2")["std_error"], table["std_error"])
    np.testing.assert_array_equal(fit.confint(vcov="CR2"), table[["conf_low", "conf_high"]])
    by_term = fit.anova(vcov="CR2").loc["ses_within:sector"]
    assert by_term["statistic"] == pytest.approx(table["statistic"].iloc[-1] ** 2)
    assert by_term["den_df"] == pytest.approx(table["df"].iloc[-1])
    alone = fit.drop1(vcov="CR2").loc["ses_within:sector"]
    assert alone["statistic"] == pytest.approx(by_term["statistic"])
    words = "CR2 standard errors, robust within 40 clusters of sch.id"
    assert words in str(fit.summary(vcov="CR2"))
    assert words in fit.summary(vcov="CR2")._repr_html_()
    assert words in str(fit.test("sector = 0", vcov="CR2"))
    compared = rn.compare(fit, fit, vcov="CR2")
    assert f"{words}." in compared.notes
    first = compared.to_frame().loc["coefficients"].iloc[:, 1]
    np.testing.assert_allclose(first, table["std_error"])


def test_degrees_of_freedom_of_other_kinds() -> None:
    fit = fit_of("hsb40")
    assert np.isinf(fit.coefficients("asymptotic", vcov="CR1")["df"]).all()
    errors = fit.coefficients("residual", vcov="CR1")["std_error"]
    np.testing.assert_array_equal(errors, fit.robust("CR1")["std_error"])


def test_clusters_by_name_by_column_and_by_row() -> None:
    data = synthetic()
    data.loc[5, "y"] = np.nan
    fit = rn.lmm("y ~ x + top + (1 | g)", data)
    named = fit.robust(cluster="top")
    for given in (data["top"], data["top"].drop(index=5), data["top"].to_numpy(), list("abcd")):
        rows = given if len(given) > 4 else [given[t] for t in data["top"]]
        pd.testing.assert_frame_equal(fit.robust(cluster=rows), named)
    pd.testing.assert_frame_equal(fit.robust(cluster=data["top"].sample(frac=1.0)), named)
    pd.testing.assert_frame_equal(fit.robust(cluster="g"), fit.robust())


def test_dropped_columns_are_missing() -> None:
    data = synthetic()
    data["twice"] = 2.0 * data["x"]
    table = rn.lmm("y ~ x + twice + (1 | g)", data).robust()
    assert table.loc["twice"].isna().all()
    assert np.isfinite(table.loc["x", "std_error"])


def test_few_clusters_leave_no_law_for_many_rows() -> None:
    data = synthetic()
    fit = rn.lmm("y ~ x + z + (1 | g)", data)
    test = fit.test("x = 0, z = 0, Intercept = 0", vcov={"CR2": data["g"] // 12})
    assert np.isnan(test.p_value)
    assert "too few clusters" in str(test)


# -- what is refused -----------------------------------------------------------------------------
def _crossed() -> rn.Fit:
    return rn.lmm("diameter ~ 1 + (1 | plate) + (1 | sample)", rn.datasets.load("penicillin"))


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (lambda: _crossed().robust(), "clusters that no random effect reaches across"),
        (lambda: _crossed().robust(cluster="plate"), "reach across the clusters of 'plate'"),
        (lambda: fit_of("hsb40").robust("HC3"), "unknown standard errors 'HC3'"),
        (lambda: fit_of("hsb40").robust(cluster="nowhere"), "unknown cluster 'nowhere'"),
        (lambda: fit_of("hsb40").robust(cluster=[1, 2]), "or has the cluster of each row"),
        (lambda: fit_of("hsb40").summary("kenward-roger", vcov="CR2"), "Kenward-Roger belongs"),
        (lambda: fit_of("hsb40").confint("profile", vcov="CR2"), "vcov is for Wald intervals"),
        (lambda: fit_of("hsb40").tidy("ran_pars", vcov="CR2"), "vcov is for fixed effects"),
        (lambda: fit_of("hsb40").drop1("chisq", vcov="CR2"), "do not enter a likelihood ratio"),
        (lambda: fit_of("hsb40").tidy(vcov={"CR2": None, "CR1": None}), "vcov names one kind"),
        (
            lambda: rn.lmm("y ~ x + (1 | g)", synthetic()).robust(cluster=np.zeros(96)),
            "robust errors need several clusters",
        ),
        (
            lambda: rn.lmm(
                "y ~ x + (1 | g)", synthetic(), prior={"fixed": rn.priors.Normal()}
            ).robust(),
            "not defined for fixed effects with a prior",
        ),
    ],
)
def test_what_is_refused(call: Callable[[], Any], what: str) -> None:
    with pytest.raises(rn.OptionError, match=what) as caught:
        call()
    assert caught.value.fix


def test_a_missing_cluster_is_refused() -> None:
    data = synthetic()
    fit = rn.lmm("y ~ x + (1 | g)", data)
    labels = data["g"].astype(float)
    labels[4] = np.nan
    with pytest.raises(rn.DataError, match="cluster of some rows is missing"):
        fit.robust(cluster=labels)
