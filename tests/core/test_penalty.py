"""Penalties in both kernels: the same numbers, and derivatives that are derivatives."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from problems import lambdas, rows
from tests.oracle.kernel import ReferenceKernel

import ranef as rn
from ranef.core import (
    CoreKernel,
    Direction,
    Penalty,
    TermBlock,
    TermPenalty,
    cross_products,
)

KERNELS = {"core": CoreKernel, "reference": ReferenceKernel}
STRUCTURES = ["one factor", "many slopes", "three levels", "nested and crossed", "three crossed"]
everywhere = pytest.mark.parametrize("structure", STRUCTURES)
both = pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)


def forms(q: int, seed: int):
    """Every kind of prior that a term of q effects can have, multiplied."""
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(q, q + 3))
    out = rn.priors.Wishart(q + 2.5, root @ root.T).penalty(q)
    out += rn.priors.LKJ(2.5).penalty(q)
    out += rn.priors.HalfT(3, rng.uniform(0.5, 2.0, q)).penalty(q)
    out += rn.priors.HalfNormal(1.5).penalty(q)
    return out + rn.priors.Gamma(2.5, 0.7).penalty(q) if q == 1 else out


def apart(matrix: np.ndarray) -> np.ndarray:
    """The first effect of a wide factor is a term of its own, without a prior."""
    out = matrix.copy()
    if len(out) > 1:
        out[0, 1:] = out[1:, 0] = 0.0
    return out


def penalty(data, seed: int = 11) -> Penalty:
    """One penalised term for each factor, the second one where the factor is wide."""
    rng = np.random.default_rng(seed)
    terms = []
    for g, group in enumerate(data.groups):
        q = max(1, len(group.columns) - 1)
        change = np.eye(q) + 0.3 * rng.normal(size=(q, q))
        block = TermBlock(g, len(group.columns) - q, q)
        terms.append(TermPenalty(block, change, forms(q, seed + g)))
    return Penalty(tuple(terms), rng.normal(size=(2, len(data.x) + 1)))


def directions(data, seed: int = 3) -> list[Direction]:
    rng = np.random.default_rng(seed)
    out = []
    for g, group in enumerate(data.groups):
        d = rng.normal(size=(2, len(group.columns), len(group.columns)))
        out += [Direction(g, apart(m + m.T)) for m in d]
    return out


def regular(data) -> list[np.ndarray]:
    return [np.linalg.cholesky(apart(b @ b.T + np.eye(len(b)))) for b in lambdas(data, 7)]


@everywhere
@pytest.mark.parametrize("reml", [False, True], ids=["ML", "REML"])
def test_core_agrees_with_the_reference(structure, reml):
    data = rows(structure, seed=4, weighted=True)
    products = cross_products(data)
    core, oracle = (k(products, reml, 1.5, penalty(data)) for k in KERNELS.values())
    blocks, d = regular(data), directions(data)
    assert core.evaluate(blocks)
    assert oracle.evaluate(blocks)
    assert core.nu == oracle.nu
    assert core.value == pytest.approx(oracle.value, rel=1e-12)
    for a, b in zip(core.gamma(), oracle.gamma(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-10 * np.abs(b).max())
    for a, b in [
        (core.hessian(d).hessian, oracle.hessian(d).hessian),
        (core.average_information(d), oracle.average_information(d)),
    ]:
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-9 * np.abs(b).max())


def richardson(f, h: float) -> float:
    """Fourth-order central difference."""
    return (8.0 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12.0 * h)


@pytest.mark.parametrize("structure", ["many slopes", "three crossed"])
@both
def test_gradient_and_hessian_are_derivatives(structure, kernel):
    data = rows(structure, seed=6)
    k = kernel(cross_products(data), True, 0.0, penalty(data))
    blocks, d = regular(data), directions(data)

    def at(direction, step):
        moved = list(blocks)
        square = blocks[direction.group] @ blocks[direction.group].T + step * direction.d
        moved[direction.group] = np.linalg.cholesky(square)
        assert k.evaluate(moved)
        return k

    def slope(along, direction, step):
        return np.sum(at(direction, step).gamma()[along.group] * along.d)

    assert k.evaluate(blocks)
    gamma, hessian = k.gamma(), k.hessian(d).hessian
    for i, e in enumerate(d):
        first = richardson(lambda t, e=e: at(e, t).value, 1e-3)
        assert np.sum(gamma[e.group] * e.d) == pytest.approx(first, rel=1e-7, abs=1e-7)
        for j, f in enumerate(d):
            second = richardson(lambda t, e=e, f=f: slope(f, e, t), 1e-3)
            assert hessian[i, j] == pytest.approx(second, rel=1e-6, abs=1e-6)


@both
def test_a_density_of_zero_is_refused_and_does_no_harm(kernel):
    data = rows("slopes", seed=1)
    prior = Penalty((TermPenalty(TermBlock(0, 0, 3), np.eye(3), rn.priors.Wishart().penalty(3)),))
    k = kernel(cross_products(data), True, 0.0, prior)
    assert not k.evaluate(lambdas(data, 2, rank=2)) or not np.isfinite(k.value)
    assert k.evaluate(regular(data))
    assert np.isfinite(k.value)
    assert all(np.isfinite(g).all() for g in k.gamma())


def without_sd(data, row: int) -> list[np.ndarray]:
    block = regular(data)[0]
    block[row] = 0.0
    return [block]


@both
def test_the_slope_out_of_an_sd_of_zero_is_that_of_the_best_correlations(kernel):
    data = rows("slopes", seed=8)
    change = np.array([[1.0, -0.4, 0.3], [0.0, 2.0, 0.0], [0.0, 0.0, 0.5]])
    form = rn.priors.LKJ(2.0).penalty(3) + rn.priors.HalfT(3, 1.0).penalty(3)
    prior = Penalty((TermPenalty(TermBlock(0, 0, 3), change, form),))
    k = kernel(cross_products(data), True, 0.0, prior)
    (block,) = without_sd(data, 2)
    assert k.evaluate([block])
    at_zero, back = k.value, np.linalg.inv(change)
    gamma = back.T @ k.gamma()[0] @ back
    np.testing.assert_allclose(gamma[2, :2], 0.0, atol=1e-9)  # correlations are at their best

    def best(r: float) -> float:
        """The criterion with a relative SD r, at the best correlations."""
        from scipy.optimize import minimize

        def value(c):
            root = change @ block
            root[2] = r * np.array([c[0], c[1], np.sqrt(1.0 - c @ c)])
            inner = np.linalg.solve(change, root)
            assert k.evaluate([np.linalg.cholesky(inner @ inner.T)])
            return k.value

        return float(minimize(value, np.zeros(2), method="BFGS", options={"gtol": 1e-9}).fun)

    found = (best(2e-3) - at_zero) / 4e-6, (best(1e-3) - at_zero) / 1e-6
    assert (4.0 * found[1] - found[0]) / 3.0 == pytest.approx(gamma[2, 2], rel=1e-3)
