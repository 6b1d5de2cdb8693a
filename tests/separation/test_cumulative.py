"""Ordered answers: the signs of the ends of intervals against the likelihood itself."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from tests.oracle.families import FAMILIES

from ranef.problem.separation import Separation, cumulative_rows, separation

Array = np.ndarray


def loglik(X: Array, answers: Array, cuts: Array, beta: Array) -> float:
    last = cuts.size
    below = cuts[np.maximum(answers - 1, 0)]
    above = cuts[np.minimum(answers, last - 1)]
    y = np.where(answers == 0, -1.0, np.where(answers == last, 1.0, 0.0))
    family = FAMILIES["cumulative(logit)"]
    return float(family.loglik(y, np.ones(y.size), X @ beta, [below, above]).sum())


def decide(X: Array, answers: Array, cuts: int) -> Separation:
    design, signs, _ = cumulative_rows(X, answers, cuts)
    names = [f"cut{k}" for k in range(cuts)] + [f"x{k}" for k in range(X.shape[1])]
    return separation(design, signs, names)


def draw(seed: int, n: int = 60) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    x, d = rng.integers(-3, 4, n), rng.integers(0, 2, n)
    X = np.column_stack([x, d]).astype(float)
    latent = 0.5 * x + d + rng.logistic(size=n)
    return X, np.digitize(latent, [-1.0, 0.5, 2.0])


def test_a_maximum() -> None:
    X, answers = draw(1)
    assert decide(X, answers, 3).exists is False


@pytest.mark.parametrize("level", [0, 3])
def test_all_answers_at_one_end(level: int) -> None:
    """All rows with d = 1 answer at the end of the scale: only d runs away."""
    X, answers = draw(2)
    rows = X[:, 1] == 1
    found = decide(X, np.where(rows, level, answers), 3)
    assert found.coefficients == {"x1": 1.0 if level else -1.0}
    assert found.limit is not None
    assert found.limit.identified == ("cut0", "cut1", "cut2", "x0")


def test_all_answers_in_the_middle_are_no_separation() -> None:
    """A middle answer cannot become certain by a change of d alone: it holds its predictor."""
    X, answers = draw(2)
    found = decide(X, np.where(X[:, 1] == 1, 1, answers), 3)
    assert found.exists is False


def test_answers_by_order_are_complete() -> None:
    """Answers rise with x without overlap: cut points and slope go to infinity together."""
    X = np.column_stack([np.repeat(np.arange(-3.0, 4.0), 4), np.tile([0.0, 1.0], 14)])
    answers = np.digitize(X[:, 0], [-1.5, 0.5, 2.5])
    found = decide(X, answers, 3)
    assert found.complete
    assert found.direction is not None
    cuts, slope = found.direction[:3], found.direction[3:]
    assert np.all(np.diff(cuts) > 0)
    values = [loglik(X, answers, t * cuts, t * slope) for t in (0.0001, 1.0, 10.0, 1000.0)]
    assert np.all(np.diff(values) > 0)
    assert values[-1] > -1e-3


@pytest.mark.parametrize("seed", range(30))
def test_verdicts_against_the_likelihood(seed: int) -> None:
    """Few rows: a search finds the maximum, or the likelihood rises along the direction."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(6, 14))
    X = rng.integers(-1, 2, (n, 2)).astype(float)
    if np.linalg.matrix_rank(np.column_stack([np.ones(n), X])) < 3:
        pytest.skip("dependent columns")
    answers = rng.integers(0, 3, n)
    answers[:3] = [0, 1, 2]
    found = decide(X, answers, 2)

    def f(at: Array) -> float:
        return -loglik(X, answers, np.array([at[0], at[0] + np.exp(at[1])]), at[2:])

    if found.exists:
        assert found.direction is not None
        start = np.array([-1.0, 1.0, 0.2, -0.1])
        values = [
            loglik(
                X, answers, start[:2] + t * found.direction[:2], start[2:] + t * found.direction[2:]
            )
            for t in (0.0, 1.0, 3.0, 10.0)
        ]
        assert np.all(np.diff(values) > 0)
    else:
        assert found.exists is False
        best = minimize(f, np.zeros(4), method="BFGS")
        assert np.abs(best.x).max() < 20
        assert np.abs(best.jac).max() < 1e-3
