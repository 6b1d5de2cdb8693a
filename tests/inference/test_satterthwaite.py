"""Satterthwaite's degrees of freedom against closed forms of balanced data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.inference.satterthwaite import satterthwaite_df, variance_derivatives
from ranef.problem.parameters import group_lambdas
from ranef.solve import Solution


def standardised(rng: np.random.Generator, rows: int, columns: int = 1) -> np.ndarray:
    """Columns of mean 0 and variance 1 (n - 1 below), uncorrelated."""
    z = rng.normal(size=(rows, columns))
    q, _ = np.linalg.qr(z - z.mean(axis=0))
    return q * np.sqrt(rows - 1)


def one_way(levels: int, rows: int, theta: float) -> pd.DataFrame:
    """Balanced data whose REML estimates are theta (relative SD) and sigma = 1."""
    rng = np.random.default_rng(levels * rows)
    a = np.repeat(np.arange(levels), rows)
    within = rng.normal(size=(levels, rows))
    within -= within.mean(axis=1, keepdims=True)
    within *= np.sqrt(levels * (rows - 1) / np.sum(within**2))
    means = np.sqrt(theta**2 + 1.0 / rows) * standardised(rng, levels)[:, 0]
    return pd.DataFrame({"y": 3.0 + means[a] + within.ravel(), "a": a})


@pytest.mark.parametrize("theta", [0.1, 1.0, 1e2, 1e4, 1e5, 3e5])
@pytest.mark.parametrize(("levels", "rows"), [(4, 2), (10, 5)])
def test_the_mean_of_groups_has_the_degrees_of_freedom_of_the_groups(
    levels: int, rows: int, theta: float
) -> None:
    fit = rn.lmm("y ~ 1 + (1 | a)", one_way(levels, rows, theta))
    assert fit.theta[0] == pytest.approx(theta, rel=1e-3)
    assert fit.coefficients()["df"].iloc[0] == pytest.approx(levels - 1, rel=1e-3)


def test_many_rows_hide_no_direction() -> None:
    fit = rn.lmm("y ~ 1 + (1 | a)", one_way(5, 40_000, 500.0))
    assert fit.coefficients()["df"].iloc[0] == pytest.approx(4, rel=1e-3)


@pytest.mark.parametrize(("of_a", "of_b"), [(1.0, 1.0), (1e3, 1.0), (1e3, 1e-1), (1e4, 1e4)])
def test_two_crossed_factors(of_a: float, of_b: float) -> None:
    """Var of the mean is (MS_a + MS_b - MS_e) / n, of independent mean squares."""
    rng = np.random.default_rng(4)
    i, j = 6, 9
    a, b = (code.ravel() for code in np.meshgrid(np.arange(i), np.arange(j), indexing="ij"))
    error = rng.normal(size=(i, j))
    error += error.mean() - error.mean(axis=0) - error.mean(axis=1)[:, None]
    error *= np.sqrt((i - 1) * (j - 1) / np.sum(error**2))
    y = of_a * standardised(rng, i)[a, 0] + of_b * standardised(rng, j)[b, 0] + error.ravel()
    fit = rn.lmm("y ~ 1 + (1 | a) + (1 | b)", pd.DataFrame({"y": y, "a": a, "b": b}))
    square = np.array([j * of_a**2, i * of_b**2, 1.0])  # the mean squares
    right = (square[0] + square[1] - square[2]) ** 2 / np.sum(
        square**2 / np.array([i - 1, j - 1, (i - 1) * (j - 1)])
    )
    assert fit.coefficients()["df"].iloc[0] == pytest.approx(right, rel=1e-3)


@pytest.mark.parametrize("ratio", [1.0, 1e3, 1e5])
def test_lines_of_groups_that_have_the_same_x(ratio: float) -> None:
    """Each group's own line is a draw from one normal law: J - 1 for any contrast."""
    rng = np.random.default_rng(8)
    levels, x = 12, np.linspace(-1.0, 1.0, 6)
    lines = ratio * rng.normal(size=(levels, 2)) @ np.array([[1.0, 0.4], [0.0, 0.8]])
    y = lines[:, :1] + lines[:, 1:] * x + rng.normal(size=(levels, 6))
    data = pd.DataFrame({"y": y.ravel(), "x": np.tile(x, levels), "g": np.repeat(range(levels), 6)})
    fit = rn.lmm("y ~ x + (x | g)", data)
    assert fit.certificate.verdict == "interior optimum"
    np.testing.assert_allclose(fit.coefficients()["df"], levels - 1, rtol=1e-3)


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_nested_factors_on_the_boundary(unit: float) -> None:
    """Without variance between the parts of a group the parts are rows: J - 1 all the same."""
    data = one_way(8, 12, 2.0)
    data["b"] = np.arange(len(data)) // 3
    # The same values in each part: less between parts than rows would have by chance.
    inner = np.tile([-1.0, 0.0, 1.0], len(data) // 3)
    data["y"] = unit * (data.groupby("a")["y"].transform("mean") + inner)
    fit = rn.lmm("y ~ 1 + (1 | a) + (1 | b)", data)
    assert fit.certificate.verdict == "boundary optimum"
    assert fit.coefficients()["df"].iloc[0] == pytest.approx(7, rel=1e-3)


def test_without_variance_between_groups_rows_count() -> None:
    data = one_way(6, 5, 1.0)
    data["y"] -= data.groupby("a")["y"].transform("mean")
    fit = rn.lmm("y ~ 1 + (1 | a)", data)
    assert fit.theta.tolist() == [0.0]
    assert fit.coefficients("satterthwaite")["df"].iloc[0] == pytest.approx(29, rel=1e-9)
    # The default does not take the zero as known: it is Kenward-Roger's answer for one row.
    df = fit.coefficients()["df"].iloc[0]
    assert df == pytest.approx(5, rel=1e-9)
    assert df == pytest.approx(fit.coefficients("kenward-roger")["df"].iloc[0], rel=1e-9)
    told = str(fit.summary())
    assert "Taken as known" in told
    assert "29.0" in told
    known = str(fit.summary("satterthwaite"))
    assert "Not taken as known" in " ".join(known.split())
    assert "5.0" in known


def test_the_default_is_satterthwaite_in_the_interior() -> None:
    fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
    pd.testing.assert_frame_equal(fit.coefficients(), fit.coefficients("satterthwaite"))
    assert "as known" not in str(fit.summary())


def test_flat_directions_are_left_out() -> None:
    """Two terms that do the same: their sum is known, and the degrees of freedom are one term's."""
    data = one_way(10, 4, 3.0)
    twice = rn.lmm("y ~ 1 + (1 | a) + (1 | a)", data)
    assert twice.certificate.verdict == "flat"
    assert twice.coefficients()["df"].iloc[0] == pytest.approx(9, rel=1e-2)
    assert np.abs(twice._derivatives.covariance).max() < 10.0  # not one over nothing


def test_many_coefficients_at_once() -> None:
    """Each coefficient's degrees of freedom are those of the formula, written out."""
    rng = np.random.default_rng(3)
    k = rng.integers(0, 40, 400)
    g = rng.integers(0, 30, 400)
    y = rng.normal(size=30)[g] + rng.normal(size=400)
    fit = rn.lmm("y ~ k + (1 | g)", pd.DataFrame({"y": y, "k": [f"k{i}" for i in k], "g": g}))
    found = fit._derivatives
    variances = np.einsum("jj->j", found.vcov)
    gradients = np.einsum("kjj->jk", found.jacobian)
    right = 2.0 * variances**2 / np.einsum("jk,kl,jl->j", gradients, found.covariance, gradients)
    np.testing.assert_allclose(fit.coefficients()["df"], right, rtol=1e-9)


def test_a_flat_step_out_of_the_face_drops_no_direction_of_it() -> None:
    """A term twice, one of them zero: it may grow at no cost, and theta is known all the same."""
    fit = rn.lmm("y ~ 1 + (1 | a) + (1 | a)", one_way(10, 4, 3.0))
    problem, one = fit._problem, rn.lmm("y ~ 1 + (1 | a)", one_way(10, 4, 3.0))
    inner = np.array([one._solution.inner[0], 0.0])
    kernel = problem.kernel()
    assert kernel.evaluate(group_lambdas(problem, inner))
    evidence = kernel.evidence(problem.terms, inner, problem.scaling.B)
    assert (evidence.flat.shape[1], len(evidence.loose)) == (1, 1)

    class There:
        """A search that ended at that point."""

        def __getattr__(self, name: str) -> object:
            return {"inner": inner, "evidence": tuple(evidence)}.get(
                name, getattr(fit._solution.found, name)
            )

    there = Solution(problem, There())
    assert there.flat_directions == 0
    found = variance_derivatives(problem, there)
    assert satterthwaite_df(found, np.eye(1))[0] == pytest.approx(9, rel=1e-3)
