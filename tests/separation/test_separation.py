"""Separation is found where it was planted, never claimed in clean data, and proven."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.separation.problems import (
    PLANTED,
    Planted,
    along_a_line,
    clean,
    draw,
    maximum_by_program,
    one_level,
    scores_at_maximum,
    signs_of,
    threshold,
    two_levels,
)

from ranef.problem.separation import Separation, separation

Array = np.ndarray


def check(problem: Planted, found: Separation) -> None:
    """The proof again, in exact arithmetic if it claims so."""
    assert found.exists
    assert found.direction is not None
    assert found.limit is not None
    np.testing.assert_array_equal(found.predicted, problem.predicted)
    np.testing.assert_array_equal(found.limit.rows, ~problem.predicted)
    assert found.complete == bool(np.all(problem.predicted))
    assert found.limit.identified == problem.identified
    assert found.limit.proven
    change = problem.signs * (problem.X @ found.direction)
    size = np.abs(problem.X) @ np.abs(found.direction)
    assert np.all(change >= -1e-13 * size)
    assert np.all(np.abs(problem.X @ found.direction)[problem.signs == 0] <= 1e-13)
    gained = change > 1e-12 * size
    assert found.margin == pytest.approx((change[gained] / size[gained]).min(), rel=1e-9)
    if found.exact:
        gamma = [Fraction(float(value)) for value in found.direction]
        for row, sign in zip(problem.X[:300], problem.signs[:300], strict=True):
            total = sum(Fraction(float(v)) * g for v, g in zip(row, gamma, strict=True))
            assert total == 0 if sign == 0 else total * int(sign) >= 0


@pytest.mark.parametrize("n", [60, 700, 30_000])
@pytest.mark.parametrize("plant", PLANTED)
def test_planted_separation_is_found(plant: Callable[[int], Planted], n: int) -> None:
    problem = plant(n)
    found = problem.decide()
    check(problem, found)
    assert "no finite maximum" in found.proof


@pytest.mark.parametrize("n", [25, 200, 5_000, 300_000])
def test_never_claimed_in_clean_data(n: int) -> None:
    for seed in range(20 if n < 1_000 else 1):
        problem = clean(n, seed)
        found = problem.decide()
        assert found.exists is (
            maximum_by_program(problem.X, problem.signs) > 1e-7 if n < 50 else False
        )
        if found.exists is False:
            assert found.margin < 1
            assert "a finite maximum exists" in found.proof


def test_names_and_directions() -> None:
    found = one_level(200).decide()
    assert found.coefficients == {"b": 1.0}
    assert found.exact
    assert found.limit is not None
    assert found.limit.columns == (0, 1, 3)
    line = along_a_line(500).decide()
    assert line.coefficients == {"Intercept": -1.0, "x": 1.0, "d": 2.0}
    assert line.exact
    both = two_levels(300).decide()
    assert both.coefficients.keys() == {"b", "c"}
    assert both.coefficients["b"] > 0 > both.coefficients["c"]


def test_numbers_that_are_not_stored_exactly() -> None:
    """x / 10 is on the line only up to rounding: the verdict stands, and says so."""
    line = along_a_line(500)
    found = Planted(line.X * [1, 0.1, 1], line.signs, line.names, line.predicted).decide()
    assert found.exists
    assert not found.exact
    assert "up to the rounding" in found.proof
    np.testing.assert_array_equal(found.predicted, line.predicted)


def test_given_scores_are_a_proof() -> None:
    """Scores at the maximum of the logistic likelihood; they must not be those of other data."""
    problem = clean(400)
    scores = scores_at_maximum(problem)
    found = problem.decide(scores=scores)
    assert found.exists is False
    assert found.margin < 1e-10
    planted = one_level(400)
    check(planted, planted.decide(scores=scores))
    check(planted, planted.decide(scores=np.zeros(400)))
    check(planted, planted.decide(scores=np.full(400, np.nan)))


def test_given_direction_is_checked() -> None:
    problem = one_level(400)
    step = np.array([1e-9, 2e-8, 0.9, -3e-9])
    assert problem.decide(direction=step).coefficients == {"b": 1.0}
    check(problem, problem.decide(direction=-step))
    check(problem, problem.decide(direction=np.array([np.nan, 0, 0, 0])))
    assert clean(400).decide(direction=step).exists is False


def test_directions_of_different_rows_are_put_together() -> None:
    """The one given predicts the rows of b only; those of c follow, and one direction has both."""
    problem = two_levels(300)
    found = problem.decide(direction=np.array([0.0, 0.0, 1.0, 0.0]))
    check(problem, found)
    assert found.direction is not None
    change = problem.signs * (problem.X @ found.direction)
    np.testing.assert_array_equal(change > 0, problem.predicted)


def test_random_problems_agree_with_a_linear_programme() -> None:
    """300 small problems of whole numbers, where nearly a half are separated."""
    rng = np.random.default_rng(7)
    count = 0
    for number in range(300):
        n, p = int(rng.integers(3, 30)), int(rng.integers(1, 5))
        X = rng.integers(-2, 3, (n, p)).astype(float)
        if rng.random() < 0.7:
            X[:, 0] = 1
        beta = rng.normal(size=p) * 3
        signs = signs_of(draw(X, beta, rng))
        if rng.random() < 0.3:
            signs[rng.random(n) < 0.2] = 0
        expected = maximum_by_program(X, signs) > 1e-7
        found = separation(X, signs, [f"x{k}" for k in range(p)])
        assert found.exists is expected, number
        count += expected
        if expected:
            assert found.limit is not None
            assert found.limit.proven
            left = found.limit.rows
            assert not left.any() or maximum_by_program(X[left], signs[left]) < 1e-7
    assert 80 < count < 220


@pytest.mark.parametrize("unit", [1e-6, 1e6])
@pytest.mark.parametrize("plant", [clean, *PLANTED])
def test_units_do_not_matter(plant: Callable[[int], Planted], unit: float) -> None:
    problem = plant(300)
    scale = np.where(np.arange(problem.X.shape[1]) == 1, unit, 1.0)
    found = Planted(problem.X * scale, problem.signs, problem.names, problem.predicted).decide()
    assert found.exists is bool(problem.predicted.any())
    np.testing.assert_array_equal(found.predicted, problem.predicted)


@pytest.mark.parametrize("plant", [clean, one_level, threshold])
def test_numbers_far_from_zero(plant: Callable[[int], Planted]) -> None:
    """x + 3,000,000 beside an intercept."""
    problem = plant(300)
    X = problem.X.copy()
    X[:, 1] += 3e6
    found = Planted(X, problem.signs, problem.names, problem.predicted).decide()
    assert found.exists is bool(problem.predicted.any())
    np.testing.assert_array_equal(found.predicted, problem.predicted)


@given(st.integers(0, 10_000), st.sampled_from([clean, *PLANTED]))
def test_other_columns_of_the_same_span(seed: int, plant: Callable[..., Planted]) -> None:
    """X -> X B keeps the verdict and the rows; directions are B^-1 times the old ones."""
    problem = plant(80, seed)
    rng = np.random.default_rng(seed)
    p = problem.X.shape[1]
    B = np.linalg.qr(rng.normal(size=(p, p)))[0] * rng.uniform(0.5, 2.0, p)
    plain = problem.decide()
    turned = Planted(problem.X @ B, problem.signs, problem.names, problem.predicted).decide()
    assert turned.exists is plain.exists
    if plain.exists:
        assert turned.direction is not None
        np.testing.assert_array_equal(turned.predicted, plain.predicted)
        back = problem.signs * (problem.X @ (B @ turned.direction))
        assert np.all(back >= -1e-11)  # rounding of X B and of the way back
        assert back.max() > 1e-6


def test_threshold_of_a_row_that_counts_as_unchanged() -> None:
    """A row that loses 1e-12 of its terms refutes the direction; 1e-14 is rounding.

    Near to the threshold there may be no proof of either.
    """
    for loss, separated in [(1e-12, False), (1e-14, True)]:
        X = np.array([[1.0, 1.0], [1.0, -1.0], [1.0, -1.0], [1.0, 1.0 - loss]])
        # Along (1, -1): the first row stays, the second and third gain, the last gains or loses.
        signs = np.array([0, 1, 1, -1], dtype=np.int8)
        found = separation(X, signs, ["a", "b"])
        assert (found.exists is True) is separated, loss


def test_threshold_of_nearly_dependent_columns() -> None:
    """Columns that differ by 1e-8 in one row separate it; by 1e-12 they are dependent."""
    for difference, exists in [(1e-8, True), (1e-12, False)]:
        x = np.array([1.0, 2.0, 3.0, -1.0, -2.0, 1.5, -3.0, 2.5])
        other = x.copy()
        other[4] += difference
        signs = np.array([1, -1, 1, 1, 1, -1, -1, 1], dtype=np.int8)
        assert separation(np.column_stack([x, other]), signs, ["x", "z"]).exists is exists


def test_one_row_decides() -> None:
    """A threshold with one exception among many rows is no separation; the proof finds it."""
    problem = threshold(20_000)
    signs = problem.signs.copy()
    row = int(np.argmax(problem.X[:, 1]))
    signs[row] = -1
    assert Planted(problem.X, signs, problem.names, problem.predicted).decide().exists is False


def test_nothing_to_separate() -> None:
    X = np.ones((4, 1))
    assert separation(X, np.zeros(4, dtype=np.int8), ["a"]).exists is False
    assert separation(X[:, :0], np.ones(4, dtype=np.int8), []).exists is False
    assert separation(np.zeros((4, 1)), np.ones(4, dtype=np.int8), ["a"]).exists is False
    alike = separation(X, np.ones(4, dtype=np.int8), ["a"])
    assert alike.complete
    assert alike.coefficients == {"a": 1.0}
