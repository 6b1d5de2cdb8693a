"""Crossed factors that are solved by iterations: what takes leverages is left out, and says so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.core.crossed import needs_exact
from ranef.problem import Problem
from ranef.solve import Solution, solve


@pytest.fixture(scope="module")
def fit() -> rn.Fit:
    rng = np.random.default_rng(0)
    n = 1500
    user, item, x = rng.integers(0, 90, n), rng.integers(0, 60, n), rng.normal(size=n)
    y = x + rng.normal(size=90)[user] + rng.normal(size=60)[item] + rng.normal(size=n)
    data = pd.DataFrame({"y": y, "x": x, "user": user, "item": item})
    return rn.lmm("y ~ x + (1 | user) + (1 | item)", data, control=rn.Control(crossed="iterative"))


@pytest.fixture
def many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The core refuses leverages, as it does for hundreds of thousands of rows."""

    def refuse(*_: object) -> None:
        raise needs_exact("variances of so many rows")

    monkeypatch.setattr("ranef.inference.rows.row_variances", refuse)


def codes(fit: rn.Fit) -> set[str]:
    return {finding.code for finding in fit.diagnose().findings}


def test_the_diagnosis_leaves_out_the_spread(fit: rn.Fit, many_rows: None) -> None:
    diagnosis = fit.diagnose()
    assert "unchecked-spread" in {finding.code for finding in diagnosis.findings}
    assert len(diagnosis.remedies) > 2
    assert "was not checked" in str(diagnosis)


def test_errors_of_the_criterion_are_no_other_optimum(fit: rn.Fit) -> None:
    """Searches from elsewhere end within the error of the estimate."""
    diagnosis = fit.diagnose()
    assert not any("search from elsewhere found" in text for text in diagnosis.summary)


def test_slopes_within_and_between_are_found_by_iterations_too(
    fit: rn.Fit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exact factorisation may take minutes, or more memory than there is."""
    solvers = []

    def watched(problem: Problem, *rest: Any) -> Solution:
        solvers.append(problem.solver)
        return solve(problem, *rest)

    monkeypatch.setattr("ranef.inference.fixed_effects.solve", watched)
    found = fit.contextual("x", by="user")
    assert solvers
    assert None not in solvers
    exact = fit.update(control=rn.Control(crossed="exact")).contextual("x", by="user")
    assert found.estimate == pytest.approx(exact.estimate, abs=0.05 * exact.std_error)
    assert found.std_error == pytest.approx(exact.std_error, rel=0.01)


def test_few_rows_are_checked(fit: rn.Fit) -> None:
    assert "unchecked-spread" not in codes(fit)


@pytest.mark.parametrize("calibrate", [True, False])
def test_tests_of_residuals_are_refused_at_once(
    fit: rn.Fit, many_rows: None, calibrate: bool
) -> None:
    with pytest.raises(rn.TooLargeError, match="a test of residuals needs the leverage") as caught:
        fit.check_residuals(9, calibrate=calibrate)
    assert "fewer rows" not in caught.value.fix
