"""Fits with a structure of the residuals against nlme's optima."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.linalg import block_diag
from tests.reference.structures import MODELS, data_of

import ranef as rn

Model = dict[str, Any]
NAMES = sorted(name for name, model in MODELS.items() if "+" not in model.get("residual", "+"))


@cache
def fitted(name: str) -> rn.Fit:
    model = MODELS[name]
    formula = model["formula"].replace("^", "**")
    return rn.lmm(formula, data_of(name), residual=model["residual"], reml=model["reml"])


def test_all_models_with_one_structure_are_here() -> None:
    assert len(NAMES) == 29


@pytest.mark.parametrize("name", NAMES)
def test_likelihood_and_certificate(name: str) -> None:
    fit, model = fitted(name), MODELS[name]
    assert -2 * fit.loglik <= -2 * model["logLik"] + 1e-6
    assert fit.loglik == pytest.approx(model["logLik"], abs=2e-6)
    assert fit.certificate.certified, fit.certificate


@pytest.mark.parametrize("name", NAMES)
def test_estimates(name: str) -> None:
    fit, model = fitted(name), MODELS[name]
    interior = not model["boundary"]
    near = 1e-6 if interior else 1e-3
    se = np.sqrt(np.diag(model["vcov"]))
    assert np.all(np.abs(fit.fixef.to_numpy() - model["fixef"]) < 100 * near * se)
    scale = np.outer(se, se)
    np.testing.assert_allclose(fit.vcov.to_numpy() / scale, model["vcov"] / scale, atol=100 * near)
    assert fit.sigma == pytest.approx(model["sigma"], rel=10 * near)
    if "strata" in model:
        found = fit.residual_parameters
        assert found["stratum"].tolist() == model["strata"]["levels"]
        np.testing.assert_allclose(found["ratio"], model["strata"]["ratio"], rtol=10 * near)
        np.testing.assert_allclose(found["sd"], model["strata"]["sd"], rtol=10 * near)
    else:
        assert fit.residual_parameters["rho"][0] == pytest.approx(model["phi"], rel=10 * near)
    ours = block_diag(*(term.matrix for term in fit._covariances))
    wanted = block_diag(*(term["cov"] for term in model["terms"]))
    np.testing.assert_allclose(ours, wanted, atol=10 * near * max(wanted.max(), 1e-3))
