"""Every linear model of the reference: the function, the optimum, and all that follows from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

Close = Callable[..., None]
Model = dict[str, Any]

# Singular fits are compared too: there R's Hessian is taken along the face, as it is here.
SATTERTHWAITE_SKIPPED = {
    "insteval_full_ml": "not computed by R: too large",
    "insteval_full_reml": "not computed by R: too large",
}


def se_of(model: Model) -> np.ndarray:
    return np.array([row["se"] for row in model["fixef"]])


def spread(block: Model) -> float:
    """The SD over all rows, from the summary of a column."""
    n, total = block["summary"]["n"], block["summary"]["sum"]
    return float(np.sqrt(block["summary"]["sumsq"] / n - (total / n) ** 2))


def translated(name: str) -> str:
    """R's name of a numeric coefficient in formulaic's words."""
    return "Intercept" if name == "(Intercept)" else name


def test_criterion_at_the_reference_theta(model: Model, evaluated: Any, close: Close) -> None:
    np.testing.assert_allclose(evaluated.theta, model["theta"]["values"], rtol=0, atol=1e-12)
    assert evaluated.certificate.evaluations == 1
    close("function", evaluated.criterion, model["criterion"])


def test_optimum_is_not_above_the_reference(model: Model, fit: Any) -> None:
    assert fit.criterion <= model["criterion"] + 1e-6


def test_certificate(model: Model, fit: Any) -> None:
    certificate = fit.certificate
    assert certificate.certified
    wanted = "boundary optimum" if model["is_singular"] else "interior optimum"
    assert certificate.verdict == wanted
    assert abs(certificate.gain) < 1e-6
    assert certificate.step_se < 1e-3


def test_sizes(model: Model, fit: Any) -> None:
    assert fit.nobs == model["nobs"]
    assert dict(fit.ngroups) == model["ngroups"]
    assert fit.df_model == model["npar"]
    assert fit.df_resid == model["df_residual"]
    assert fit.reml is model["reml"]
    assert not fit.dropped


def test_likelihoods(model: Model, fit: Any, close: Close) -> None:
    close("criterion", fit.criterion, model["criterion"])
    close("criterion", fit.loglik, model["logLik"])
    close("criterion", fit.aic, model["AIC"])
    close("criterion", fit.bic, model["BIC"])


def test_fixed_effects(model: Model, fit: Any, close: Close) -> None:
    theirs, se = model["fixef"], se_of(model)
    close("fixef", fit.fixef, [row["estimate"] for row in theirs], se)
    close("se", np.sqrt(np.diag(fit.vcov)), se)
    close("vcov", fit.vcov, model["vcov"]["matrix"], np.outer(se, se))
    assert list(fit.vcov.index) == list(fit.vcov.columns) == list(fit.fixef.index)


def test_variance_components(model: Model, fit: Any, close: Close) -> None:
    table, sigma = fit.varcorr(), model["sigma"]
    close("sigma", fit.sigma, sigma)
    assert table.iloc[-1]["group"] == "Residual"
    close("sigma", table.iloc[-1]["sd"], sigma)
    groups = list(dict.fromkeys(table["group"]))[:-1]
    assert len(groups) == len(model["varcorr"])
    for group, term in zip(groups, model["varcorr"], strict=True):
        rows = table[table["group"] == group]
        assert group.removesuffix(".1") == term["group"]
        diagonal = rows[rows["term2"].isna()]
        small = model["is_singular"] or min(term["sd"]) < 1e-2 * sigma
        close("sd, singular or small" if small else "sd", diagonal["sd"], term["sd"], sigma)
        names = list(diagonal["term1"])
        cov = np.diag(diagonal["variance"].to_numpy())
        for row in rows[rows["term2"].notna()].itertuples():
            i, j = names.index(row.term1), names.index(row.term2)
            cov[i, j] = cov[j, i] = row.variance
            implied = row.variance / np.sqrt(cov[i, i] * cov[j, j])
            assert row.sd == pytest.approx(implied, rel=1e-10)
        theirs, sd = np.array(term["cov"]), np.array(term["sd"])
        if small:
            close("cov, singular", cov, theirs, max(theirs.max(), 1e-4 * sigma**2))
        else:
            close("cov", cov, theirs, np.outer(sd, sd))


def test_theta(model: Model, fit: Any) -> None:
    assert fit.theta.shape == (len(model["theta"]["values"]),)
    if not model["is_singular"]:
        np.testing.assert_allclose(fit.theta, model["theta"]["values"], rtol=0, atol=1e-4)


def test_random_effects(model: Model, fit: Any, close: Close) -> None:
    frames = by_factor(fit)
    assert list(frames) == list(model["ranef"])
    sigma = model["sigma"]
    for group, theirs in model["ranef"].items():
        modes, sds = frames[group]
        n = theirs["n_levels"]
        assert modes.shape == sds.shape == (n, len(theirs["columns"]))
        scale = np.maximum(np.sqrt(np.array(theirs["sumsq"]) / n), 1e-6 * sigma)
        for row in theirs["first"]:
            close("ranef", modes.loc[row["level"]], row["values"], scale)
            close("cond_sd", sds.loc[row["level"]], row["cond_sd"], sigma)
        close("ranef", modes.sum() / n, np.array(theirs["sum"]) / n, scale)
        close("ranef", (modes**2).sum() / n, np.array(theirs["sumsq"]) / n, scale**2)
        mean_variance = np.array(theirs["sum_cond_var"]) / n
        close("cond_sd", np.sqrt((sds**2).mean()), np.sqrt(mean_variance), sigma)


def by_factor(fit: Any) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    """Modes and conditional SDs of each factor; terms on one factor side by side."""
    found: dict[str, tuple[pd.DataFrame, pd.DataFrame]] = {}
    for label, frame in fit.ranef(condvar=True).items():
        sds = [name for name in frame.columns if name.endswith("_sd")]
        parts = frame.drop(columns=sds), frame[sds]
        factor = label.removesuffix(".1")
        if factor in found:
            parts = tuple(pd.concat(both, axis=1) for both in zip(found[factor], parts))  # noqa: B905
        found[factor] = parts
    return found


def test_fitted_and_residuals(model: Model, fit: Any, close: Close) -> None:
    n = model["nobs"]
    for name, values in (("fitted", fit.fitted), ("residuals", fit.residuals())):
        theirs = model[name]
        scale, summary = spread(theirs), theirs["summary"]
        scale = max(scale, 1e-6 * model["sigma"])
        assert values.shape == (n,)
        close(name, values[:5], theirs["first"], scale)
        close(name, [values.min(), values.max()], [summary["min"], summary["max"]], scale)
        close("sum", values.sum(), summary["sum"], n * scale)
        close("sum", values @ values, summary["sumsq"], n * scale**2)


def test_satterthwaite(model: Model, fit: Any, close: Close) -> None:
    if model["id"] in SATTERTHWAITE_SKIPPED:
        pytest.skip(SATTERTHWAITE_SKIPPED[model["id"]])
    table = fit.tidy(effects="fixed", ddf="satterthwaite")
    close("df", table["df"], [row["df"] for row in model["satterthwaite"]])
    close("p", table["p_value"], [row["p"] for row in model["satterthwaite"]])


def test_predictions(model: Model, fit: Any, close: Close) -> None:
    block = model["predict"]
    rows = pd.DataFrame(block["newdata"])
    scale = max(spread(model["fitted"]), 1e-6 * model["sigma"])
    population = fit.predict(rows, level="population")
    close("predict", population, block["population"], scale)
    conditional = fit.predict(rows, level="conditional", new_levels="population")
    close("predict", conditional, block["conditional"], scale)


NAMES = [
    ("hsb_cwc_int_reml", ["Intercept", "cwc_ses", "sector", "cwc_ses:sector"]),
    ("scotssec_crossed_ml", ["Intercept", "verbal", "sex[T.F]", "social"]),
    ("machines_slope_reml", ["Intercept", "Machine[T.B]", "Machine[T.C]"]),
    ("machines_cell_reml", ["Machine[A]", "Machine[B]", "Machine[C]"]),
    ("sleep_quad_ml", ["Intercept", "Days", "I(Days ** 2)"]),
]


@pytest.mark.parametrize(("name", "expected"), NAMES)
def test_names(fitted_model: Callable[[str], Any], name: str, expected: list[str]) -> None:
    assert list(fitted_model(name).fixef.index) == expected


def test_names_of_r_translate_where_nothing_is_coded(model: Model, fit: Any) -> None:
    theirs = [translated(row["name"]) for row in model["fixef"]]
    ours = list(fit.fixef.index)
    for mine, other in zip(ours, theirs, strict=True):
        if "[" not in mine and "(" not in mine:
            assert mine == other


def test_evaluations(model: Model, fit: Any) -> None:
    """Second derivatives from a start by moments: few evaluations."""
    assert fit.certificate.evaluations <= (8 if fit.theta.size <= 3 else 25)
