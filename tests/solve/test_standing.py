"""The kernel that a solution keeps for what is asked next."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
import pytest

import ranef as rn
import ranef.solve.standing as module
from ranef.core import CoreKernel
from ranef.inference.conditional import conditional_covariances, conditional_modes
from ranef.solve.solution import at_solution


def data() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    n = 240
    a, b, x = rng.integers(0, 12, n), rng.integers(0, 7, n), rng.normal(size=n)
    y = 1.0 + x + rng.normal(size=12)[a] * (1.0 + 0.5 * x) + rng.normal(size=7)[b]
    return pd.DataFrame({"y": y + rng.normal(size=n), "x": x, "a": a, "b": b})


@pytest.fixture
def fit() -> Any:
    return rn.lmm("y ~ x + (x | a) + (1 | b)", data())


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[CoreKernel]:
    """The kernels that are made from here on."""
    out: list[CoreKernel] = []
    before = CoreKernel.__init__

    def counted(self: CoreKernel, *arguments: Any, **named: Any) -> None:
        out.append(self)
        before(self, *arguments, **named)

    monkeypatch.setattr(CoreKernel, "__init__", counted)
    return out


def test_all_questions_ask_the_kernel_of_the_fit(fit: Any, made: list[CoreKernel]) -> None:
    str(fit.summary())
    fit.ranef()
    assert np.all(fit.leverage > 0.0)
    assert not made


def test_a_fit_from_a_pickle_makes_one_of_its_own(fit: Any, made: list[CoreKernel]) -> None:
    again = pickle.loads(pickle.dumps(fit))
    pd.testing.assert_series_equal(again.leverage, fit.leverage)
    str(again.summary())
    again.ranef()
    assert len(made) == 1


def test_questions_leave_no_trace_in_a_pickle(fit: Any) -> None:
    before = pickle.dumps(fit._solution)
    with at_solution(fit._problem, fit._solution):
        pass
    assert fit._solution.work > 0
    assert pickle.dumps(fit._solution) == before


def test_a_kernel_that_was_moved_is_brought_back(fit: Any) -> None:
    problem, solution = fit._problem, fit._solution
    with at_solution(problem, solution) as kernel:
        value, gamma = kernel.value, kernel.gamma()
        kernel.optimise(problem.terms, np.ones(problem.n_theta), 1, 1e-8)
        assert kernel.value != value
    with at_solution(problem, solution) as again:
        assert again is kernel
        assert again.value == value
        np.testing.assert_array_equal(
            np.concatenate(again.gamma(), None), np.concatenate(gamma, None)
        )


def test_another_problem_has_another_kernel(fit: Any) -> None:
    by_ml = fit._problem.with_reml(False)
    with (
        at_solution(fit._problem, fit._solution) as own,
        at_solution(by_ml, fit._solution) as other,
    ):
        assert other is not own
        assert other.nu == own.nu + by_ml.p


def test_a_question_in_the_middle_of_one_has_a_kernel_of_its_own(fit: Any) -> None:
    with (
        at_solution(fit._problem, fit._solution) as outer,
        at_solution(fit._problem, fit._solution) as inner,
    ):
        assert inner is not outer
        assert inner.value == outer.value
    with at_solution(fit._problem, fit._solution) as later:
        assert later is outer


def test_threads_may_ask_one_fit_at_the_same_time(fit: Any) -> None:
    right = conditional_modes(fit._problem, fit._solution)

    def same(_: int) -> bool:
        found = conditional_modes(fit._problem, fit._solution)
        conditional_covariances(fit._problem, fit._solution)
        return all(np.array_equal(x, y) for x, y in zip(found, right, strict=True))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(same, range(40)))


def test_a_large_kernel_is_not_kept(
    fit: Any, made: list[CoreKernel], monkeypatch: pytest.MonkeyPatch
) -> None:
    with at_solution(fit._problem, fit._solution) as kernel:
        held = kernel.held
    monkeypatch.setattr(module, "LARGE", held - 1)
    other = pickle.loads(pickle.dumps(fit._solution))
    for count in (1, 2):
        with at_solution(other.problem, other):
            pass
        assert len(made) == count


def test_a_question_that_fails_gives_the_kernel_back(fit: Any) -> None:
    with pytest.raises(KeyError), at_solution(fit._problem, fit._solution) as kernel:
        raise KeyError
    with at_solution(fit._problem, fit._solution) as again:
        assert again is kernel
