"""Criteria with several valleys: the lowest is found, and the others are counted."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ranef as rn

sys.path.insert(0, str(Path(__file__).parent))
from qr_criterion import criterion_of

GRID = np.concatenate([[0.0], 10.0 ** np.linspace(-2.5, 4.0, 131)])


def agreeing_groups_and_single_rows(seed, weight, size):
    """Groups that agree beside single rows of low weight that spread (after Henn & Hodges 2014).

    The groups ask for a variance of nil, the single rows for a large one: two valleys.
    """
    rng = np.random.default_rng(seed)
    a = np.concatenate([np.repeat(np.arange(5), 6), 5 + np.arange(7)])
    w = np.where(a < 5, 1.0, weight)
    y = rng.normal(size=a.size)
    means = pd.Series(y).groupby(a).transform("mean").to_numpy()
    y = np.where(a < 5, y - means + 0.1 * rng.normal(size=12)[a], size * y)
    return pd.DataFrame({"y": y, "a": a, "w": w})


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize(("weight", "size"), [(0.036, 90.0), (0.01, 300.0), (1e-4, 1e4)])
def test_no_valley_of_one_parameter_is_missed(weight, size, reml):
    for seed in range(6):
        data = agreeing_groups_and_single_rows(seed, weight, size)
        fit = rn.lmm("y ~ 1 + (1 | a)", data, weights="w", reml=reml)
        criterion = criterion_of(
            [(data.a.to_numpy(), np.ones((37, 1)))],
            np.ones((37, 1)),
            data.y.to_numpy(),
            data.w.to_numpy(),
            reml,
        )
        values = np.array([criterion([t]) for t in GRID])
        assert fit.criterion <= values.min() + 1e-6, seed
        assert fit.certificate.certified
        bottoms = np.r_[values[0] < values[1], np.diff(np.sign(np.diff(values))) > 0]
        assert fit.certificate.basins >= bottoms.sum(), seed


def test_valleys_are_told_of():
    data = agreeing_groups_and_single_rows(0, 0.036, 90.0)
    fit = rn.lmm("y ~ 1 + (1 | a)", data, weights="w", reml=False)
    assert fit.certificate.basins == 2
    assert any(f.code == "several-optima" for f in fit.findings)


def test_balanced_data_have_one_valley_and_are_not_searched_for_others():
    fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff"))
    assert fit.certificate.starts == 1
    assert fit._solution.found.elsewhere == 0


def test_two_parameters_with_uneven_levels():
    """Two factors, one of them with the two valleys (Welham & Thompson 1997 met such in REML)."""
    found = 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        data = agreeing_groups_and_single_rows(seed, 0.036, 90.0)
        data["b"] = rng.integers(0, 4, len(data))
        data["y"] += 0.8 * rng.normal(size=4)[data.b]
        fit = rn.lmm("y ~ 1 + (1 | a) + (1 | b)", data, weights="w", reml=False)
        criterion = criterion_of(
            [(data[label.factor].to_numpy(), np.ones((37, 1))) for label in fit._problem.labels],
            np.ones((37, 1)),
            data.y.to_numpy(),
            data.w.to_numpy(),
            False,
        )
        best = min(criterion([s, t]) for s in GRID[::4] for t in GRID[:90:4])
        assert fit.criterion <= best + 1e-6, seed
        found += fit.certificate.basins > 1
    assert found >= 2
