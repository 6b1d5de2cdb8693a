"""The dense marginal likelihood against what is known otherwise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from tests.oracle.families import FAMILIES
from tests.oracle.marginal import (
    Model,
    Term,
    gradient,
    integral,
    laplace,
    make_model,
    quadrature,
    richardson,
)

Array = np.ndarray
FACTORS = {"one": 1, "crossed": 2}


def draw(name: str, kind: str, q: int = 2, rows: int = 36) -> tuple[Model, list[Array], Array]:
    """A small problem of a family, its Lambda blocks and coefficients."""
    rng = np.random.default_rng(4)
    family = FAMILIES[name]
    x = rng.normal(size=rows) / 2
    codes = [np.arange(rows) % 6, np.repeat(np.arange(4), rows // 4)]
    full = np.column_stack([np.ones(rows), x])
    terms = [Term(full[:, :q], codes[0]), Term(np.ones((rows, 1)), codes[1])][: FACTORS[kind]]
    blocks = [np.array([[0.5, 0.0], [0.2, 0.3]])[:q, :q], np.array([[0.4]])][: FACTORS[kind]]
    weights = rng.integers(1, 5, rows).astype(float)
    if name.startswith(("binomial", "betabinomial")):
        y = rng.binomial(weights.astype(int), 0.4) / weights
    elif name.startswith("cumulative"):
        y = rng.integers(-1, 2, rows).astype(float)
    elif name.startswith("beta"):
        y = rng.uniform(0.1, 0.9, rows)
    elif "poisson" in name or "nbinom" in name:
        y = rng.poisson(1.2, rows) + float("truncated" in name)
    elif name.startswith("tweedie"):
        y = rng.gamma(1.0, 1.0, rows) * rng.integers(0, 2, rows)
    else:
        y = rng.gamma(3.0, 0.5, rows)
    high = any(part in name for part in ("sqrt", "inverse)", "1/mu^2", "poisson(identity)"))
    beta = np.array([4.0, 0.3]) if high else np.array([0.2, 0.4])
    psi = [[-0.4], [0.9]] if name.startswith("cumulative") else [[0.3], [-0.7]]
    psi = psi[: family.channels]
    X = full[:, 1:] if name.startswith("cumulative") else full
    beta = beta[1:] if name.startswith("cumulative") else beta
    offset = rng.normal(size=rows) / 5
    model = make_model(family, y, X, terms, weights, offset)
    return model, blocks, np.concatenate([beta, *psi])


# One of each kind: no psi, a psi, two of them, cut points, counts that are truncated. The
# derivatives of every family are tested by themselves (test_families.py).
KINDS = ("binomial(probit)", "gamma(inverse)", "zero_inflated_nbinom2(log)", "cumulative(logit)",
         "truncated_poisson(log)")  # fmt: skip


@pytest.mark.parametrize(
    ("name", "kind"), [*((name, "one") for name in KINDS), ("nbinom1(log)", "crossed")]
)
def test_gradient(name: str, kind: str) -> None:
    """Against differences of the value: 1e-6 of the largest, where F'' is up to 1e4."""
    model, blocks, at = draw(name, kind)
    ours = gradient(model, blocks, at)
    slopes = richardson(lambda c: laplace(model, blocks, c), at)
    np.testing.assert_allclose(ours.slopes, slopes, atol=1e-6 * (1 + np.abs(slopes).max()))

    def of_theta(theta: Array) -> float:
        first = np.array([[theta[0], 0.0], [theta[1], theta[2]]])
        return laplace(model, [first, *blocks[1:]], at)

    index = np.tril_indices(2)
    by_theta = richardson(of_theta, blocks[0][index])
    expected = (2 * ours.gamma[0] @ blocks[0])[index]
    np.testing.assert_allclose(expected, by_theta, atol=1e-6 * (1 + np.abs(by_theta).max()))


def test_gradient_by_columns_of_psi() -> None:
    model, blocks, at = draw("nbinom2(log)", "one")
    columns = np.column_stack([np.ones(36), np.linspace(-1, 1, 36)])
    model = make_model(
        model.family, model.y, model.X, model.terms, model.weights, model.offset, [columns]
    )
    at = np.append(at, 0.4)
    slopes = richardson(lambda c: laplace(model, blocks, c), at)
    np.testing.assert_allclose(gradient(model, blocks, at).slopes, slopes, atol=1e-6)


@pytest.mark.parametrize("kind", FACTORS)
def test_gaussian_rows_are_a_linear_mixed_model(kind: str) -> None:
    model, blocks, at = draw("gaussian(identity)", kind)
    Z, Lambda = model.Z(), model.Lambda(blocks)
    V = Z @ Lambda @ Lambda.T @ Z.T + np.diag(np.exp(at[-1]) / model.weights)
    mean = model.offset + model.X @ at[:2]
    exact = -2 * multivariate_normal(mean, V).logpdf(model.y)
    assert laplace(model, blocks, at) == pytest.approx(exact, rel=1e-13)
    if kind == "one":
        assert quadrature(model, blocks, at, 5) == pytest.approx(exact, rel=1e-13)
        assert integral(model, blocks, at, points=80, reach=9) == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("name", ["binomial(logit)", "gamma(log)"])
@pytest.mark.parametrize("q", [1, 2])
def test_quadrature_converges_to_the_integral(name: str, q: int) -> None:
    model, blocks, at = draw(name, "one", q)
    exact = integral(model, blocks, at, points=200 if q == 1 else 80, reach=9)
    errors = [abs(quadrature(model, blocks, at, k) - exact) for k in (1, 5, 9, 25)]
    assert errors[0] == pytest.approx(abs(laplace(model, blocks, at) - exact), abs=1e-10)
    assert errors[0] > 10 * errors[1] > 100 * errors[2]
    assert errors[3] < 1e-10  # the rules have converged: rounding is left


def test_no_variance_is_a_generalised_linear_model() -> None:
    model, _, at = draw("poisson(log)", "one")
    fixed, psi = model.split(at)
    glm = -2 * model.loglik(fixed, psi).sum()
    assert laplace(model, [np.zeros((2, 2))], at) == pytest.approx(glm, rel=1e-14)
