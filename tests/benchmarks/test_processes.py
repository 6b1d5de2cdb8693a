"""A process on the clock."""

import sys

import pytest
from benchmarks.processes import measure, run_process
from benchmarks.statistics import Plan


def test_a_process_tells_its_output_and_memory() -> None:
    code = "import os; b = b'x' * 2**26; print(os.environ['OPENBLAS_NUM_THREADS'])"
    used = run_process([sys.executable, "-S", "-c", code])
    assert used.output.split() == ["1"]
    assert used.seconds > 0.0
    assert 2**26 < used.peak_bytes < 2**27


def test_a_failing_process_is_an_error_with_its_last_line() -> None:
    with pytest.raises(RuntimeError, match="ValueError: no"):
        run_process([sys.executable, "-S", "-c", "raise ValueError('no')"])


def test_a_process_that_prints_nothing_has_a_time_and_no_objective() -> None:
    commands = {text: (sys.executable, "-S", "-c", text) for text in ("print('at', 1.5)", "pass")}
    rows = measure(commands, Plan(repeats=1))
    assert [row.objective for row in rows] == [1.5, None]
    assert all(row.seconds for row in rows)
