"""The High School and Beyond study, number by number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ranef as rn

Fits = Callable[[str], Any]


def components(fit: Any) -> dict[tuple[str, str | None], float]:
    table = fit.varcorr()
    return {
        (row.term1 if row.group != "Residual" else "Residual", row.term2): row.variance
        for row in table.astype({"term2": object}).where(table.notna(), None).itertuples()
    }


def test_the_failed_fit_is_at_its_boundary_optimum(fitted_model: Fits) -> None:
    fit = fitted_model("hsb_raw_int_reml")
    certificate = fit.certificate
    assert certificate.verdict == "boundary optimum"
    assert certificate.certified
    assert fit.criterion == pytest.approx(46569.11219, abs=5e-6)
    np.testing.assert_allclose(fit.theta, [0.32231, 0.04541, 0.0], atol=5e-6)
    assert fit.theta[2] == 0.0
    ranks = certificate.rank
    assert list(ranks.values() if hasattr(ranks, "values") else ranks) == [1]
    assert certificate.dual_min_eig == pytest.approx(73.4, abs=0.05)
    assert "rank 1 of 2" in str(certificate)


def test_the_correlation_is_one_at_the_boundary(fitted_model: Fits) -> None:
    table = fitted_model("hsb_raw_int_reml").varcorr()
    correlation = table.loc[table["term2"].notna(), "sd"].item()
    assert correlation == pytest.approx(1.0, abs=1e-12)


TABLE = {
    "hsb_cwc_add_reml": (46681.31, 46729.47, -23333.66, 6.84, 0.70, 1.27, 36.71),
    "hsb_cwc_int_reml": (46654.60, 46709.64, -23319.30, 6.74, 0.27, 1.05, 36.71),
}


@pytest.mark.parametrize("name", TABLE)
def test_the_published_table(fitted_model: Fits, name: str) -> None:
    fit = fitted_model(name)
    found = components(fit)
    cells = (
        *(fit.aic, fit.bic, fit.loglik),
        *(found["Intercept", None], found["cwc_ses", None]),
        *(found["Intercept", "cwc_ses"], found["Residual", None]),
    )
    assert tuple(round(cell, 2) for cell in cells) == TABLE[name]
    assert fit.nobs == 7185
    assert dict(fit.ngroups) == {"sch.id": 160}


def test_valid_criteria_are_those_of_the_ml_fits(fitted_model: Fits) -> None:
    assert fitted_model("hsb_cwc_add_ml").aic == pytest.approx(46677.86, abs=5e-3)
    assert fitted_model("hsb_cwc_int_ml").aic == pytest.approx(46649.88, abs=5e-3)


@pytest.mark.parametrize(
    ("means", "variance"), [("ses_between", 2.34), ("ses_between * sector", 2.36)]
)
def test_the_model_with_school_means_is_not_singular(
    fitted_model: Fits, means: str, variance: float
) -> None:
    data = rn.center(rn.datasets.load("hsb"), "ses", by="sch.id")
    fit = rn.lmm(f"math ~ ses * sector + {means} + (ses | sch.id)", data)
    assert fit.certificate.verdict == "interior optimum"
    found = components(fit)
    intercept, slope = found["Intercept", None], found["ses", None]
    assert intercept == pytest.approx(variance, abs=0.005)
    assert found["Intercept", "ses"] / np.sqrt(intercept * slope) == pytest.approx(0.44, abs=5e-3)
    assert fit.fixef["sector"] == pytest.approx(1.265, abs=5e-3)
    centred = fitted_model("hsb_cwc_int_reml")
    assert components(centred)["Intercept", None] == pytest.approx(6.74, abs=5e-3)
    assert centred.fixef["sector"] == pytest.approx(2.81, abs=5e-3)


def test_centred_in_the_formula_or_before_is_the_same(fitted_model: Fits) -> None:
    formula = "math ~ within(ses, sch.id) * sector + (within(ses, sch.id) | sch.id)"
    fit = rn.lmm(formula, rn.datasets.load("hsb"))
    other = fitted_model("hsb_cwc_int_reml")
    assert fit.criterion == pytest.approx(other.criterion, abs=1e-7)
    np.testing.assert_allclose(fit.fixef, other.fixef, rtol=1e-7)


def test_where_another_implementation_stops_200_units_too_high(fitted_model: Fits) -> None:
    fit = fitted_model("hsb_cwc_int_reml")
    assert fit.criterion == pytest.approx(46638.6024, abs=5e-5)
    assert components(fit)["cwc_ses", None] == pytest.approx(0.2657, abs=5e-5)
    assert np.sqrt(fit.vcov.loc["cwc_ses", "cwc_ses"]) == pytest.approx(0.1550, abs=5e-5)
