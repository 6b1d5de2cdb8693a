"""Responses of two values and counts are named, and others are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ranef as rn


def codes(y: np.ndarray, formula: str = "y ~ x + (1 | g)") -> set[str]:
    rng = np.random.default_rng(5)
    data = pd.DataFrame({"y": y, "x": rng.normal(size=y.size), "g": np.arange(y.size) // 8})
    kinds = {"binary-response", "count-response"}
    return {f.code for f in rn.lmm(formula, data).findings} & kinds


RNG = np.random.default_rng(6)
N = 1600
BINARY = RNG.integers(0, 2, N)


@pytest.mark.parametrize("y", [BINARY, BINARY == 1, 1 + BINARY, 2.5 * BINARY], ids=str)
def test_two_values(y: np.ndarray) -> None:
    assert codes(y) == {"binary-response"}


@pytest.mark.parametrize("mean", [0.3, 1.0, 3.0])
def test_counts(mean: float) -> None:
    rng = np.random.default_rng(7)  # its own, so that the order of the tests does not matter
    assert codes(rng.poisson(mean, N)) == {"count-response"}
    assert codes(rng.negative_binomial(1, 1 / (1 + mean), N)) == {"count-response"}


@pytest.mark.parametrize(
    "y",
    [
        RNG.poisson(40.0, N),  # as good as normal
        RNG.integers(0, 11, N),  # a scale
        RNG.poisson(1.0, N) + 0.5,
        np.r_[BINARY[:-1], 0.5],  # seen late
        np.r_[RNG.poisson(1.0, N - 1), 0.5],
        RNG.normal(size=N),
        1.0 + RNG.integers(0, 3, N),
    ],
    ids=["large counts", "scale", "shifted", "third value", "one half", "normal", "three values"],
)
def test_others(y: np.ndarray) -> None:
    assert codes(y) == set()


def test_a_transformed_response_was_thought_about() -> None:
    assert codes(RNG.poisson(1.0, N), "sqrt(y) ~ x + (1 | g)") == set()
    assert codes(RNG.poisson(1.0, N), "log1p(y) ~ x + (1 | g)") == set()
