"""Variances that go to infinity: fixed and random effects together separate all rows."""

from __future__ import annotations

import numpy as np
import pytest
from tests.oracle.families import FAMILIES
from tests.oracle.marginal import Term, make_model, quadrature
from tests.separation.problems import draw, signs_of

from ranef.problem.separation import InfiniteVariances, RandomPart, infinite_variances

Array = np.ndarray


def groups(levels: int, size: int) -> Array:
    return np.repeat(np.arange(levels, dtype=np.int32), size)


def part(codes: Array, *columns: Array, name: str = "g") -> RandomPart:
    return RandomPart(
        name, codes, int(codes.max()) + 1, np.column_stack([np.ones(codes.size), *columns])
    )


def test_homogeneous_levels() -> None:
    codes = groups(30, 20)
    found = infinite_variances(np.ones((600, 1)), [part(codes)], signs_of(codes % 2 == 0))
    assert found.possible
    assert found.factor == "g"
    assert "every level of g" in found.proof


def test_one_row_against_its_level() -> None:
    codes = groups(30, 20)
    success = codes % 2 == 0
    success[7] = ~success[7]
    found = infinite_variances(np.ones((600, 1)), [part(codes)], signs_of(success))
    assert found.possible is False
    assert found.margin <= 1e-9


def test_the_likelihood_itself() -> None:
    """Homogeneous levels: F falls to -2 log P(all signs right), which is 2 J log 2 at beta = 0."""
    codes = groups(6, 20)
    success = codes % 2 == 0
    model = make_model(
        FAMILIES["binomial(logit)"], success.astype(float), np.ones((120, 1)),
        [Term(np.ones((120, 1)), codes)],
    )  # fmt: skip
    values = [quadrature(model, [np.array([[sd]])], np.zeros(1), 61) for sd in (1.0, 4.0, 16.0)]
    assert values[0] > values[1] > values[2] > 12 * np.log(2)


def test_levels_that_are_homogeneous_given_a_predictor() -> None:
    """Success above a threshold of x in every level, the thresholds differ."""
    rng = np.random.default_rng(2)
    codes, x = groups(40, 25), rng.normal(size=1000)
    X = np.column_stack([np.ones(1000), x])
    success = x > rng.normal(size=40)[codes]
    assert infinite_variances(X, [part(codes)], signs_of(success)).possible
    success[np.argmax(x)] = False
    assert infinite_variances(X, [part(codes)], signs_of(success)).possible is False


def test_slopes_separate_what_intercepts_do_not() -> None:
    """Levels differ in the direction of x."""
    rng = np.random.default_rng(3)
    codes, x = groups(20, 10), rng.normal(size=200)
    X = np.column_stack([np.ones(200), x])
    success = (x > 0) ^ (codes % 2 == 0)
    assert infinite_variances(X, [part(codes)], signs_of(success)).possible is False
    assert infinite_variances(X, [part(codes, x)], signs_of(success)).possible


def test_crossed_factors() -> None:
    a, b = np.divmod(np.arange(400), 20)
    rng = np.random.default_rng(4)
    strong, weak = rng.normal(size=20), rng.normal(size=20)
    parts = [part(a.astype(np.int32)), part(b.astype(np.int32), name="h")]
    success = strong[a] + weak[b] > 0
    found = infinite_variances(np.ones((400, 1)), parts, signs_of(success))
    assert found.possible
    assert found.factor is None
    worst = np.argmax(strong[a] + weak[b])
    success[worst] = False
    assert infinite_variances(np.ones((400, 1)), parts, signs_of(success)).possible is False


@pytest.mark.parametrize("seed", range(5))
def test_clean_data(seed: int) -> None:
    rng = np.random.default_rng(seed)
    codes, x = groups(500, 20), rng.normal(size=10_000)
    X = np.column_stack([np.ones(10_000), x])
    b = 2 * rng.normal(size=500)
    success = draw(np.column_stack([X, b[codes]]), np.array([-0.3, 0.6, 1.0]), rng)
    found = infinite_variances(X, [part(codes)], signs_of(success))
    assert found.possible is False
    assert "predicts 300 rows" in found.proof


def test_rows_with_a_maximum() -> None:
    codes = groups(4, 5)
    signs = signs_of(codes % 2 == 0)
    signs[3] = 0
    found: InfiniteVariances = infinite_variances(np.ones((20, 1)), [part(codes)], signs)
    assert found.possible is False


def test_threshold_of_the_margin() -> None:
    """Two rows of a level whose predictors differ by 1e-5 are separated, by 1e-12 they are not."""
    codes = np.zeros(4, dtype=np.int32)
    signs = np.array([1, -1, 1, -1], dtype=np.int8)
    for difference, possible in [(1e-5, True), (1e-12, False)]:
        x = np.array([0.5 + difference, 0.5, 1.0, -1.0])[:, None]
        found = infinite_variances(x, [part(codes)], signs)
        assert found.possible is possible
