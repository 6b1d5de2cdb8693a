"""`make` explains itself, and says in one line what a machine lacks."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAKE = shutil.which("make")
pytestmark = pytest.mark.skipif(MAKE is None, reason="needs make")


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    assert MAKE is not None
    env = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    for name in ("CXX", "PYTHON", "MFLAGS"):
        env.pop(name, None)
    return subprocess.run(
        [MAKE, "--no-print-directory", *arguments],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A folder with what the first steps of an installation read, and no .venv."""
    for name in ("Makefile", "pyproject.toml", "requirements-dev.lock", "CMakeLists.txt"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "src" / "ranef").mkdir(parents=True)
    shutil.copy(ROOT / "src" / "ranef" / "_version.py", tmp_path / "src" / "ranef")
    return tmp_path


def python_that_fails(folder: Path, on: str) -> str:
    """The path of a Python that exits with 1 when its arguments contain `on`."""
    path = folder / "python-that-fails"
    path.write_text(
        f'#!/bin/sh\ncase "$*" in *{on}*) exit 1 ;; esac\nexec "{sys.executable}" "$@"\n'
    )
    path.chmod(0o755)
    return str(path)


def single_line(run: subprocess.CompletedProcess[str]) -> str:
    assert run.returncode != 0
    assert run.stdout == ""
    lines = run.stderr.splitlines()
    assert len(lines) == 1, run.stderr
    return lines[0]


def test_help_lists_every_target() -> None:
    text = (ROOT / "Makefile").read_text()
    (declared,) = re.findall(r"^\.PHONY: (help .*)$", text, flags=re.MULTILINE)
    shown = re.findall(r"^make (\w+) +\S", make(ROOT, "help").stdout, flags=re.MULTILINE)
    assert sorted(shown) == sorted(declared.split())
    assert {"help", "demo", "test", "check", "bench", "sanitize", "docs", "clean"} <= set(shown)


def test_plain_make_is_help() -> None:
    assert make(ROOT).stdout == make(ROOT, "help").stdout


@pytest.mark.parametrize("target", ["demo", "test", "check"])
def test_no_compiler(fresh: Path, target: str) -> None:
    run = make(fresh, target, "CXX=/nowhere/g++", f"PYTHON={sys.executable}")
    line = single_line(run)
    assert "ranef needs a C++20 compiler: apt-get install g++ (Debian/Ubuntu)" in line
    assert "dnf install gcc-c++ (Fedora), xcode-select --install (macOS)" in line
    assert not (fresh / ".venv").exists()


def test_compiler_without_cxx20(fresh: Path, tmp_path: Path) -> None:
    old = tmp_path / "old-g++"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    run = make(fresh, "demo", f"CXX={old}", f"PYTHON={sys.executable}")
    assert "ranef needs a C++20 compiler" in single_line(run)


def test_python_too_old(fresh: Path) -> None:
    run = make(fresh, "demo", f"PYTHON={python_that_fails(fresh, 'version_info')}")
    assert "ranef needs Python 3.11, 3.12 or 3.13" in single_line(run)


def test_no_venv_module(fresh: Path) -> None:
    run = make(fresh, "demo", f"PYTHON={python_that_fails(fresh, 'ensurepip')}")
    assert "apt-get install python3-venv (Debian/Ubuntu)" in single_line(run)


def test_no_python_headers(fresh: Path) -> None:
    run = make(fresh, "demo", f"PYTHON={python_that_fails(fresh, 'sysconfig')}")
    assert "apt-get install python3-dev (Debian/Ubuntu)" in single_line(run)
