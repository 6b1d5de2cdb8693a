"""Plans, agreement, spread, exponents."""

import numpy as np
import pytest
from benchmarks.statistics import Plan, agrees, exponent, spread


def test_slow_fits_are_repeated_less() -> None:
    plan = Plan()
    assert plan.repeats_at(0.001) == 7
    assert plan.repeats_at(10.1) == 3


def test_fast_fits_share_a_sample() -> None:
    plan = Plan(sample_seconds=0.05)
    assert plan.count_at(0.001) == 50
    assert plan.count_at(3.0) == 1


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_objectives_agree_to_a_millionth(sign: float) -> None:
    assert agrees(-46638.6 + sign * 0.04, -46638.6)
    assert not agrees(-46638.6 + sign * 0.05, -46638.6)


def test_spread_is_half_the_interquartile_distance_over_the_median() -> None:
    assert spread([1.0, 2.0, 3.0, 4.0, 5.0]) == pytest.approx(1.0 / 3.0)
    assert spread([2.0]) == 0.0


def test_exponent_is_the_power() -> None:
    sizes = np.array([1e4, 1e5, 1e6])
    assert exponent(list(sizes), list(3e-7 * sizes**1.05)) == pytest.approx(1.05)
