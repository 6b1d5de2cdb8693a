"""The tail of crossed designs: independent blocks with a border, packed in panels."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from problems import rows
from tests.oracle.kernel import ReferenceKernel

from ranef.core import CoreKernel, Rows, RowsGroup, cross_products

STEP = 1e-4


def crossed(codes, levels):
    rng = np.random.default_rng(5)
    groups = tuple(
        RowsGroup(
            codes=c.astype(np.int32), n_levels=k, columns=(None,), shifts=(0.0,), scales=(1.0,)
        )
        for c, k in zip(codes, levels, strict=True)
    )
    y = rng.normal(size=codes[0].size)
    return Rows(
        groups=groups,
        x=(None, rng.normal(size=y.size)),
        x_shifts=(0.0, 0.0),
        x_scales=(1.0, 1.0),
        y=y,
        y_shift=0.0,
        y_scale=1.0,
        weights=None,
    )


@pytest.mark.parametrize("structure", ["islands", "islands with slopes"])
def test_islands_leave_most_of_the_square_out(structure):
    kernel = CoreKernel(cross_products(rows(structure, seed=4)), True)
    entries, _ = kernel.workspace.tail
    assert entries < 0.6 * kernel.dense_columns**2


def test_levels_met_by_one_level_only_cost_no_fill():
    rng = np.random.default_rng(1)
    first, second = rng.integers(0, 50, 400), rng.integers(0, 12, 400)
    single = np.arange(30) + 12  # levels of the second factor with one row each
    codes = [np.r_[first, rng.integers(0, 50, 30)], np.r_[second, single]]
    kernel = CoreKernel(cross_products(crossed(codes, [50, 42])), False)
    assert kernel.dense_columns == 42
    # 12 columns of border, and for each single level its square and what it meets of the border.
    entries, _ = kernel.workspace.tail
    assert entries <= 12 * 12 + 30 * (1 + 12)
    oracle = ReferenceKernel(cross_products(crossed(codes, [50, 42])), False)
    lambda_ = [np.array([[0.7]]), np.array([[0.4]])]
    assert kernel.evaluate(lambda_)
    assert oracle.evaluate(lambda_)
    assert kernel.value == pytest.approx(oracle.value, rel=1e-13)


def test_levels_without_rows():
    rng = np.random.default_rng(2)
    codes = [rng.integers(0, 20, 100), 2 * rng.integers(0, 7, 100)]
    products = cross_products(crossed(codes, [20, 15]))
    kernel, oracle = CoreKernel(products, False), ReferenceKernel(products, False)
    lambda_ = [np.array([[0.7]]), np.array([[0.4]])]
    assert kernel.evaluate(lambda_)
    assert oracle.evaluate(lambda_)
    assert kernel.value == pytest.approx(oracle.value, rel=1e-13)
    for a, b in zip(kernel.gamma(), oracle.gamma(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10)


def test_a_border_of_many_panels_on_several_threads():
    rng = np.random.default_rng(3)
    levels = [1750, 1700]
    codes = [rng.integers(0, k, 60_000) for k in levels]
    products = cross_products(crossed(codes, levels))
    kernel = CoreKernel(products, False)
    entries, _ = kernel.workspace.tail
    assert 0.5 * 1700**2 < entries < 0.65 * 1700**2  # lower triangles, not squares

    def at(a, b):
        assert kernel.evaluate([np.array([[a]]), np.array([[b]])])
        return kernel.value

    # log|V| through the smaller system, dense.
    z = np.zeros((levels[0], levels[1]))
    np.add.at(z, (codes[0], codes[1]), 1.0)
    a, b = 0.3, 0.5
    first = 1.0 + a * a * np.bincount(codes[0], minlength=levels[0])
    schur = np.diag(1.0 + b * b * np.bincount(codes[1], minlength=levels[1]))
    schur -= a * a * b * b * (z.T / first) @ z
    expected = np.log(first).sum() + np.linalg.slogdet(schur)[1]
    at(a, b)
    assert kernel.log_determinant == pytest.approx(expected, rel=1e-12)
    gamma = [float(g[0, 0]) for g in kernel.gamma()]
    twice = kernel.gamma()
    kernel.evaluate([np.array([[a]]), np.array([[b]])])
    assert [float(g[0, 0]) for g in twice] == gamma == [float(g[0, 0]) for g in kernel.gamma()]
    slope_a = (at(a + STEP, b) - at(a - STEP, b)) / (2 * STEP)
    slope_b = (at(a, b + STEP) - at(a, b - STEP)) / (2 * STEP)
    assert 2 * a * gamma[0] == pytest.approx(slope_a, rel=1e-5)
    assert 2 * b * gamma[1] == pytest.approx(slope_b, rel=1e-5)
