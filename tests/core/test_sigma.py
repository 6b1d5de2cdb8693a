"""The criterion at a fixed sigma: its definition, its derivatives, and the way back."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from problems import STRUCTURES, lambdas, rows

from ranef.core import CoreKernel, Direction, cross_products

everywhere = pytest.mark.parametrize("structure", STRUCTURES)
either = pytest.mark.parametrize("reml", [True, False])
CONSTANT = 1.7


def kernel_of(structure: str, reml: bool):
    data = rows(structure, weighted=True)
    kernel = CoreKernel(cross_products(data), reml, CONSTANT)
    return kernel, lambdas(data, 3), float(np.sum(np.log(data.weights)))


def directions_of(lambda_) -> list[Direction]:
    rng = np.random.default_rng(8)
    out = []
    for g, block in enumerate(lambda_):
        e = rng.normal(size=block.shape)
        out.append(Direction(g, e + e.T))
    return out


@everywhere
@either
def test_the_value_is_that_of_the_definition(structure, reml):
    kernel, lambda_, log_weights = kernel_of(structure, reml)
    assert kernel.evaluate(lambda_)
    profiled, r2, nu = kernel.value, kernel.r2, kernel.nu
    beta = kernel.beta
    for sigma in (0.6, np.sqrt(r2 / nu), 1.9):
        kernel.at_sigma(sigma)
        assert kernel.evaluate(lambda_)
        own = kernel.log_determinant + reml * kernel.log_determinant_x + CONSTANT - log_weights
        own += nu * np.log(2 * np.pi * sigma**2) + r2 / sigma**2
        assert kernel.value == pytest.approx(own, rel=1e-13)
        assert kernel.value >= profiled - 1e-9
        assert kernel.r2 == r2
        np.testing.assert_array_equal(kernel.beta, beta)
    kernel.at_sigma(np.sqrt(r2 / nu))
    kernel.evaluate(lambda_)
    assert kernel.value == pytest.approx(profiled, rel=1e-13)
    kernel.at_sigma(None)
    kernel.evaluate(lambda_)
    assert kernel.value == profiled


@everywhere
@either
def test_derivatives_follow_from_those_of_the_profiled_criterion(structure, reml):
    """With g = nu log r2 replaced by r2 / sigma^2: dr2 and d2r2 are known from the profiled one,
    d2r2 / 2 from average information."""
    kernel, lambda_, _ = kernel_of(structure, reml)
    directions = directions_of(lambda_)
    kernel.evaluate(lambda_)
    gamma = [float(np.sum(g * d.d)) for g, d in zip(kernel.gamma(), directions, strict=True)]
    curvature = kernel.hessian(directions)
    d, kappa, r2 = curvature.r2, kernel.nu / kernel.r2, kernel.r2
    information = kernel.average_information(directions) + kappa / r2 * np.outer(d, d)
    sigma = 0.8
    excess = 1.0 / sigma**2 - kappa
    kernel.at_sigma(sigma)
    kernel.evaluate(lambda_)
    found = [float(np.sum(g * d.d)) for g, d in zip(kernel.gamma(), directions, strict=True)]
    scale = np.abs(gamma).max() + np.abs(excess * d).max()
    np.testing.assert_allclose(found, np.array(gamma) + excess * d, atol=1e-10 * scale)
    right = curvature.hessian + kappa / r2 * np.outer(d, d) + 2.0 * excess * information / kappa
    fixed = kernel.hessian(directions)
    np.testing.assert_allclose(fixed.hessian, right, atol=1e-10 * np.abs(right).max())
    np.testing.assert_allclose(fixed.r2, d, rtol=1e-10)
    np.testing.assert_allclose(fixed.xx, curvature.xx, atol=1e-10 * np.abs(curvature.xx).max())
    own = kernel.average_information(directions)
    wanted = information / (kappa * sigma**2)
    np.testing.assert_allclose(own, wanted, atol=1e-10 * np.abs(wanted).max())


def test_another_sigma_needs_an_evaluation():
    kernel, lambda_, _ = kernel_of("slopes", False)
    kernel.evaluate(lambda_)
    kernel.at_sigma(1.0)
    with pytest.raises(ValueError, match="evaluate"):
        kernel.gamma()
    with pytest.raises(ValueError, match="not positive"):
        kernel.at_sigma(0.0)
