"""A fit that does not fit in memory is refused before anything of it is allocated."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.problem import memory


def data():
    rng = np.random.default_rng(0)
    n = 300
    return pd.DataFrame(
        {
            "y": rng.normal(size=n),
            "pupil": rng.integers(0, 60, n),
            "teacher": rng.integers(0, 40, n),
        }
    )


def test_crossed_factors_that_do_not_fit(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 1000.0)
    with pytest.raises(rn.TooLargeError) as caught:
        rn.lmm("y ~ 1 + (1 | pupil) + (1 | teacher)", data())
    assert isinstance(caught.value, MemoryError)
    assert caught.value.where == "teacher"
    assert "40 random-effects columns" in caught.value.found


def test_nested_factors_need_no_square(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 1000.0)
    assert rn.lmm("y ~ 1 + (1 | pupil)", data()).sigma > 0.0


def test_unknown_memory_stops_nobody(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: None)
    assert rn.lmm("y ~ 1 + (1 | pupil) + (1 | teacher)", data()).sigma > 0.0


def test_memory_of_this_machine():
    found = memory.available_memory()
    assert found is None or found > 1e6


@pytest.mark.parametrize("levels", [150, 400])
def test_memory_is_that_of_the_matrices_that_a_certified_fit_holds(levels):
    """Two intercepts that cross everywhere: six squares of the smaller factor's columns.

    The Schur complement, its factor, the inverse twice, and two whole matrices for the Hessian.
    """
    rng = np.random.default_rng(0)
    a, b = np.divmod(np.arange((levels + 50) * levels), levels)
    frame = pd.DataFrame({"y": rng.normal(size=a.size), "a": a, "b": b})
    kernel = rn.lmm("y ~ 1 + (1 | a) + (1 | b)", frame)._problem.kernel()
    assert kernel.dense_columns == levels
    assert kernel.memory == pytest.approx(6 * 8 * levels**2, rel=0.05)


def test_what_fits_exactly_fits(monkeypatch):
    needed = rn.lmm("y ~ 1 + (1 | pupil) + (1 | teacher)", data())._problem.kernel().memory
    monkeypatch.setattr(memory, "available_memory", lambda: float(needed))
    assert rn.lmm("y ~ 1 + (1 | pupil) + (1 | teacher)", data()).sigma > 0.0
    monkeypatch.setattr(memory, "available_memory", lambda: needed - 1.0)
    with pytest.raises(rn.TooLargeError):
        rn.lmm("y ~ 1 + (1 | pupil) + (1 | teacher)", data())
