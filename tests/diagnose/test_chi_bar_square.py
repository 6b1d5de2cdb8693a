"""Tail probabilities of mixtures of chi-square distributions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from ranef.inference.chi_bar_square import chi_bar_square, one_variance


@pytest.mark.parametrize(
    ("q", "points"),
    [(2, (3.81, 5.14, 8.27)), (3, (5.53, 7.05, 10.50)), (4, (7.09, 8.76, 12.48))],
    ids=["2", "3", "4"],
)
def test_published_critical_values(q: int, points: tuple[float, float, float]) -> None:
    """Snijders and Bosker (2012), Multilevel Analysis, table 6.2; two decimals are given."""
    for point, p in zip(points, (0.10, 0.05, 0.01), strict=True):
        assert chi_bar_square(point, one_variance(q)) == pytest.approx(p, rel=6e-3)


def test_one_variance_is_the_law_of_a_half_space() -> None:
    """q normal estimates of which the last cannot be negative: the distance is the mixture."""
    rng = np.random.default_rng(11)
    z = rng.normal(size=(200_000, 2))
    statistic = z[:, 0] ** 2 + np.maximum(z[:, 1], 0.0) ** 2
    for t in (0.5, 2.5, 6.0):
        share = float(np.mean(statistic >= t))
        assert chi_bar_square(t, one_variance(2)) == pytest.approx(share, abs=5e-3)


def test_at_zero_nothing_is_unusual() -> None:
    assert chi_bar_square(0.0, one_variance(1)) == pytest.approx(1.0)
    assert chi_bar_square(1e-9, one_variance(2)) == pytest.approx(1.0)
    assert chi_bar_square(1e-4, one_variance(1)) < 0.5


def test_a_single_weight_is_chi_square() -> None:
    assert chi_bar_square(5.0, {3: 1.0}) == pytest.approx(float(stats.chi2.sf(5.0, 3)), rel=1e-12)
