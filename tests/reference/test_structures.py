"""Structured covariances against R: the criterion at R's estimates, the optimum, the estimates."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from tests.reference.structures import MODELS, data_of

import ranef as rn
from ranef.core import TermBlock
from ranef.covariance import semidefinite_cholesky
from ranef.problem.parameters import place

Model = dict[str, Any]
Array = np.ndarray

FLAT = {"oxide_diag_ml"}
"""R stops at one of many points of the same likelihood."""

FITTED = sorted(name for name, model in MODELS.items() if "residual" not in model)


@cache
def fit_of(name: str) -> Any:
    model = MODELS[name]
    return rn.lmm(model["formula"], data_of(name), reml=model["reml"])


@pytest.fixture(params=FITTED)
def model(request: pytest.FixtureRequest) -> Model:
    return MODELS[request.param]


@pytest.fixture
def fit(model: Model) -> Any:
    return fit_of(model["id"])


def plain(names: Any) -> set[str]:
    """Names of columns, of R or of ranef, in one spelling."""
    return {"".join(c for c in name if c not in "()[]") for name in names}


def theirs(model: Model, fit: Any) -> list[Array]:
    """R's covariances of ranef's terms; ``diag`` is a term for each column here."""
    left = []
    for term in model["terms"]:
        cov, names = np.array(term["cov"]), list(term["names"])
        group = set(term["group"].split(":"))
        if term["kind"] == "diag":
            left += [(group, plain([n]), cov[[k]][:, [k]]) for k, n in enumerate(names)]
        else:
            left.append((group, plain(names), cov))
    out = []
    for label in fit._problem.labels:  # in an order of their own
        own = set(label.factor.split(":")), plain(label.names)
        named = [k for k, (*key, _) in enumerate(left) if tuple(key) == own]
        in_place = [k for k, (group, names, _) in enumerate(left) if group == own[0]
                    and len(names) == len(own[1])]  # fmt: skip
        out.append(left.pop((named or in_place)[0])[2])
    assert not left
    return out


def inner_root(block: TermBlock, cov: Array, base: Array) -> Array:
    inverse = np.linalg.inv(base)
    return semidefinite_cholesky(inverse @ cov @ inverse.T)


def test_the_criterion_at_the_estimates_of_r(model: Model, fit: Any) -> None:
    problem = fit._problem
    roots = [
        inner_root(block, cov / model["sigma"] ** 2, base)
        for block, cov, base in zip(
            problem.terms, theirs(model, fit), problem.scaling.B, strict=True
        )
    ]
    kernel = problem.kernel()
    assert kernel.evaluate(place(problem.terms, roots, [q for _, q in problem.products.sizes]))
    assert kernel.value == pytest.approx(-2 * model["logLik"], rel=1e-8)


def test_the_optimum_is_not_above_that_of_r(model: Model, fit: Any) -> None:
    assert fit.criterion <= -2 * model["logLik"] + 1e-6


def test_certificate(model: Model, fit: Any) -> None:
    certificate = fit.certificate
    if model["id"] in FLAT:
        assert certificate.verdict == "flat"
        return
    assert certificate.certified
    if model["boundary"]:
        assert certificate.verdict == "boundary optimum"
        assert certificate.directions
    else:
        assert certificate.verdict == "interior optimum"
    for term, rank in zip(fit._problem.terms, certificate.rank.values(), strict=True):
        assert rank <= (term.rank if term.structure == "rr" else term.q)


def test_estimates(model: Model, fit: Any) -> None:
    # Two programs at one optimum on the boundary: the one stops near it.
    inside = not model["boundary"]
    if model["id"] in FLAT:
        return
    assert fit.sigma == pytest.approx(model["sigma"], rel=1e-6 if inside else 1e-4)
    ours = [fit.sigma**2 * d for d in fit._solution.covariances]
    for one, other in zip(ours, theirs(model, fit), strict=True):
        if inside:
            sds = np.sqrt(np.diag(other))
            np.testing.assert_allclose(one / np.outer(sds, sds), other / np.outer(sds, sds),
                                       rtol=0, atol=1e-6)  # fmt: skip
        else:
            np.testing.assert_allclose(one, other, rtol=0, atol=1e-3 * (other.max() + 1e-6))
    se = np.sqrt(np.diag(model["vcov"]))
    tolerance = 1e-6 if inside else 1e-4
    np.testing.assert_allclose(fit.fixef / se, model["fixef"] / se, rtol=0, atol=tolerance)
    size = np.outer(se, se)
    np.testing.assert_allclose(
        fit.vcov / size, np.array(model["vcov"]) / size, rtol=0, atol=tolerance
    )
