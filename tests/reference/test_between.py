"""Likelihood ratios, smaller random parts and the conditional AIC against R."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

import ranef as rn
from ranef.inference.conditional_aic import conditional_aic

ANSWERS = json.loads((Path(__file__).parent / "between.json").read_text())


@pytest.mark.parametrize("answer", ANSWERS["lrt"], ids=lambda a: f"{a['smaller']}-{a['larger']}")
def test_likelihood_ratios(answer: dict[str, Any], fitted_model: Callable[[str], Any]) -> None:
    """R's p value is that of plain chi-square: ours is not larger, and the same in the interior."""
    models = [fitted_model(answer[which]) for which in ("smaller", "larger")]
    table = rn.anova(models[1], models[0])
    np.testing.assert_allclose(table["loglik"], answer["loglik"], atol=1e-5)
    np.testing.assert_allclose(table["deviance"], -2 * np.array(answer["loglik"]), atol=2e-5)
    assert table["npar"].tolist() == answer["npar"]
    row = table.iloc[1]
    assert row["df"] == answer["df"]
    assert row["statistic"] == pytest.approx(answer["statistic"], abs=1e-5)
    plain = stats.chi2.sf(row["statistic"], row["df"])
    assert plain == pytest.approx(answer["p_chisq"], rel=1e-5)
    if row["law"] == f"chi2({row['df']})":
        assert row["p_value"] == pytest.approx(plain, rel=1e-9)
    else:
        assert plain / 2 <= row["p_value"] * (1 + 1e-9) < plain


def test_the_laws_of_the_references(fitted_model: Callable[[str], Any]) -> None:
    """Compound symmetry of machines within workers is an interior point of a free covariance."""
    laws = {
        ("sleep_int_reml", "sleep_diag_reml"): "half 0, half chi2(1)",
        ("sleep_diag_reml", "sleep_slope_reml"): "chi2(1)",
        ("sleep_int_reml", "sleep_slope_reml"): "half chi2(1), half chi2(2)",
        ("machines_nested_reml", "machines_slope_reml"): "chi2(4)",
        ("hsb_null_ml", "hsb_raw_add_ml"): "half chi2(3), half chi2(4)",
    }
    for pair, law in laws.items():
        assert rn.anova(*map(fitted_model, pair))["law"].iloc[1] == law, pair


@pytest.mark.parametrize("answer", ANSWERS["ranova"], ids=lambda a: a["formula"])
def test_smaller_random_parts(answer: dict[str, Any]) -> None:
    """lmerTest's ranova of lme4 fits with tight tolerances."""
    fit = rn.lmm(answer["formula"], rn.datasets.load(answer["data"]), reml=answer["reml"])
    table = fit.ranova()
    assert table.index.tolist() == [row[0] for row in answer["rows"]]
    columns = ["npar", "loglik", "aic", "statistic", "df"]
    np.testing.assert_allclose(table[columns], [row[1:] for row in answer["rows"]], atol=1e-5)


# cAIC4 1.0 takes half of one term of the derivative, and mixes up the elements of theta of terms
# with three columns or more.
WITH_CAIC = [
    name for name in ANSWERS["caic"] if name not in ("machines_slope_reml", "machines_cell_reml")
]


@pytest.mark.parametrize("name", WITH_CAIC)
def test_conditional_aic(name: str, fitted_model: Callable[[str], Any]) -> None:
    fit, answer = fitted_model(name), ANSWERS["caic"][name]
    found = conditional_aic(fit._problem, fit._solution)
    assert found.loglik == pytest.approx(answer["loglik"], abs=1e-5)
    theirs = found.rho + found.moved - 0.5 * found.shrunk + 1.0
    if fit.certificate.verdict == "boundary optimum" and not found.moved:
        theirs -= 1.0  # without a variance it does not count sigma
    # Theta of R is good to 1e-7, and the degrees of freedom depend on it to first order.
    assert theirs == pytest.approx(answer["df"], abs=1e-5)
    assert fit.caic() == found.value == -2 * found.loglik + 2 * found.df


def test_is_complete() -> None:
    assert len(ANSWERS["lrt"]) == 17
    assert len(WITH_CAIC) == 31
