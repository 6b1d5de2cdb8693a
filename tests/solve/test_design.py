"""From a design to a solution, against the same in steps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.design import Data, build
from ranef.errors import DesignError
from ranef.formula import parse
from ranef.frame import read_table
from ranef.problem import form_problem, make_problem
from ranef.solve import Control, solve, solve_data
from ranef.types import MissingRows


def data() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    n = 400
    a, b = rng.integers(0, 20, n), rng.integers(0, 9, n)
    x = 4.0 + rng.normal(size=n)
    y = 2.0 + x + rng.normal(size=20)[a] * x + 0.7 * rng.normal(size=9)[b] + rng.normal(size=n)
    return pd.DataFrame({"y": y, "x": x, "a": a, "b": b, "n": a // 4, "w": rng.uniform(1, 3, n)})


def data_of(formula, frame=None, weights=None, y=None):
    table = read_table(data() if frame is None else frame)
    design = build(parse(formula), table)
    if y is not None:
        design = replace(design, y=y)
    missing = MissingRows(np.zeros(0, dtype=np.int64), {}, design.n)
    return Data(design, table, missing, weights)


FORMULAS = {
    "one factor": "y ~ x + (x | a)",
    "no intercept": "y ~ 0 + x + (0 + x | a)",
    "two terms": "y ~ x + (1 | a) + (0 + x | a)",
    "nested": "y ~ x + (1 | n / a)",
    "crossed": "y ~ x + (x | a) + (1 | b)",
}


@pytest.mark.parametrize("reml", [False, True], ids=["ML", "REML"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("formula", FORMULAS.values(), ids=list(FORMULAS))
def test_a_design_is_solved_as_its_problem_is(formula, weighted, reml):
    weights = data()["w"].to_numpy() if weighted else None
    rows = data_of(formula, weights=weights)
    problem = form_problem(rows, reml)
    kernel, solution = solve_data(problem, rows, Control())
    staged = make_problem(rows.design, rows.y, weights, reml)
    steps = solve(staged)
    assert solution.criterion == steps.criterion
    np.testing.assert_array_equal(solution.theta, steps.theta)
    np.testing.assert_array_equal(problem.products.dense(), staged.products.dense())
    assert str(solution.certificate) == str(steps.certificate)
    assert kernel.value == pytest.approx(solution.criterion, abs=1e-9)  # rounding


def test_a_response_that_x_fits_exactly_is_refused_before_the_search():
    exact = data_of(FORMULAS["one factor"], y=3.0 + 2.0 * data()["x"].to_numpy())
    with pytest.raises(DesignError, match="exactly"):
        form_problem(exact, True)


def test_the_collinear_are_solved_in_an_orthogonal_basis():
    frame = data()
    frame["z"] = frame["x"] + 1e-5 * np.random.default_rng(1).normal(size=len(frame))
    problem = form_problem(data_of("y ~ x + z + (1 | a)", frame), True)
    assert problem.scaling.orthogonal is not None


def test_control_reaches_the_search():
    rows = data_of(FORMULAS["one factor"])
    problem = form_problem(rows, True)
    _, once = solve_data(problem, rows, Control(max_evaluations=1))
    assert once.certificate.evaluations == 1
    assert not once.certificate.certified
    _, slow = solve_data(problem, rows, Control(method="l-bfgs"))
    assert slow.method == "l-bfgs"


def test_moments_are_the_optimum_of_reml_for_balanced_data():
    """Henderson's estimates: nothing is left to search for."""
    rng = np.random.default_rng(5)
    a, b, _ = (axis.ravel() for axis in np.indices((8, 6, 3)))
    x = np.tile(np.arange(3.0), 48)
    effects = [rng.normal(size=8)[a], rng.normal(size=6)[b], rng.normal(size=48)[a * 6 + b]]
    y = x + sum(effects) + 0.5 * rng.normal(size=a.size)
    frame = pd.DataFrame({"y": y, "x": x, "a": a, "b": b})
    for formula in ("y ~ x + (1 | a)", "y ~ x + (1 | a) + (1 | b)", "y ~ x + (1 | a / b)"):
        fit = rn.lmm(formula, frame)
        assert fit.certificate.verdict == "interior optimum"
        assert fit.certificate.evaluations <= 2, formula
