"""Columns far from zero, tiny or huge: sizes to rounding error, and fits that do not notice."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.kernel import column_scales, vector_scale


def exact(values, size):
    """Mean and root mean square about it, in rational arithmetic; `size` keeps squares normal."""
    numbers = [Fraction(v) for v in values.tolist()]
    mean = sum(numbers) / len(numbers)
    square = sum((v - mean) ** 2 for v in numbers) / len(numbers)
    return float(mean), size * float(np.sqrt(float(square / Fraction(size) ** 2)))


@pytest.mark.parametrize(
    ("origin", "size"),
    [(0.0, 1.0), (1.7e9, 30.0), (-4.2e6, 1e-3), (0.0, 1e-60), (1e65, 1e60), (0.0, 1e-160)],
)
@pytest.mark.parametrize("n", [2, 5, 1023, 2050])
def test_sizes_are_exact_to_rounding(origin, size, n):
    values = origin + size * np.random.default_rng(n).normal(size=n)
    mean, rms = exact(values, size)
    shift, scale = vector_scale(values, centred=True)
    spacing = np.spacing(abs(mean) + size)
    assert abs(shift - mean) <= 4 * spacing
    assert scale == pytest.approx(rms, rel=1e-13 + 4 * (spacing / size) ** 2)
    shifts, scales, change = column_scales([None, values], 0)
    assert (shifts[1], scales[1]) == (shift, scale)
    np.testing.assert_allclose(change, [[1.0, -shift / scale], [0.0, 1.0 / scale]], rtol=1e-14)


def test_without_an_intercept_nothing_is_shifted():
    x = np.asfortranarray(np.arange(1.0, 9.0).reshape(4, 2))
    shifts, scales, change = column_scales(list(x.T), None)
    np.testing.assert_array_equal(shifts, 0.0)
    np.testing.assert_allclose(scales, np.sqrt((x**2).mean(axis=0)))
    np.testing.assert_allclose(change, np.diag(1.0 / scales))


def test_a_column_of_zeros_keeps_its_scale():
    assert vector_scale(np.zeros(7), centred=False) == (0.0, 1.0)


def test_time_stamps_give_the_slopes_of_seconds_from_the_start():
    rng = np.random.default_rng(4)
    levels, rows = 25, 12
    g = np.repeat(np.arange(levels), rows)
    seconds = np.round(rng.uniform(0.0, 86400.0, levels * rows))
    y = 1e6 + 0.5 * seconds + 40.0 * rng.normal(size=levels)[g]
    y += 0.002 * rng.normal(size=levels)[g] * seconds + 10.0 * rng.normal(size=g.size)
    data = pd.DataFrame({"y": y, "t": seconds, "g": g})
    near = rn.lmm("y ~ t + (1 | g)", data)
    far = rn.lmm("y ~ t + (1 | g)", data.assign(t=data.t + 1.7e9))
    assert far.fixef["t"] == pytest.approx(near.fixef["t"], rel=1e-10)
    assert far.vcov.loc["t", "t"] == pytest.approx(near.vcov.loc["t", "t"], rel=1e-9)
    assert far.criterion == pytest.approx(near.criterion, abs=1e-7)
