"""The proof of a finite maximum that comes with the start, and the suspicion where it fails."""

from __future__ import annotations

import numpy as np
import pytest
from tests.marginal.models import model, published

N = 400
RNG = np.random.default_rng(5)
G = np.repeat(np.arange(40), 10)
X1 = RNG.normal(size=N)
X = np.column_stack([np.ones(N), X1])
ONE = [(np.ones((N, 1)), G)]
Y = RNG.random(N) < 1.0 / (1.0 + np.exp(-X1 - 0.5 * RNG.normal(size=40)[G]))


@pytest.mark.parametrize("name", ["cbpp logit", "contraception slope", "verbagg", "mmmec nested"])
def test_data_without_separation_are_proven(name: str) -> None:
    one = published(name)
    one.solve()
    assert one.kernel.separation_margin < 0.1
    assert one.kernel.suspected_direction is None


def test_the_margin_is_the_largest_relative_change_of_a_score() -> None:
    one = model(Y, X, ONE, "binomial", "logit")
    one.solve()
    g = one.kernel.joint_scores()
    assert np.all(np.sign(g) == np.where(Y, 1, -1))
    change = np.linalg.solve(one.X.T @ (np.abs(g)[:, None] * one.X), one.X.T @ g)
    margin = np.abs(one.X @ change).max()
    # Both add up the same scores, which nearly cancel: to 1e-16 of their sum, 1e2.
    assert one.kernel.separation_margin == pytest.approx(margin, rel=1e-6, abs=1e-12)


def test_rows_with_both_answers_keep_still() -> None:
    # Rows 0 and 1 have a sign, the others have none.
    share = np.full(N, 0.5)
    share[:2] = [0.0, 1.0]
    one = model(share, X, ONE, "binomial", "logit", weights=np.full(N, 2.0))
    one.solve()
    assert one.kernel.separation_margin < 1e-2


@pytest.mark.parametrize("complete", [True, False])
def test_separation_is_suspected_along_the_direction_that_proves_it(complete: bool) -> None:
    mark = RNG.random(N) < 0.3
    y = X1 > 0.2 if complete else np.where(mark, True, Y)
    columns = X if complete else np.column_stack([X, mark])
    one = model(y, columns, ONE, "binomial", "logit")
    one.solve()
    gamma = one.kernel.suspected_direction
    assert not one.kernel.separation_margin < 1.0
    assert np.abs(gamma).max() == 1.0
    sign = np.where(y, 1.0, -1.0)
    gains = sign * (one.X @ gamma)
    if complete:
        assert gains.min() > 0.0
    else:
        # All rows of the column are gained; others change by what Newton's method has left.
        assert gains[mark].min() > 100.0 * np.abs(gains[~mark]).max()


def test_counts_that_are_all_zero_in_a_level_are_suspected() -> None:
    y = np.where(X1 > 0.0, 0.0, RNG.poisson(2.0, N) + 1.0)
    level = (X1 > 0.0).astype(float)
    one = model(y, np.column_stack([np.ones(N), level]), ONE, "poisson", "log")
    one.solve()
    assert not one.kernel.separation_margin < 1.0
    assert np.abs(one.kernel.suspected_direction).max() == 1.0


def test_families_without_recession_are_proven_at_once() -> None:
    one = model(np.exp(X1), X, ONE, "gamma", "log")
    one.solve()
    assert one.kernel.separation_margin == 0.0
