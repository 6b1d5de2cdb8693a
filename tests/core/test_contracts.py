"""Whatever the core is handed, it answers or raises: no input ends the interpreter."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from tests.core.small_rows import A, B, N, X, Y, model, products, solved, terms

import ranef as rn
from ranef._core import (
    RefitPlan,
    Replication,
    Rows,
    RowsGroup,
    TermPenalty,
    Workspace,
    cross_products,
    use_blas,
    whole_codes,
)
from ranef.problem.parameters import group_lambdas


def with_code(value: int) -> Any:
    codes = A.copy()
    codes[-1] = value
    return codes


SCALING, _ = solved(model((A, 4, (None, X))), terms((0, 0, 2)))

ONE_TERM = [(0, 0, 1)]


@pytest.mark.parametrize(
    ("rows", "places"),
    [
        (lambda: model((A, 4, ())), []),
        (lambda: model((A, 4, (None,))), []),
        (lambda: model((A, 4, (None,)), (B, 3, (None,))), ONE_TERM),
        (lambda: model((A, 4, (None, X))), ONE_TERM),
        (lambda: model((A, 4, (None, X))), [(0, 1, 1), (0, 0, 1)]),
        (lambda: model((A, 4, (None,))), [(0, 0, 2)]),
        (lambda: model((A, 4, (None,))), [(0, 0, 1), (0, 1, 0)]),
        (lambda: model((A, 4, (None,))), [(0, 0, 1), (0, 0, 1)]),
        (lambda: model((A, 4, (None,))), [(0, 2**31 - 1, 1)]),
        (lambda: model((A, 4, (None,))), [(0, 0, 2**31 - 1)]),
        (lambda: model((A, 4, (None,))), [(1, 0, 1)]),
        (lambda: model((A, 4, (None,))), [(-1, 0, 1)]),
        (lambda: model((A, 0, (None,))), ONE_TERM),
        (lambda: model((A, -4, (None,))), ONE_TERM),
        (lambda: model((A, 2**31 - 1, (None,))), ONE_TERM),
        (lambda: model((A[:-1].copy(), 4, (None,))), ONE_TERM),
        (lambda: model((with_code(4), 4, (None,))), ONE_TERM),
        (lambda: model((with_code(-1), 4, (None,))), ONE_TERM),
        (lambda: model((A, 4, (X[:-1].copy(),))), ONE_TERM),
        (lambda: model((A, 4, (None,)), x=(None, X[:-1].copy())), ONE_TERM),
        (lambda: model((A, 4, (None,)), weights=X[:-1].copy()), ONE_TERM),
        (lambda: model((A, 4, (None,)), x_shifts=[0.0]), ONE_TERM),
        (lambda: model((A, 4, (None,)), x_scales=[1.0] * 3), ONE_TERM),
    ],
)
def test_a_model_of_wrong_parts_is_refused(rows: Callable[[], Rows], places: Any) -> None:
    with pytest.raises((ValueError, IndexError)):
        solved(rows(), terms(*places))


@pytest.mark.parametrize(
    ("codes", "column"),
    [
        (A.astype(np.int64), X),
        (A.astype(np.float64), X),
        (A[None], X),
        ("codes", X),
        (None, X),
        (A, np.zeros((N, 2))),
    ],
)
def test_what_is_no_column_is_refused(codes: Any, column: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        RowsGroup(codes=codes, n_levels=4, columns=(None, column))


def test_rows_hold_what_they_are_made_of() -> None:
    x = X.copy()
    rows = Rows(groups=[RowsGroup(codes=A.copy(), n_levels=4, columns=[None])], x=[x], y=Y.copy())
    assert rows.x[0] is x
    del x
    np.testing.assert_array_equal(rows.x[0], X)
    again = pickle.loads(pickle.dumps(rows))
    np.testing.assert_array_equal(cross_products(again, 1).dense(), cross_products(rows, 1).dense())


def test_columns_apart_and_of_other_numbers_are_copied() -> None:
    table = np.asarray([X, Y], dtype=np.float32).T
    one, other = (
        cross_products(Rows(groups=[], x=list(columns), y=Y), 1).dense()
        for columns in (table.T, np.ascontiguousarray(table.T, dtype=np.float64))
    )
    np.testing.assert_array_equal(one, other)


def test_a_scaling_of_other_columns_is_refused() -> None:
    for rows in (model((A, 4, (None,))), model((A, 4, (None, X)), x=(None,)), model()):
        with pytest.raises(ValueError, match=r"scaling|divide"):
            rows.scaled(SCALING)


def test_the_right_model_is_solved() -> None:
    rows = model((A, 4, (None, X)))
    assert solved(rows, terms((0, 0, 2)))[1].status == "converged"


def test_no_rows() -> None:
    nothing = np.zeros(0)
    with pytest.raises((ValueError, IndexError)):
        solved(model((A[:0].copy(), 4, (None,)), x=(None, nothing), y=nothing), terms(*ONE_TERM))


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
        workspace.moment_start,
        lambda places: workspace.optimise(places, theta, 20, 1e-8, True),
        lambda places: workspace.evidence(places, theta, [SQUARE]),
    ):
        with pytest.raises(ValueError, match=r"outside|structure"):
            call(terms(term))


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


def test_an_orthogonal_part_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="size"):
        SCALING.with_orthogonal(np.asfortranarray(np.eye(3)))


@pytest.mark.parametrize("levels", [0, -1, 2**31, 2**62])
def test_a_factor_of_no_levels_or_more_than_codes_reach_is_refused(levels: int) -> None:
    with pytest.raises(ValueError, match="levels"):
        products((A, levels))


@pytest.mark.parametrize("threads", [2**31 - 1, 10**6, 0, -1, -(2**31)])
def test_any_number_of_threads_sums_the_same(threads: int) -> None:
    sums = products((A, 4), (B, 3), threads=threads)
    np.testing.assert_array_equal(sums.dense(), ONE.dense())


ONE = products((A, 4), (B, 3))


def prior(group: int, offset: int, q: int, **parts: Any) -> TermPenalty:
    right = {
        "change": np.eye(q), "log_det": 0.1, "log_correlation": 0.1, "trace": np.eye(q),
        "log_sd": np.ones(q), "sd": np.ones(q), "tail_weight": np.ones((1, q)),
        "tail_scale": np.ones((1, q)), "constant": 0.0,
    }  # fmt: skip
    return TermPenalty(group=group, offset=offset, **(right | parts))


@pytest.mark.parametrize(
    "wrong",
    [
        prior(-1, 0, 1),
        prior(2, 0, 1),
        prior(0, 0, 2),
        prior(0, -1, 1),
        prior(0, 2**31 - 1, 1),
        prior(0, 0, 0),
        prior(0, 0, 1, trace=np.eye(2)),
        prior(0, 0, 1, log_sd=np.ones(0)),
        prior(0, 0, 1, sd=np.ones(3)),
        prior(0, 0, 1, tail_weight=np.ones((1, 2))),
        prior(0, 0, 1, tail_scale=np.ones((2, 1))),
    ],
)
def test_a_prior_outside_of_its_factor_is_refused(wrong: TermPenalty) -> None:
    Workspace(ONE, True, 0.0, [prior(0, 0, 1)], None, 1)
    with pytest.raises(ValueError, match="prior"):
        Workspace(ONE, True, 0.0, [wrong], None, 1)
    with pytest.raises(ValueError, match="prior"):
        Replication(ONE, True, terms((0, 0, 1), (1, 0, 1)), [wrong], np.zeros((0, 3)))


@pytest.mark.parametrize("term", [(0, 0, 2), (2, 0, 1), (-1, 0, 1), (0, -1, 1), (0, 0, 0)])
def test_replicates_of_a_term_outside_of_its_factor_are_refused(term: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match=r"term|structure"):
        Replication(ONE, True, terms(term), [], np.zeros((0, 3)))


def test_replicates_of_wrong_parts_are_refused() -> None:
    replication = Replication(ONE, True, terms((0, 0, 1), (1, 0, 1)), [], np.zeros((0, 3)))
    theta, beta = np.ones(2), np.zeros(2)
    rows = model((A, 4, (None,)), (B, 3, (None,)))

    def plan(count: int) -> RefitPlan:
        return RefitPlan(
            seed=1, count=count, threads=10**6, start=theta, max_evaluations=5, gain=1e-6,
            tick=lambda done: None,
        )  # fmt: skip

    assert replication.parametric(plan(3), theta, beta, 1.0).theta.shape == (2, 3)
    with pytest.raises(ValueError, match="none"):
        replication.parametric(plan(-1), theta, beta, 1.0)
    for place, values in (
        ((0, 0, 0), np.zeros((2, 0))),
        ((0, 2**31 - 1, 1), np.zeros((2, 1))),
        ((0, 0, 2), np.zeros((2, 2))),
        ((0, 0, 1), np.zeros((2, 2))),
        ((0, 0, 1), np.zeros((0, 1))),
    ):
        with pytest.raises(ValueError, match=r"pool|structure"):
            replication.residual(plan(3), rows, beta, [(terms(place)[0], values)], Y)
    fewer = model((A[1:].copy(), 4, (None,)), (B[1:].copy(), 3, (None,)), x=(None, X[1:]), y=Y[1:])
    with pytest.raises(ValueError, match="as many"):
        replication.residual(plan(3), fewer, beta, [], Y)


@pytest.mark.parametrize("fewer", ["groups", "columns", "fixed"])
def test_variances_of_other_rows_are_refused(workspace: Workspace, fewer: str) -> None:
    a, b = (A, 4, (None, X)), (B, 3, (None,))
    assert workspace.row_variances(model(a, b)).shape == (N,)
    wrong = {
        "groups": model(a),
        "columns": model((A, 4, (None,)), b),
        "fixed": model(a, b, x=(None,)),
    }[fewer]
    with pytest.raises(ValueError, match="another model"):
        workspace.row_variances(wrong)


def test_variances_of_levels_that_are_too_many_are_refused(workspace: Workspace) -> None:
    b = (B, 3, (None,))
    assert workspace.row_variances(model((with_code(-1), 4, (None, X)), b)).shape == (N,)
    with pytest.raises(ValueError, match="level code"):
        workspace.row_variances(model((with_code(4), 4, (None, X)), b))


def test_a_routine_in_the_place_of_another_is_refused() -> None:
    from scipy.linalg import cython_blas, cython_lapack

    blas, lapack = dict(cython_blas.__pyx_capi__), dict(cython_lapack.__pyx_capi__)
    use_blas(blas, lapack)
    for name in ("dsymm", "zgemm", "sgemm", "dgbmv"):
        with pytest.raises(ValueError, match="routine"):
            use_blas(blas | {"dgemm": blas[name]}, lapack)


@pytest.mark.parametrize("ends", [(-(2**63), 2**63 - 1), (0, 2**31 - 1), (3, 2)])
def test_whole_numbers_too_far_apart_are_refused(ends: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="far"):
        whole_codes(np.arange(4), *ends, 1, np.zeros(4, np.int32))
    with pytest.raises(ValueError, match=r"far|large"):
        whole_codes(np.arange(4.0), *ends, 1, np.zeros(4, np.int32))


def test_calls_at_the_same_time_are_refused(workspace: Workspace) -> None:
    lambdas = [SQUARE, np.asfortranarray(np.eye(1))]
    workspace.evaluate(lambdas)
    right = workspace.gamma()

    def calls(_: int) -> int:
        refused = 0
        for _ in range(300):
            try:
                for found, wanted in zip(workspace.gamma(), right, strict=True):
                    np.testing.assert_array_equal(found, wanted)
                workspace.evaluate(lambdas)
            except RuntimeError:
                refused += 1
        return refused

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(calls, range(4))) < 1200
