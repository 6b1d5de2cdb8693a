"""R's optima of structured covariances and residual structures, checked against the definition.

ranef is not called here: the records must hold on their own before anything is compared with them.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from tests.reference.dense_criterion import DenseModel, dense_model
from tests.reference.structures import MODELS, data_of

Model = dict[str, Any]


@cache
def dense(name: str) -> DenseModel:
    model = MODELS[name]
    return dense_model(model["formula"], data_of(name), model.get("residual"))


def estimates(model: Model) -> dict[str, Any]:
    return {
        "covs": [np.array(term["cov"]) for term in model["terms"]],
        "sigma": model["sigma"],
        "ratio": model["strata"]["ratio"] if "strata" in model else None,
        "phi": model.get("phi", 0.0),
    }


@pytest.fixture(params=sorted(MODELS))
def model(request: pytest.FixtureRequest) -> Model:
    return MODELS[request.param]


def test_likelihood_fixed_effects_and_their_covariance(model: Model) -> None:
    ours = dense(model["id"]).profile(reml=model["reml"], **estimates(model))
    assert ours.criterion == pytest.approx(-2 * model["logLik"], rel=1e-11)
    se = np.sqrt(np.diag(model["vcov"]))
    # glmmTMB finds REML's fixed effects by a search of its own.
    np.testing.assert_array_less(np.abs(ours.fixef - model["fixef"]), 1e-7 * se)
    scale = np.outer(se, se)
    np.testing.assert_allclose(ours.vcov / scale, model["vcov"] / scale, rtol=0, atol=1e-9)


def test_structure_of_the_covariances(model: Model) -> None:
    for term, design in zip(model["terms"], dense(model["id"]).terms, strict=True):
        cov = np.array(term["cov"])
        sd = np.sqrt(np.diag(cov))
        assert (term["kind"], term["group"]) == (design.kind, design.group)
        assert len(term["names"]) == len(design.names) == len(cov)
        scale = 1e-9 * cov.max() + 1e-300
        np.testing.assert_allclose(cov, cov.T, rtol=0, atol=scale)
        assert np.linalg.eigvalsh(cov).min() > -10 * scale
        off = ~np.eye(len(cov), dtype=bool)
        kind = term["kind"]
        if kind == "rr":
            beyond = np.linalg.eigvalsh(cov)[::-1][term["rank"] :]
            np.testing.assert_allclose(beyond, 0, atol=scale)
        if kind in {"homcs", "homdiag", "ar1"}:
            np.testing.assert_allclose(sd, sd[0], rtol=1e-9)
        if kind in {"diag", "homdiag"}:
            assert not cov[off].any()
        if sd.min() == 0 or kind in {"us", "diag", "homdiag", "rr"}:
            continue
        corr = cov / np.outer(sd, sd)
        lag = np.abs(np.subtract.outer(range(len(cov)), range(len(cov))))
        expected = {
            "cs": np.full_like(corr, corr[0, 1]),
            "homcs": np.full_like(corr, corr[0, 1]),
            "ar1": corr[0, 1] ** lag,
            "hetar1": corr[0, 1] ** lag,
            "toep": corr[0][lag],
        }[kind]
        np.testing.assert_allclose(corr[off], expected[off], rtol=0, atol=1e-8)
