"""Columns far from zero, tiny or huge: sizes to rounding error, and fits that do not notice."""

from __future__ import annotations

import pickle
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.core import column_scales
from ranef.design import build
from ranef.formula import parse
from ranef.frame import read_table
from ranef.source import in_memory


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
    (shift,), (scale,) = column_scales([values], [True])
    spacing = np.spacing(abs(mean) + size)
    assert abs(shift - mean) <= 4 * spacing
    assert scale == pytest.approx(rms, rel=1e-13 + 4 * (spacing / size) ** 2)


@pytest.mark.parametrize("first", [1.0, 1e3, 1e8])
def test_first_rows_unlike_the_others(first):
    values = np.random.default_rng(3).normal(size=3000)
    values[:1024] += first
    mean, rms = exact(values, 1.0)
    (shift,), (scale,) = column_scales([values], [True])
    assert abs(shift - mean) <= 4 * np.spacing(abs(mean) + rms)
    assert scale == pytest.approx(rms, rel=1e-13)


@pytest.mark.parametrize("value", [0.1, -7.3e11, 0.0])
def test_a_constant_column_has_no_size(value):
    (shift,), (scale,) = column_scales([np.full(5000, value)], [True])
    assert (shift, scale) == (value, 1.0)


def test_threads_change_no_bit():
    columns = list(np.random.default_rng(5).normal(size=(5, 4001)))
    centred = [True, False, True, True, False]
    one, three = column_scales(columns, centred, 1), column_scales(columns, centred, 3)
    np.testing.assert_array_equal(one, three)


def design_of(formula):
    rng = np.random.default_rng(8)
    data = {"y": rng.normal(size=60), "x": 5.0 + rng.normal(size=60), "g": np.repeat(range(6), 10)}
    return build(parse(formula), read_table(data))


def test_inner_columns_are_shifted_and_scaled_ones():
    design = design_of("y ~ x + (x | g) + (0 + x | g)")
    scaling = in_memory(design, design.y, None).scaling
    inner = (design.X - scaling.x_shifts) / scaling.x_scales
    np.testing.assert_allclose(design.X @ scaling.R, inner, atol=1e-14)
    for term, shifts, scales, change in zip(
        design.terms, scaling.z_shifts, scaling.z_scales, scaling.B, strict=True
    ):
        np.testing.assert_allclose(term.Z @ change, (term.Z - shifts) / scales, atol=1e-14)
    assert scaling.z_shifts[0][1] == scaling.x_shifts[1] != 0.0
    assert scaling.z_shifts[1].tolist() == [0.0]


def test_without_an_intercept_nothing_is_shifted():
    design = design_of("y ~ 0 + x + (0 + x | g)")
    scaling = in_memory(design, design.y, None).scaling
    np.testing.assert_array_equal(scaling.x_shifts, 0.0)
    np.testing.assert_allclose(scaling.x_scales, np.sqrt((design.X**2).mean(axis=0)))
    np.testing.assert_allclose(scaling.R, np.diag(1.0 / scaling.x_scales))


@pytest.mark.parametrize("formula", ["y ~ x + (x | g) + (0 + x | g)", "y ~ 0 + x + (1 | g)"])
def test_a_source_can_be_asked_again(formula):
    design = design_of(formula)
    weights = np.linspace(0.5, 2.0, design.n)
    source = in_memory(design, design.y, weights)
    assert source.n == design.n
    (products,), (again,) = source.gather(), source.gather()
    (given,) = in_memory(design, design.y, weights, 2, source.scaling).gather()
    for other in (again, given):
        np.testing.assert_array_equal(products.dense(), other.dense())
        assert products.sum_log_weights == other.sum_log_weights
    with pytest.raises(ValueError, match="known"):
        source.gather([1.0])


def test_a_scaling_survives_a_pickle():
    scaling = in_memory(design_of("y ~ x + (x | g)"), np.arange(60.0), None).scaling
    turned = scaling.core.with_orthogonal(np.array([[1.0, 2.0], [0.0, 3.0]]))
    for one in (scaling.core, turned):
        other = pickle.loads(pickle.dumps(one))
        assert (other.y_shift, other.y_scale) == (one.y_shift, one.y_scale)
        assert other.constant(7.0, True) == one.constant(7.0, True)
        np.testing.assert_array_equal(other.R, one.R)
        np.testing.assert_array_equal(other.B, one.B)


def test_a_column_of_zeros_keeps_its_scale():
    np.testing.assert_array_equal(column_scales([np.zeros(7)], [False]), [[0.0], [1.0]])


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


@pytest.mark.parametrize(("least", "orthogonal"), [(0.97e-6, True), (1.03e-6, False)])
def test_nearly_collinear_columns_are_orthogonalised_first(least, orthogonal):
    """The smallest eigenvalue of the correlations of two columns is 1 - r; below 1e-6 X gets a QR.

    Cross-products would otherwise lose more than six of sixteen digits.
    """
    rng = np.random.default_rng(2)
    z = rng.normal(size=(200, 3))
    q, _ = np.linalg.qr(z - z.mean(axis=0))
    r = 1.0 - least
    b = r * q[:, 0] + np.sqrt(1.0 - r**2) * q[:, 1]
    g = np.arange(200) % 10
    y = 1.0 + q[:, 0] + q[:, 2] + rng.normal(size=10)[g]
    data = pd.DataFrame({"y": y, "a": q[:, 0], "b": b, "g": g})
    fit = rn.lmm("y ~ a + b + (1 | g)", data)
    assert (fit._problem.scaling.orthogonal is not None) is orthogonal
