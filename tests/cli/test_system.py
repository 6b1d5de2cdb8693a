"""What the operating system refuses is the user's to mend, and said so: no defect of ranef."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ranef as rn

from .conftest import COMMAND


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(1)
    path = tmp_path_factory.mktemp("system") / "rooms.csv"
    room = np.repeat(np.arange(8), 5)
    y = rng.normal(size=40) + room % 3
    pd.DataFrame({"y": y, "x": rng.normal(size=40), "room": room}).to_csv(path, index=False)
    return path


def in_shell(command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    line = command.replace("RANEF", f"'{COMMAND}'")
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "COLUMNS": "100"}
    return subprocess.run(
        ["bash", "-c", line], cwd=cwd, capture_output=True, text=True, check=False, env=environment
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full and bash")
@pytest.mark.parametrize("command", ["fit", "compare", "diagnose"])
def test_a_full_disk_is_no_defect(command: str, rooms: Path) -> None:
    run = in_shell(f"RANEF {command} {rooms} 'y ~ x + (1 | room)' > /dev/full", rooms.parent)
    assert run.returncode == 2
    assert run.stderr.splitlines()[0] == "the output cannot be written"
    assert "No space left on device" in run.stderr


@pytest.mark.skipif(os.name != "posix", reason="needs bash")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_output_is_no_defect(closed: str, rooms: Path) -> None:
    run = in_shell(f"RANEF fit {rooms} 'y ~ x + (1 | room)' {closed}", rooms.parent)
    assert run.returncode == 0
    assert run.stderr == ""
    wrong = in_shell(f"RANEF fit {rooms} 'y ~ q + (1 | room)' {closed}", rooms.parent)
    assert wrong.returncode == 2


@pytest.mark.parametrize("name", ["q" * 5000, "q" * 300 + "/x"])
def test_a_path_that_the_system_refuses_is_no_defect(name: str, rooms: Path, ranef) -> None:
    run = ranef("fit", f"{name}.csv", "y ~ x + (1 | room)")
    assert run.status == 2
    assert "defect" not in run.err
    assert max(map(len, run.err.splitlines())) < 200


def test_a_limit_of_memory_is_no_defect(
    monkeypatch: pytest.MonkeyPatch, rooms: Path, ranef
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise MemoryError("std::bad_alloc")

    monkeypatch.setattr(rn, "lmm", refuse)
    run = ranef("fit", str(rooms), "y ~ x + (1 | room)")
    assert run.status == 2
    assert run.err.splitlines()[0] == "there is not enough memory"
    assert "ulimit -v" in run.err


def test_an_error_is_as_wide_as_the_terminal(
    monkeypatch: pytest.MonkeyPatch, rooms: Path, ranef
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    run = ranef("fit", str(rooms), "y ~ x")
    assert max(map(len, run.err.splitlines())) <= 60
    assert "  fix    add one, as in + (1 | group); rn.lm(formula, data)" in run.err
