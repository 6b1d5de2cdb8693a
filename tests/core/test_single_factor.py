"""A single grouping factor: every width of a level, every filling of a strip of levels."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from tests.oracle.kernel import ReferenceKernel

from ranef.core import CoreKernel, Direction, Rows, RowsGroup, cross_products


def rows(levels: int, q: int, p: int, per_level: int = 6) -> Rows:
    rng = np.random.default_rng(1000 * levels + 10 * q + p)
    n = levels * per_level + 3 * (p + q)
    codes = np.concatenate(
        [np.arange(levels * per_level) % levels, rng.integers(0, levels, 3 * (p + q))]
    )
    return Rows(
        groups=(
            RowsGroup(
                codes=codes.astype(np.int32),
                n_levels=levels,
                columns=(None, *(rng.normal(size=n) for _ in range(q - 1))),
                shifts=(0.0,) * q,
                scales=(1.0,) * q,
            ),
        ),
        x=tuple(None if k == 0 else rng.normal(size=n) for k in range(p)),
        x_shifts=(0.0,) * p,
        x_scales=(1.0,) * p,
        y=rng.normal(size=n) + rng.normal(size=levels)[codes],
        y_shift=0.0,
        y_scale=1.0,
        weights=None,
    )


# Levels about the length of a strip (64), an odd one too; q with code of its own (1 to 4) and
# without; enough columns of X that products go to the library.
SHAPES = [
    *[(levels, 2, 2) for levels in (1, 2, 3, 63, 64, 65, 129)],
    *[(7, q, 2) for q in (1, 3, 4, 5, 7)],
    *[(65, q, p) for q, p in ((1, 0), (2, 0), (1, 9), (1, 21), (2, 11), (3, 7), (5, 4))],
]


@pytest.mark.parametrize("reml", [False, True], ids=["ML", "REML"])
@pytest.mark.parametrize(("levels", "q", "p"), SHAPES)
def test_it_agrees_with_the_reference(levels: int, q: int, p: int, reml: bool) -> None:
    rng = np.random.default_rng(5)
    products = cross_products(rows(levels, q, p))
    core, oracle = CoreKernel(products, reml), ReferenceKernel(products, reml)
    block = np.tril(rng.normal(size=(q, q)))
    changes = [rng.normal(size=(q, q)) for _ in range(3)]
    directions = [Direction(0, c + c.T) for c in changes]
    assert core.evaluate([block])
    assert oracle.evaluate([block])
    assert core.value == pytest.approx(oracle.value, rel=1e-12)
    assert core.log_determinant == pytest.approx(oracle.log_determinant, rel=1e-12)
    expected = oracle.gamma()[0]
    np.testing.assert_allclose(core.gamma()[0], expected, atol=1e-10 * np.abs(expected).max())
    a, b = core.hessian(directions), oracle.hessian(directions)
    np.testing.assert_allclose(a.hessian, b.hessian, atol=1e-9 * np.abs(b.hessian).max())
    np.testing.assert_allclose(a.r2, b.r2, atol=1e-10 * np.abs(b.r2).max())
    if p:
        np.testing.assert_allclose(a.xx, b.xx, atol=1e-10 * np.abs(b.xx).max())


def test_gamma_is_the_same_by_sums_and_by_the_general_sweeps() -> None:
    """Whatever needs the general sweeps (here the modes) leaves derivatives as they were."""
    kernel = CoreKernel(cross_products(rows(65, 2, 2)), True)
    assert kernel.evaluate([np.array([[0.8, 0.0], [-0.3, 0.5]])])
    before = kernel.gamma()[0]
    kernel.modes()
    kernel.conditional_variances()  # with a reverse sweep of its own
    np.testing.assert_allclose(kernel.gamma()[0], before, rtol=1e-12)
    assert kernel.evaluate([np.array([[0.8, 0.0], [-0.3, 0.5]])])
    np.testing.assert_array_equal(kernel.gamma()[0], before)


def exact_information(c: np.ndarray, d: np.ndarray) -> np.ndarray:
    """(I + C D)^-1 C by elimination in fractions: exact."""
    c, d = (np.array([[Fraction(v) for v in row] for row in m.tolist()]) for m in (c, d))
    q = len(c)
    one = np.array([[Fraction(int(i == j)) for j in range(q)] for i in range(q)])
    left = np.concatenate([one + c @ d, c], axis=1)
    for k in range(q):
        left[k] /= left[k, k]
        for i in range(q):
            if i != k:
                left[i] -= left[i, k] * left[k]
    return left[:, q:].astype(float)


@pytest.mark.parametrize("q", [1, 2, 3, 5])
def test_large_variances_in_large_groups_cost_no_digits(q: int) -> None:
    """S = (I + C D)^-1 C is small where C D is large, and must not come out of a difference."""
    per_level = 20_000
    data = rows(2, q, 0, per_level)
    products = cross_products(data)
    kernel = CoreKernel(products, False)
    block = 30.0 * np.tril(np.random.default_rng(2).normal(size=(q, q))) + 30.0 * np.eye(q)
    assert kernel.evaluate([block])
    a = products.dense()
    d = block @ block.T
    # Gamma less what the residuals contribute: that of a problem with kappa = nu / r2.
    scores = kernel.residual_scores()[0]
    kappa = kernel.nu / kernel.r2
    expected = -kappa * scores.T @ scores
    for level in range(2):
        c = a[level * q : (level + 1) * q, level * q : (level + 1) * q]
        expected += exact_information(c, d)
    np.testing.assert_allclose(kernel.gamma()[0], expected, rtol=1e-11)
