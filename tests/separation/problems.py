"""Responses that are separated, or not, by design."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linprog

from ranef.problem.separation import Separation, separation

Array = np.ndarray


@dataclass(frozen=True)
class Planted:
    """X, signs, names, and what must be found: rows predicted perfectly, if there are any."""

    X: Array
    signs: Array
    names: list[str]
    predicted: Array
    identified: tuple[str, ...] = ()

    def decide(self, **given: Any) -> Separation:
        return separation(self.X, self.signs, self.names, **given)


def signs_of(success: Array) -> Array:
    return np.where(success, 1, -1).astype(np.int8)


def draw(X: Array, beta: Array, rng: np.random.Generator) -> Array:
    return np.asarray(rng.random(len(X)) < 1 / (1 + np.exp(-X @ beta)))


def clean(n: int, seed: int = 0) -> Planted:
    """An intercept, a number, a factor of three levels; no separation."""
    rng = np.random.default_rng(seed)
    level = rng.integers(0, 3, n)
    X = np.column_stack([np.ones(n), rng.normal(size=n), level == 1, level == 2]).astype(float)
    success = draw(X, np.array([-0.3, 0.8, 0.5, -0.4]), rng)
    return Planted(X, signs_of(success), ["Intercept", "x", "b", "c"], np.zeros(n, dtype=bool))


def one_level(n: int, seed: int = 0) -> Planted:
    """All rows of one level of a factor are successes: quasi-complete."""
    plain = clean(n, seed)
    rows = plain.X[:, 2] == 1
    signs = np.where(rows, 1, plain.signs).astype(np.int8)
    return Planted(plain.X, signs, plain.names, rows, ("Intercept", "x", "c"))


def one_cell(n: int, seed: int = 0) -> Planted:
    """All rows of one cell of two factors with their interaction are failures."""
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 2, n), rng.integers(0, 2, n)
    X = np.column_stack([np.ones(n), a, b, a * b, rng.normal(size=n)]).astype(float)
    success = draw(X, np.array([0.2, 0.4, -0.3, 0.2, 0.5]), rng)
    rows = (a == 1) & (b == 1)
    names = ["Intercept", "a", "b", "a:b", "x"]
    return Planted(X, signs_of(success & ~rows), names, rows, ("Intercept", "a", "b", "x"))


def threshold(n: int, seed: int = 0) -> Planted:
    """Success above a threshold of a number: complete."""
    plain = clean(n, seed)
    return Planted(plain.X, signs_of(plain.X[:, 1] > 0.1), plain.names, np.ones(n, dtype=bool))


def along_a_line(n: int, seed: int = 0) -> Planted:
    """Success above x + 2 d = 1, failure below, either on the line: quasi-complete."""
    rng = np.random.default_rng(seed)
    x, d = rng.integers(-5, 6, n), rng.integers(0, 2, n)
    x[:4], d[:4] = [1, 1, -1, -1], [0, 0, 1, 1]
    side = x + 2 * d - 1
    X = np.column_stack([np.ones(n), x, d]).astype(float)
    success = np.where(side == 0, np.arange(n) % 2 == 0, side > 0)
    return Planted(X, signs_of(success), ["Intercept", "x", "d"], side != 0)


def two_levels(n: int, seed: int = 0) -> Planted:
    """One level has only successes, another only failures: two directions."""
    plain = clean(n, seed)
    up, down = plain.X[:, 2] == 1, plain.X[:, 3] == 1
    signs = np.where(up, 1, np.where(down, -1, plain.signs)).astype(np.int8)
    return Planted(plain.X, signs, plain.names, up | down, ("Intercept", "x"))


def zero_counts(n: int, seed: int = 0) -> Planted:
    """Counts, all zero in one level."""
    plain = clean(n, seed)
    rows = plain.X[:, 3] == 1
    counts = np.random.default_rng(seed).poisson(1.5, n) * ~rows
    signs = np.where(counts == 0, -1, 0).astype(np.int8)
    return Planted(plain.X, signs, plain.names, rows, ("Intercept", "x", "b"))


def collinear(n: int, seed: int = 0) -> Planted:
    """A column is the sum of two others, and one level has only successes."""
    base = one_level(n, seed)
    X = np.column_stack([base.X, base.X[:, 1] + base.X[:, 3]])
    return Planted(X, base.signs, [*base.names, "x + c"], base.predicted, ("Intercept",))


PLANTED = [
    one_level,
    one_cell,
    threshold,
    along_a_line,
    two_levels,
    zero_counts,
    collinear,
]


def scores_at_maximum(problem: Planted) -> Array:
    """Of logistic rows, where the likelihood of a problem without separation has its maximum."""
    success = problem.signs > 0
    beta = np.zeros(problem.X.shape[1])
    for _ in range(20):
        p = 1 / (1 + np.exp(-problem.X @ beta))
        W = (problem.X * (p * (1 - p))[:, None]).T @ problem.X
        beta = beta + np.linalg.solve(W, problem.X.T @ (success - p))
    return np.asarray(success - p)


def maximum_by_program(X: Array, signs: Array) -> float:
    """The largest sum of gains over directions in a box, all rows at once: 0 if there are none."""
    pure = signs != 0
    gain = signs[pure, None] * X[pure]
    mixed = X[~pure]
    found = linprog(
        -gain.sum(axis=0),
        A_ub=-gain,
        b_ub=np.zeros(len(gain)),
        A_eq=mixed,
        b_eq=np.zeros(len(mixed)),
        bounds=[(-1, 1)] * X.shape[1],
        method="highs",
    )
    return float(-found.fun)
