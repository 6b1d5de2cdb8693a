"""R's optima of generalised models, checked against the marginal likelihood written out.

ranef's core is not called here: the records must hold on their own before anything is compared
with them. Which of the 23 models agree under which convention:

| models | what the number stored is | agrees to |
|---|---|---|
| 6 of glmmTMB (nbinom1, nbinom2, gamma) | Laplace, observed weights | 1e-11 |
| 10 of lme4 by Laplace, canonical links | the same; its inner search stops early | 1e-5 |
| cbpp_probit, cbpp_cloglog | expected weights in the determinant | 1e-5 if done so |
| these 12, evaluated by glmmTMB | Laplace, observed weights | 1e-11 |
| cbpp_agq9, contraception_agq25, mmmec_offset_agq11 | quadrature, without log L saturated | 1e-12 |
| cbpp_agq0 | Laplace at joint modes of beta and u | 1e-8 |
| sleep_gamma_glmer | not the likelihood of a Gamma model | 1e-5 if done so |

1e-11 and 1e-12 are relative, the others in deviance units.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from tests.oracle import marginal
from tests.oracle.marginal import Term
from tests.reference.generalised import MODELS

EXACT = sorted(name for name, model in MODELS.items() if model.loglik_exact is not None)
NOT_CANONICAL = ["cbpp_cloglog", "cbpp_probit"]
CANONICAL = sorted(
    name
    for name, model in MODELS.items()
    if model.laplace and not model.gamma_of_lme4 and name not in NOT_CANONICAL
)
QUADRATURE = sorted(name for name, model in MODELS.items() if model.n_agq > 1)


@cache
def value(name: str, expected: bool = False) -> float:
    model = MODELS[name]
    return marginal.laplace(model.dense(), model.blocks, model.coefficients, expected)


def test_the_table_above_counts_right() -> None:
    own = [name for name in EXACT if MODELS[name].record["engine"] == "glmmTMB::glmmTMB"]
    assert (len(MODELS), len(EXACT), len(own)) == (23, 18, 6)
    assert len(set(CANONICAL) - set(own)) == 10
    assert QUADRATURE == ["cbpp_agq9", "contraception_agq25", "mmmec_offset_agq11"]


@pytest.mark.parametrize("name", EXACT)
def test_laplace_equals_glmmtmb(name: str) -> None:
    """Both sum 56 to 7,584 terms in double precision: 1e-11 leaves a factor of five."""
    exact = MODELS[name].loglik_exact
    assert exact is not None
    assert value(name) == pytest.approx(-2 * exact, rel=1e-11)


@pytest.mark.parametrize("name", CANONICAL)
def test_laplace_equals_what_the_program_stored(name: str) -> None:
    """lme4's inner search stops at a relative 1e-7 of the deviance, and lies above the minimum."""
    model = MODELS[name]
    assert value(name) == pytest.approx(-2 * model.loglik, abs=1e-5)
    assert value(name) < -2 * model.loglik + 1e-9


@pytest.mark.parametrize("name", NOT_CANONICAL)
def test_lme4_takes_expected_weights(name: str) -> None:
    model = MODELS[name]
    assert value(name, expected=True) == pytest.approx(-2 * model.loglik, abs=1e-5)
    assert abs(value(name) + 2 * model.loglik) > 0.05


@pytest.mark.parametrize("name", QUADRATURE)
def test_quadrature(name: str) -> None:
    model = MODELS[name]
    ours = marginal.quadrature(model.dense(), model.blocks, model.coefficients, model.n_agq)
    assert ours == pytest.approx(-2 * model.loglik, rel=1e-12)


def test_lme4_leaves_out_the_saturated_likelihood_of_counts() -> None:
    """Poisson rows at mu = y: what lme4 subtracts where nAGQ > 1."""
    model = MODELS["mmmec_offset_agq11"]
    dense = model.dense()
    eta = np.log(np.maximum(dense.y, 1e-300))
    saturated = dense.loglik(eta, []).sum()
    assert saturated == pytest.approx(model.record["logLik_saturated"], rel=1e-12)
    assert model.loglik == pytest.approx(model.record["logLik"] + saturated, rel=1e-12)


def test_no_nodes_are_joint_modes() -> None:
    model = MODELS["cbpp_agq0"]
    start = np.zeros(model.beta.size)
    joint = marginal.joint_modes(model.dense(), model.blocks, start)
    np.testing.assert_allclose(joint, model.beta, atol=1e-7)  # lme4's inner tolerance
    ours = marginal.laplace(model.dense(), model.blocks, joint)
    assert ours == pytest.approx(-2 * model.loglik, abs=1e-8)


def test_lme4_and_gamma() -> None:
    """Modes and determinant at shape 1, the rows at phi = deviance / n, and 2 for the AIC of phi.

    The standard deviation that it prints is theta times sigma.
    """
    model = MODELS["sleep_gamma_glmer"]
    dense = model.dense()
    theta = model.record["varcorr"][0]["sd"][0] / model.record["sigma"]
    at = marginal.modes(dense, [np.array([[theta]])], np.append(model.beta, 0.0))
    mu = np.exp(at.eta)
    deviance = 2 * np.sum(-np.log(dense.y / mu) + (dense.y - mu) / mu)
    M = np.eye(at.u.size) + at.C.T @ at.C  # the expected weight of a Gamma row is 1
    loglik = dense.loglik(at.eta, [np.full(dense.y.size, np.log(dense.y.size / deviance))])
    ours = -2 * loglik.sum() + 2 + at.u @ at.u + np.linalg.slogdet(M)[1]
    assert ours == pytest.approx(-2 * model.loglik, abs=1e-5)


@pytest.mark.parametrize("name", sorted(set(CANONICAL) - {"verbagg_crossed"}))
def test_gradient_vanishes_at_the_optimum(name: str) -> None:
    """In units of standard errors; lme4's optima carry the tolerance of its inner search."""
    model = MODELS[name]
    gradient = marginal.gradient(model.dense(), model.blocks, model.coefficients)
    p = model.beta.size
    tight = model.record["engine"] == "glmmTMB::glmmTMB"
    assert np.abs(gradient.slopes[:p] * model.se).max() < (1e-8 if tight else 1e-3)
    for gamma, block in zip(gradient.gamma, model.blocks, strict=True):
        assert np.abs(2 * gamma @ block).max() < (1e-8 if tight else 1e-3)


@pytest.mark.parametrize("name", ["cbpp_agq1", "grouseticks_nbinom2", "sleep_gamma_slope_tmb"])
def test_standard_errors(name: str) -> None:
    """From second derivatives jointly in beta, the covariances and the family's parameters."""
    model = MODELS[name]
    dense, p = model.dense(), model.beta.size
    triangles = [np.tril_indices(len(block)) for block in model.blocks]

    def slopes(at: np.ndarray) -> np.ndarray:
        parts, start = [], model.coefficients.size
        for rows, columns in triangles:
            block = np.zeros((rows.max() + 1,) * 2)
            block[rows, columns] = at[start : start + rows.size]
            parts.append(block)
            start += rows.size
        out = marginal.gradient(dense, parts, at[: model.coefficients.size])
        by_theta = [
            (2 * gamma @ block)[index]
            for gamma, block, index in zip(out.gamma, parts, triangles, strict=True)
        ]
        return np.concatenate([out.slopes, *by_theta])

    theta = [block[index] for block, index in zip(model.blocks, triangles, strict=True)]
    hessian = marginal.richardson(slopes, np.concatenate([model.coefficients, *theta]), 1e-3)
    np.testing.assert_allclose(hessian, hessian.T, atol=1e-6 * np.abs(hessian).max())
    se = np.sqrt(np.diag(marginal.covariance((hessian + hessian.T) / 2)))[:p]
    # R's second derivatives are differences: glmmTMB's of the gradient, lme4's of the value.
    np.testing.assert_allclose(se, model.se, rtol=2e-6)


def test_the_loader_has_the_models_as_the_readme_says() -> None:
    model = MODELS["contraception_slope"]
    term: Term = model.dense().terms[0]
    assert (model.family, model.n_agq, model.weights) == ("binomial(logit)", 1, None)
    assert term.columns.shape == (1934, 2)
    assert (term.levels, model.record["ngroups"]) == (60, {"district": 60})
    assert model.blocks[0].shape == (2, 2)
    assert MODELS["cbpp_prop_weights"].weights == "size"
    assert model.data().shape[0] == model.record["nobs"]
