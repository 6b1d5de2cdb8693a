"""The linear programme: few constraints at a time give what all give, and both proofs."""

from __future__ import annotations

import numpy as np
import pytest
from tests.separation.problems import PLANTED, clean, maximum_by_program

from ranef.problem.separation.certificate import certificate
from ranef.problem.separation.direction import prove
from ranef.problem.separation.program import solve_program


@pytest.mark.parametrize("plant", PLANTED)
def test_direction(plant) -> None:  # type: ignore[no-untyped-def]
    problem = plant(5_000)
    scale = np.abs(problem.X).max(axis=0)
    solved = solve_program(problem.X, problem.signs, scale)
    assert solved.scores is None
    assert solved.direction is not None
    assert prove(problem.X, problem.signs, solved.direction, scale, 1e-6) is not None
    pure = problem.signs != 0
    total = np.sum(problem.signs[pure] * (problem.X[pure] @ solved.direction))
    assert total == pytest.approx(maximum_by_program(problem.X / scale, problem.signs), rel=1e-6)


@pytest.mark.parametrize("n", [100, 5_000])
def test_dual_variables_are_a_certificate(n: int) -> None:
    problem = clean(n)
    solved = solve_program(problem.X, problem.signs, np.abs(problem.X).max(axis=0))
    assert solved.direction is None
    assert solved.scores is not None
    assert np.all(solved.scores * problem.signs >= 1 - 1e-9)
    assert certificate(problem.X, problem.signs, solved.scores).bound < 1e-3


def test_mixed_rows_are_equations() -> None:
    X = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0], [1.0, 3.0]])
    solved = solve_program(X, np.array([0, 0, 1, 1], dtype=np.int8), np.array([1.0, 3.0]))
    assert solved.direction is None
    assert solved.scores is not None
    np.testing.assert_allclose(X.T @ solved.scores, 0, atol=1e-9)
