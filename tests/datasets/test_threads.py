"""Loading leaves no thread behind that could still read when Python ends."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
import ranef as rn
rn.datasets.load("sleepstudy", as_="pyarrow")
print("pyarrow.dataset" in sys.modules, "pyarrow._dataset" in sys.modules)
"""


def test_bundled_data_are_read_without_the_scanner_of_arrow() -> None:
    # Its threads may release a buffer of Python's after the interpreter has ended, which aborts
    # the process: 8 of 110 short runs of the command line did.
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
