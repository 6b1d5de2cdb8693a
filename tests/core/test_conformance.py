"""Every kernel, every structure: the same numbers, and derivatives that are derivatives."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from problems import SLOW, STRUCTURES, dense, lambdas, rows, spread
from tests.oracle.kernel import ReferenceKernel

from ranef.core import CoreKernel, Direction, cross_products, row_variances

KERNELS = {"core": CoreKernel, "reference": ReferenceKernel}
everywhere = pytest.mark.parametrize("structure", STRUCTURES)
both = pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
criteria = pytest.mark.parametrize("reml", [False, True], ids=["ML", "REML"])


def directions(data, seed=3):
    rng = np.random.default_rng(seed)
    out = []
    for g, group in enumerate(data.groups):
        q = len(group.columns)
        for _ in range(2):
            d = rng.normal(size=(q, q))
            out.append(Direction(g, d + d.T))
    return out


def moved(blocks, direction, step):
    """Lambda of D + step * direction."""
    d = blocks[direction.group] @ blocks[direction.group].T + step * direction.d
    out = list(blocks)
    out[direction.group] = np.linalg.cholesky(d)
    return out


def regular(data, seed=0):
    """Lambdas whose D stays positive definite when it is moved a little."""
    return [np.linalg.cholesky(b @ b.T + np.eye(len(b))) for b in lambdas(data, seed)]


@everywhere
@both
@criteria
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_criterion_is_the_density_of_a_multivariate_normal(structure, kernel, reml, weighted):
    data = rows(structure, seed=1, weighted=weighted)
    blocks = lambdas(data, seed=2)
    k = kernel(cross_products(data), reml)
    assert k.evaluate(blocks)
    z, x, y, w = dense(data)
    n, p = x.shape
    big = spread(data, blocks)
    v = z @ big @ big.T @ z.T + np.diag(1.0 / w)
    nu = n - p if reml else n
    vi = np.linalg.inv(v)
    xvx = x.T @ vi @ x
    beta = np.linalg.solve(xvx, x.T @ vi @ y)
    r = y - x @ beta
    variance = r @ vi @ r / nu
    expected = nu * np.log(2 * np.pi * variance) + np.linalg.slogdet(v)[1] + nu
    if reml:
        expected += np.linalg.slogdet(xvx)[1]
    assert k.value == pytest.approx(expected, rel=1e-11)
    assert k.beta == pytest.approx(beta, rel=1e-9)
    assert k.r2 / nu == pytest.approx(variance, rel=1e-11)
    assert k.xx_inverse == pytest.approx(np.linalg.inv(xvx), rel=1e-9)
    b = [m.ravel() for m in k.modes()]
    assert np.concatenate(b) == pytest.approx(big @ big.T @ z.T @ vi @ r, rel=1e-8, abs=1e-10)


@everywhere
@criteria
@pytest.mark.parametrize("rank", [None, 1, 0], ids=["full rank", "rank 1", "rank 0"])
def test_core_agrees_with_the_reference(structure, reml, rank):
    data = rows(structure, seed=4, weighted=True)
    products = cross_products(data)
    core, oracle = CoreKernel(products, reml, 1.5), ReferenceKernel(products, reml, 1.5)
    blocks = lambdas(data, seed=5, rank=rank)
    assert core.evaluate(blocks)
    assert oracle.evaluate(blocks)
    assert core.value == pytest.approx(oracle.value, rel=1e-12)
    assert core.log_determinant == pytest.approx(oracle.log_determinant, rel=1e-11, abs=1e-12)
    scale = max(np.abs(g).max() for g in oracle.gamma())
    for a, b in zip(core.gamma(), oracle.gamma(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-10 * scale)
    d = directions(data)
    a, b = core.hessian(d), oracle.hessian(d)
    np.testing.assert_allclose(a.hessian, b.hessian, rtol=1e-8, atol=1e-9 * np.abs(b.hessian).max())
    np.testing.assert_allclose(a.r2, b.r2, rtol=1e-9, atol=1e-10 * np.abs(b.r2).max())
    np.testing.assert_allclose(a.xx, b.xx, rtol=1e-9, atol=1e-10 * np.abs(b.xx).max())
    ai, expected = core.average_information(d), oracle.average_information(d)
    np.testing.assert_allclose(ai, expected, rtol=1e-8, atol=1e-9 * np.abs(expected).max())
    for a, b in zip(core.conditional_variances(), oracle.conditional_variances(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-11)
    for a, b in zip(core.modes(), oracle.modes(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)


def richardson(f, h):
    """Fourth-order central difference."""
    return (8.0 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12.0 * h)


# Differences of the dense kernel take seconds there; the core is compared with it above.
@pytest.mark.parametrize(
    ("structure", "kernel"),
    [
        pytest.param(name, kernel, id=f"{name}-{which}")
        for name in STRUCTURES
        for which, kernel in KERNELS.items()
        if which == "core" or name not in SLOW
    ],
)
@criteria
def test_gradient_and_hessian_are_derivatives(structure, kernel, reml):
    data = rows(structure, seed=6)
    k = kernel(cross_products(data), reml)
    blocks = regular(data, seed=7)
    d = directions(data)[:: 1 if len(data.groups) < 3 else 2]

    def value(direction, step):
        assert k.evaluate(moved(blocks, direction, step))
        return k.value

    def slope(along, direction, step):
        assert k.evaluate(moved(blocks, direction, step))
        return np.sum(k.gamma()[along.group] * along.d)

    k.evaluate(blocks)
    gamma = k.gamma()
    hessian = k.hessian(d).hessian
    first = [np.sum(gamma[e.group] * e.d) for e in d]
    for i, e in enumerate(d):
        assert first[i] == pytest.approx(
            richardson(lambda h, e=e: value(e, h), 1e-3), rel=2e-6, abs=1e-5
        )
        for j, a in enumerate(d):
            second = richardson(lambda h, a=a, e=e: slope(a, e, h), 1e-3)
            assert hessian[j, i] == pytest.approx(
                second, rel=1e-5, abs=1e-5 * np.abs(hessian).max()
            )


@everywhere
def test_cross_products_add_under_any_split(structure):
    data = rows(structure, seed=8, weighted=True)
    rng = np.random.default_rng(9)
    part = rng.integers(0, 3, data.y.size)

    def some(keep):
        def cut(column):
            return None if column is None else np.ascontiguousarray(column[keep])

        return data.replace(
            groups=tuple(
                g.replace(codes=cut(g.codes), columns=tuple(map(cut, g.columns)))
                for g in data.groups
            ),
            x=tuple(map(cut, data.x)),
            y=cut(data.y),
            weights=cut(data.weights),
        )

    whole = cross_products(data)
    pieces = [cross_products(some(part == i)) for i in (2, 0, 1)]
    total = pieces[0] + pieces[1] + pieces[2]
    assert total.n == whole.n
    assert total.sum_log_weights == pytest.approx(whole.sum_log_weights, rel=1e-12)
    np.testing.assert_allclose(total.dense(), whole.dense(), rtol=1e-11, atol=1e-11)
    k = CoreKernel(total, True)
    k.evaluate(lambdas(data))
    one = CoreKernel(whole, True)
    one.evaluate(lambdas(data))
    assert k.value == pytest.approx(one.value, rel=1e-12)


@everywhere
def test_cross_products_are_those_of_the_matrices(structure):
    data = rows(structure, seed=10, weighted=True)
    z, x, y, w = dense(data)
    full = np.column_stack([z, x, y])
    np.testing.assert_allclose(
        cross_products(data).dense(), full.T @ (w[:, None] * full), rtol=1e-11, atol=1e-11
    )


@everywhere
def test_leverage_is_the_diagonal_of_the_hat_matrix(structure):
    data = rows(structure, seed=11, weighted=True)
    k = CoreKernel(cross_products(data), True)
    blocks = lambdas(data, seed=12, rank=1)
    k.evaluate(blocks)
    z, x, _, w = dense(data)
    big = spread(data, blocks)
    vi = np.linalg.inv(z @ big @ big.T @ z.T + np.diag(1.0 / w))
    projection = vi - vi @ x @ np.linalg.solve(x.T @ vi @ x, x.T @ vi)
    # fitted = y - W^-1 P y
    np.testing.assert_allclose(row_variances(k, data), 1.0 - np.diag(projection) / w, atol=1e-10)
    # and the sweep of the criterion is as it was before
    other = CoreKernel(cross_products(data), True)
    other.evaluate(blocks)
    for a, b in zip(k.gamma(), other.gamma(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_structure_decides_the_elimination_order():
    def layout(name):
        return CoreKernel(cross_products(rows(name)), True).workspace.layout

    assert layout("three levels")[:3] == ([0, 1, 2], [], 0)
    assert layout("crossed")[:3] == ([0], [1], 5)
    assert layout("nested and crossed")[:3] == ([0, 1], [2], 8)


def test_cross_products_survive_pickling():
    import pickle

    products = cross_products(rows("nested and crossed", weighted=True))
    again = pickle.loads(pickle.dumps(products))
    np.testing.assert_array_equal(again.dense(), products.dense())
    assert (again.n, again.p, again.sizes) == (products.n, products.p, products.sizes)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_broken_lambda_is_a_status(value):
    data = rows("crossed slopes")
    k = CoreKernel(cross_products(data), True)
    blocks = lambdas(data)
    blocks[0][0, 0] = value
    assert not k.evaluate(blocks)


def test_codes_outside_of_the_levels_are_refused():
    data = rows("one factor")
    group = data.groups[0].replace(n_levels=3)
    with pytest.raises(ValueError, match="level code"):
        cross_products(data.replace(groups=(group,)))


# A nearly singular system of moments is solved in different ways: small margins there.
@pytest.mark.parametrize("structure", [name for name in STRUCTURES if name != "many slopes"])
@criteria
def test_moment_starts_agree(structure, reml):
    from ranef.core import TermBlock

    data = rows(structure, seed=14, weighted=True)
    products = cross_products(data)
    terms = [TermBlock(g, 0, len(group.columns)) for g, group in enumerate(data.groups)]
    core = CoreKernel(products, reml).moment_start(terms)
    oracle = ReferenceKernel(products, reml).moment_start(terms)
    np.testing.assert_allclose(core, oracle, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("structure", [name for name in STRUCTURES if name not in SLOW])
@criteria
def test_both_kernels_find_the_same_optimum(structure, reml):
    from ranef.core import TermBlock

    data = rows(structure, seed=13)
    products = cross_products(data)
    terms = [TermBlock(g, 0, len(group.columns)) for g, group in enumerate(data.groups)]
    start = np.concatenate([np.eye(t.q)[np.triu_indices(t.q)] * 0.7 for t in terms])
    core = CoreKernel(products, reml).optimise(terms, start, 500, 1e-11)
    oracle = ReferenceKernel(products, reml).optimise(terms, start, 300, 1e-11)
    assert core.status == "converged"
    assert core.criterion <= oracle.criterion + 1e-7
