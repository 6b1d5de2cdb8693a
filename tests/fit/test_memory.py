"""A fit that does not fit in memory is refused before anything of it is allocated."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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


def test_a_limit_of_the_process_counts(monkeypatch):
    resource = pytest.importorskip("resource")
    free = memory.available_memory()
    monkeypatch.setattr(resource, "getrlimit", lambda _: (10**12, 10**12))
    assert memory.available_memory() == pytest.approx(free, rel=0.2)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (10**6, 10**6))
    assert memory.available_memory() == 0.0
    with pytest.raises(rn.TooLargeError):
        rn.lmm("y ~ 1 + (1 | pupil) + (1 | teacher)", data())


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


LIMITED = """
import resource, sys
import numpy as np, pandas as pd
import ranef as rn
from ranef.problem.memory import available_memory
small = pd.DataFrame(dict(y=np.arange(12.0) ** 2, g=np.repeat([0, 1, 2], 4)))
rn.lmm("y ~ 1 + (1 | g)", small)  # loads all libraries
used = float(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
limit = int(used + {spare})
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
assert available_memory() <= {spare}
rng = np.random.default_rng(0)
n = 40000
a, b = rng.integers(0, 3000, n), rng.integers(0, 2900, n)
data = pd.DataFrame(dict(y=rng.normal(size=n), a=a, b=b))
try:
    rn.lmm("y ~ 1 + (1 | a) + (1 | b)", data, control=rn.Control(threads=1))
except rn.TooLargeError as error:
    print(error)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc of Linux")
@pytest.mark.parametrize("spare", [100e6, 300e6])
def test_the_limit_of_the_process_counts(spare: float) -> None:
    """Memory is free, but the process may not have it (``ulimit -v``)."""
    environment = dict(os.environ, OPENBLAS_NUM_THREADS="1")
    code = LIMITED.format(spare=spare)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert "memory" in done.stdout
    assert "fix" in done.stdout


def test_a_failed_allocation_is_told_in_the_same_form(monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise MemoryError("std::bad_alloc")

    monkeypatch.setattr("ranef.fit.record.solve_data", fail)
    with pytest.raises(rn.TooLargeError, match="more memory than this process can have"):
        rn.lmm("y ~ 1 + (1 | pupil)", data())
