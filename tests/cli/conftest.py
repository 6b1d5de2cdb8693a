"""Running the command: in this process where that is enough, as installed where it matters."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from ranef.cli import main

COMMAND = Path(sys.executable).parent / "ranef"


class Run(NamedTuple):
    """What a command gave."""

    status: int
    out: str
    err: str


def installed(*arguments: str, cwd: Path, **environment: str) -> Run:
    """Run the installed command in a process of its own."""
    done = subprocess.run(
        [str(COMMAND), *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, **environment},
    )
    return Run(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def ranef(capsys: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    """Run the command in this process."""

    def run(*arguments: str) -> Run:
        status = main(arguments)
        captured = capsys.readouterr()
        return Run(status, captured.out, captured.err)

    return run
