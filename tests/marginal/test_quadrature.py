"""Adaptive quadrature in the core: R's values, dense integration, and what it says of Laplace."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.oracle import marginal
from tests.oracle.families import FAMILIES
from tests.oracle.marginal import Model, Term, make_model
from tests.reference.generalised import MODELS

from ranef import _core

TIGHT = 1e-14
REFERENCES = sorted(name for name, reference in MODELS.items() if reference.n_agq > 1)


def rows_of(model: Model) -> Any:
    groups = [
        _core.RowsGroup(
            term.codes.astype(np.int32),
            term.levels,
            [np.ascontiguousarray(column) for column in term.columns.T],
        )
        for term in model.terms
    ]
    x = [np.ascontiguousarray(column) for column in model.X.T]
    return _core.Rows(
        groups=groups, x=x, y=np.ascontiguousarray(model.y), weights=model.weights.copy()
    )


def kernel(model: Model, family: str, link: str, n_agq: int) -> Any:
    return _core.Generalised(
        rows=rows_of(model),
        offset=model.offset.copy(),
        channels=[],
        others=0,
        family=family,
        link=link,
        constants=[],
        n_agq=n_agq,
        priors=[],
        normal=None,
        held=[],
        threads=1,
    )


def kernel_of(name: str, n_agq: int | None = None) -> Any:
    reference = MODELS[name]
    nodes = reference.n_agq if n_agq is None else n_agq
    family, _, link = reference.family.rstrip(")").partition("(")
    return kernel(reference.dense(), family, link, nodes)


def at(kernel: Any, sd: float, beta: Any) -> Any:
    assert kernel.evaluate([np.asfortranarray([[sd]])], np.array(beta), TIGHT)
    return kernel


def derivatives(kernel: Any, sd: float) -> tuple[Any, Any]:
    """First and second ones by the SD of one random intercept, then the coefficients."""
    gamma = kernel.gamma()[0][0, 0]
    hessian = kernel.second([(0, np.asfortranarray([[2 * sd]]))], exact=True)
    hessian[0, 0] += 2 * gamma
    return np.array([2 * sd * gamma, *kernel.slopes()]), hessian


@pytest.mark.parametrize("name", REFERENCES)
def test_value_at_the_parameters_of_r(name: str) -> None:
    """All constants are kept: R's value, with the saturated log-likelihood it leaves out."""
    reference = MODELS[name]
    ours = at(kernel_of(name), reference.blocks[0][0, 0], reference.coefficients)
    assert ours.value == pytest.approx(-2 * reference.loglik, abs=1e-9)


@pytest.mark.parametrize("name", REFERENCES)
def test_r_stands_at_our_optimum(name: str) -> None:
    """To a gain of 1e-9; and R's Richardson Hessian gives the same standard errors.

    2e-6 is what the stored ones keep of differences of R's deviance.
    """
    reference = MODELS[name]
    sd = reference.blocks[0][0, 0]
    gradient, hessian = derivatives(at(kernel_of(name), sd, reference.coefficients), sd)
    assert 0.5 * gradient @ np.linalg.solve(hessian, gradient) < 1e-9
    se = np.sqrt(2 * np.diag(np.linalg.inv(hessian)))[1:]
    np.testing.assert_allclose(se, reference.se, rtol=2e-6)


def test_the_search_ends_at_the_optimum_of_r() -> None:
    reference = MODELS["cbpp_agq9"]
    ours = kernel_of("cbpp_agq9")
    data = rows_of(reference.dense())
    scaling = _core.scaling_of(data, [_core.Term(group=0, offset=0, q=1)], 1)
    found = ours.solve(scaling, None, 500, 1e-11, 0, True)
    assert ours.value == pytest.approx(-2 * reference.loglik, abs=1e-8)
    assert found.theta[0] ** 2 == pytest.approx(reference.blocks[0][0, 0] ** 2, rel=1e-4)


def slope_model(q: int = 2) -> tuple[Model, list[Any], Any]:
    random = np.random.default_rng(5)
    n = 60
    codes = np.repeat(np.arange(6), 10)
    x = random.normal(size=n)
    z = np.column_stack([np.ones(n), x, random.normal(size=n)])[:, :q]
    chance = 1 / (1 + np.exp(-(0.3 + 0.4 * x + random.normal(size=6)[codes])))
    y = (random.random(n) < chance).astype(float)
    fixed = np.column_stack([np.ones(n), x])
    block = np.array([[0.9, 0, 0], [0.3, 0.6, 0], [-0.2, 0.1, 0.5]])[:q, :q]
    model = make_model(FAMILIES["binomial(logit)"], y, fixed, [Term(z, codes)])
    return model, [block], np.array([0.2, 0.4])


@pytest.mark.parametrize(("q", "nodes"), [(1, 25), (2, 15), (3, 9)])
def test_the_dense_sum_over_the_same_nodes(q: int, nodes: int) -> None:
    model, blocks, beta = slope_model(q)
    ours = kernel(model, "binomial", "logit", nodes)
    assert ours.evaluate([np.asfortranarray(blocks[0])], beta, TIGHT)
    assert ours.value == pytest.approx(marginal.quadrature(model, blocks, beta, nodes), rel=1e-12)


def test_covariances_of_the_posterior() -> None:
    """Between Laplace's, which are too small for binary rows, and integration on a grid."""
    model, blocks, beta = slope_model(1)
    ours = kernel(model, "binomial", "logit", 25)
    one = kernel(model, "binomial", "logit", 1)
    for each in (ours, one):
        assert each.evaluate([np.asfortranarray(blocks[0])], beta, TIGHT)
    u = np.linspace(-9, 9, 4001)
    eta = (model.X @ beta)[:, None] + blocks[0][0, 0] * u
    signs = 2 * model.y[:, None] - 1
    rows = -np.logaddexp(0, -signs * eta)
    for level in range(6):
        log_density = rows[model.terms[0].codes == level].sum(axis=0) - u**2 / 2
        weight = np.exp(log_density - log_density.max())
        weight /= weight.sum()
        mean = weight @ u
        exact = blocks[0][0, 0] ** 2 * (weight @ (u - mean) ** 2)
        assert ours.conditional_variances()[0][level, 0, 0] == pytest.approx(exact, rel=1e-8)
        assert one.conditional_variances()[0][level, 0, 0] != pytest.approx(exact, rel=1e-3)


def test_what_laplace_leaves_out_is_foretold_at_its_optimum() -> None:
    """One evaluation at Laplace's optimum foretells where the search by quadrature ends."""
    laplace, exact = MODELS["cbpp_agq1"], MODELS["cbpp_agq9"]
    sd = laplace.blocks[0][0, 0]
    ours = at(kernel_of("cbpp_agq1", 15), sd, laplace.coefficients)
    gradient, hessian = derivatives(ours, sd)
    se = np.sqrt(2 * np.diag(np.linalg.inv(hessian)))
    foretold = -np.linalg.solve(hessian, gradient) / se
    here = np.array([sd, *laplace.coefficients])
    there = np.array([exact.blocks[0][0, 0], *exact.coefficients])
    np.testing.assert_allclose(foretold, (there - here) / se, atol=2e-3)
    assert np.abs(foretold).max() == pytest.approx(0.029, abs=2e-3)
    assert ours.value + 2 * laplace.loglik == pytest.approx(-0.085, abs=3e-3)


@pytest.mark.parametrize(("q", "nodes"), [(1, 26), (2, 16), (3, 10), (1, 0)])
def test_more_nodes_than_there_are(q: int, nodes: int) -> None:
    model, _, _ = slope_model(q)
    with pytest.raises(ValueError, match=r"node|n_agq"):
        kernel(model, "binomial", "logit", nodes)


def test_more_factors_than_one() -> None:
    model, _, _ = slope_model(1)
    second = Term(np.ones((60, 1)), np.arange(60) % 4)
    crossed = make_model(model.family, model.y, model.X, [*model.terms, second])
    with pytest.raises(ValueError, match="one grouping factor"):
        kernel(crossed, "binomial", "logit", 5)
