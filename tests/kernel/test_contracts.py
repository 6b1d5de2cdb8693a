"""Whatever the core is handed, it answers or raises: no input ends the interpreter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ranef as rn
from ranef._core import Workspace, solve_model
from ranef.problem.parameters import group_lambdas

N = 24
X = np.ascontiguousarray(np.linspace(-1.0, 1.0, N))
Y = np.ascontiguousarray(np.sin(7.0 * X))
A = np.ascontiguousarray(np.arange(N) % 4, dtype=np.int32)
B = np.ascontiguousarray(np.arange(N) % 3, dtype=np.int32)
SETTINGS = (None, True, 500, 1e-11, 3, True, 1, 1e-6, 1e-14)


def solved(model: tuple[Any, ...], response: Any = Y) -> Any:
    return solve_model(model, response, *SETTINGS)


def with_code(value: int) -> Any:
    codes = A.copy()
    codes[-1] = value
    return codes


@pytest.mark.parametrize(
    "model",
    [
        ((X,), (True,), ((A, 4),), (), (-1, 0)),
        ((X,), (True,), ((A, 4),), ((0, ()),), (-1, 0)),
        ((X,), (True,), ((A, 4), (B, 3)), ((0, (-1,)),), (-1, 0)),
        ((X,), (True,), ((A, 4), (B, 3)), ((0, (-1,)), (1, ())), (-1, 0)),
        ((X,), (True,), ((A, 4), (B, 3)), ((0, (-1,)), (0, (0,))), (-1, 0)),
        ((X,), (True,), ((A, 4),), ((1, (-1,)),), (-1, 0)),
        ((X,), (True,), ((A, 4),), ((-1, (-1,)),), (-1, 0)),
        ((X,), (True,), ((A, 4),), ((0, (1,)),), (-1, 0)),
        ((X,), (True,), ((A, 4),), ((0, (-2,)),), (-1, 0)),
        ((X,), (True,), ((A, 0),), ((0, (-1,)),), (-1, 0)),
        ((X,), (True,), ((A, -4),), ((0, (-1,)),), (-1, 0)),
        ((X,), (True,), ((A, 2**31 - 1),), ((0, (-1,)),), (-1, 0)),
        ((X,), (True,), ((A[:-1].copy(), 4),), ((0, (-1,)),), (-1, 0)),
        ((X,), (True,), ((with_code(4), 4),), ((0, (-1,)),), (-1, 0)),
        ((X,), (True,), ((with_code(-1), 4),), ((0, (-1,)),), (-1, 0)),
        ((X[:-1].copy(),), (True,), ((A, 4),), ((0, (-1,)),), (-1, 0)),
        ((X,), (), ((A, 4),), ((0, (-1,)),), (-1, 0)),
        ((X,), (True,), ((A, 4),), ((0, (-1,)),), (-1, 7)),
    ],
)
def test_a_model_of_wrong_parts_is_refused(model: tuple[Any, ...]) -> None:
    with pytest.raises((ValueError, IndexError)):
        solved(model)


def test_the_right_model_is_solved() -> None:
    assert solved(((X,), (True,), ((A, 4),), ((0, (-1, 0)),), (-1, 0)))[3].status == "converged"


def test_no_rows() -> None:
    nothing = np.zeros(0)
    with pytest.raises((ValueError, IndexError)):
        solved(((nothing,), (True,), ((A[:0].copy(), 4),), ((0, (-1,)),), (-1, 0)), nothing)


@pytest.fixture
def workspace() -> Workspace:
    data = {"y": Y, "x": X, "a": A, "b": B}
    fit = rn.lmm("y ~ x + (x | a) + (1 | b)", data)
    kernel = fit._problem.kernel()
    assert kernel.evaluate(group_lambdas(fit._problem, np.array([0.5, 0.1, 0.3, 0.4])))
    (found,) = (v for v in vars(kernel).values() if isinstance(v, Workspace))
    return found


SQUARE = np.asfortranarray(np.eye(2))


@pytest.mark.parametrize(
    "call",
    [
        lambda w, d: w.hessian([d]),
        lambda w, d: w.average_information([d]),
    ],
    ids=["hessian", "average_information"],
)
@pytest.mark.parametrize(
    "direction",
    [
        (-1, SQUARE),
        (2, SQUARE),
        (2**31 - 1, SQUARE),
        (0, np.asfortranarray(np.eye(3))),
        (0, np.zeros((0, 2), order="F")),
        (0, np.zeros((2, 0), order="F")),
    ],
)
def test_a_direction_of_no_factor_or_size_is_refused(
    workspace: Workspace, call: Callable[..., Any], direction: tuple[int, Any]
) -> None:
    with pytest.raises(ValueError, match=r"grouping factor|direction"):
        call(workspace, direction)


@pytest.mark.parametrize(
    "term", [(0, 0, 3), (0, 2**31 - 1, 2), (0, -1, 1), (0, 0, 0), (2, 0, 1), (-1, 0, 1)]
)
def test_a_term_outside_of_its_factor_is_refused(
    workspace: Workspace, term: tuple[int, int, int]
) -> None:
    theta = np.zeros(1)
    for call in (
        lambda: workspace.moment_start([term]),
        lambda: workspace.optimise([term], theta, 20, 1e-8, True),
        lambda: workspace.evidence([term], theta, [SQUARE]),
    ):
        with pytest.raises(ValueError, match="outside"):
            call()


@pytest.mark.parametrize(
    "lambdas",
    [
        [],
        [SQUARE],
        [SQUARE, SQUARE],
        [SQUARE[:1], np.eye(1)],
        [np.zeros((0, 0)), np.eye(1)],
        [SQUARE, np.eye(1), np.eye(1)],
    ],
)
def test_lambda_of_another_size_is_refused(workspace: Workspace, lambdas: list[Any]) -> None:
    with pytest.raises(ValueError, match="Lambda"):
        workspace.evaluate([np.asfortranarray(m) for m in lambdas])


def test_a_lambda_that_is_no_number_is_a_status(workspace: Workspace) -> None:
    assert not workspace.evaluate([np.asfortranarray(np.full((2, 2), np.nan)), np.eye(1)])
    with pytest.raises(ValueError, match="evaluate"):
        workspace.gamma()
