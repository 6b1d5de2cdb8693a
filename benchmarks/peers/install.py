"""An environment for the Python peers, apart from ranef's own."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from benchmarks.environment import ROOT

__all__ = ["PACKAGES", "PYTHON", "install_python"]

FOLDER = ROOT / "benchmarks" / ".peers"
PYTHON = FOLDER / "bin" / "python"

# The versions that the workers were written for.
PACKAGES = {"glmm": "0.6.2", "mixedlm": "1.3.0", "gpboost": "1.8.0", "statsmodels": "0.15.0"}
# The same versions as beside ranef, so that reading a file costs every tool the same.
SHARED = ("numpy", "pandas", "polars", "pyarrow", "formulaic")


def _pip(*arguments: str) -> str:
    """Run pip in the peers' environment; the last line of its complaint, or nothing."""
    run = subprocess.run(
        [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "-q", "install", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode == 0:
        return ""
    return (run.stderr.strip().splitlines() or ["pip failed"])[-1]


def install_python() -> dict[str, str]:
    """Install what is missing; package -> why it could not be installed, empty if all could."""
    wanted = {name: f"{name}=={number}" for name, number in PACKAGES.items()}
    shared = [f"{name}=={version(name)}" for name in SHARED]
    stamp, text = FOLDER / ".installed", "\n".join([*shared, *wanted.values()])
    if stamp.exists() and stamp.read_text(encoding="utf-8") == text:
        return {}
    print(f"installing {', '.join(wanted.values())} into {FOLDER.relative_to(ROOT)}", flush=True)
    if not PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", str(FOLDER)], check=True)
    problem = _pip(*shared)
    if problem:
        return dict.fromkeys(wanted, problem)
    problems = {name: _pip(package) for name, package in wanted.items()}
    failed = {name: problem for name, problem in problems.items() if problem}
    if not failed:
        stamp.write_text(text, encoding="utf-8")
    return failed


def is_installed(name: str, environment: Path = FOLDER) -> bool:
    """Whether the environment holds the package's metadata."""
    pattern = f"lib/python*/site-packages/{name}-*.dist-info"
    return any(True for _ in environment.glob(pattern))
