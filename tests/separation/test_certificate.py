"""Stiemke's certificate: when it holds, there is no direction."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.separation.problems import clean, maximum_by_program, one_level, scores_at_maximum

from ranef.problem.separation.certificate import certificate
from ranef.problem.separation.direction import gains, prove

Array = np.ndarray


def test_threshold_of_the_certificate() -> None:
    """Rows 1, 1 with scores 1 and -e: the correction is (1 - e) / (1 + e) of each; with one sign 1.

    The bound is by Cauchy-Schwarz, exact where X has one column.
    """
    X = np.ones((2, 1))
    for e in (0.9, 0.1, 1e-6):
        proof = certificate(X, np.array([1, -1], dtype=np.int8), np.array([1.0, -e]))
        assert proof.bound == pytest.approx((1 - e) / (1 + e), rel=0.02)
        assert proof.holds == (1.01 * (1 - e) / (1 + e) < 1)
    one = certificate(X, np.array([1, 1], dtype=np.int8), np.array([1.0, 1.0]))
    assert one.bound == pytest.approx(1.01, rel=1e-6)
    assert not one.holds


@given(st.integers(0, 10_000))
def test_any_scores_that_pass_are_a_proof(seed: int) -> None:
    """Random numbers of the right signs, on problems of which many are separated."""
    rng = np.random.default_rng(seed)
    n, p = int(rng.integers(2, 12)), int(rng.integers(1, 4))
    X = rng.integers(-2, 3, (n, p)).astype(float)
    signs = rng.integers(-1, 2, n).astype(np.int8)
    proof = certificate(X, signs, signs * rng.uniform(0.1, 1.0, n))
    if proof.holds:
        assert maximum_by_program(X, signs) < 1e-9


def test_scores_of_the_wrong_sign_are_replaced() -> None:
    problem = clean(500)
    balanced = scores_at_maximum(problem)
    assert certificate(problem.X, problem.signs, balanced).bound < 1e-9
    few = balanced.copy()
    few[:3] *= -1e-3
    assert certificate(problem.X, problem.signs, few).holds
    assert not certificate(problem.X, problem.signs, -balanced).holds


def test_no_certificate_where_there_is_separation() -> None:
    problem = one_level(500)
    for scores in (problem.signs * 1.0, np.zeros(500), np.full(500, np.inf)):
        assert not certificate(problem.X, problem.signs, scores).holds


def test_rounding_counts() -> None:
    """Columns that differ in the last digits: the bound grows with what rounding may hide."""
    rng = np.random.default_rng(3)
    x, signs = rng.normal(size=200), np.tile([1, -1], 100).astype(np.int8)
    bounds = []
    for distance in (1.0, 1e-4, 1e-8):
        X = np.column_stack([np.ones(200), 1 + distance * x])
        scores = signs - X @ np.linalg.lstsq(X, signs.astype(float), rcond=None)[0]
        bounds.append(certificate(X, signs, scores).bound)
    # At 1e-8 the error of x_i'T is 2e-8 of it; counted as exact it would give 3e-9.
    assert bounds[0] < bounds[1] < 1e-9 < 1e-8 < bounds[2] < 1e-5


def test_gains_and_losses() -> None:
    X = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])
    signs = np.array([-1, 0, 1], dtype=np.int8)
    found = gains(X, signs, np.array([-1.0, 1.0]))
    assert found is not None
    np.testing.assert_array_equal(found.rows, [True, False, True])
    assert found.margin == pytest.approx(1 / 3)
    assert gains(X, signs, np.array([1.0, -1.0])) is None
    assert gains(X, signs, np.array([-1.0, 1.0 + 1e-9])) is None
    assert gains(X, signs, np.zeros(2)) is None


def test_threshold_of_the_gain() -> None:
    """Columns that differ in the ninth digit are a direction, in the tenth they are dependent."""
    signs = np.array([1, -1, 1, -1], dtype=np.int8)
    for difference, separated in [(1e-8, True), (1e-10, False)]:
        X = np.array([[1.0, 1.0], [1.0, 1.0], [2.0, 2.0 + 2 * difference], [2.0, 2.0]])
        found = gains(X, signs, np.array([-1.0, 1.0]))
        assert (found is not None) is separated


def test_directions_are_cleaned() -> None:
    """What a search leaves of 0, and of whole ratios, is taken away."""
    X = np.column_stack([np.ones(9), np.tile([-1.0, 0.0, 1.0], 3), np.repeat([0.0, 1.0, 2.0], 3)])
    signs = np.sign(X @ [-1.0, 1.0, 1.0]).astype(np.int8)
    near = np.array([-0.25, 0.2500001, 0.2499998])
    found = prove(X, signs, near, np.array([1.0, 1.0, 2.0]), 1e-3)
    assert found is not None
    assert found.exact
    np.testing.assert_array_equal(found.direction, [-1.0, 1.0, 1.0])
