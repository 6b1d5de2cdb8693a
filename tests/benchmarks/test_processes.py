"""A process on the clock."""

import sys

import pytest
from benchmarks.processes import run_process


def test_a_process_tells_its_output_and_memory() -> None:
    code = "import os; b = b'x' * 2**26; print(os.environ['OPENBLAS_NUM_THREADS'])"
    used = run_process([sys.executable, "-S", "-c", code])
    assert used.output.split() == ["1"]
    assert used.seconds > 0.0
    assert 2**26 < used.peak_bytes < 2**27


def test_a_failing_process_is_an_error_with_its_last_line() -> None:
    with pytest.raises(RuntimeError, match="ValueError: no"):
        run_process([sys.executable, "-S", "-c", "raise ValueError('no')"])
