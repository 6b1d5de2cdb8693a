"""An environment for the Python peers, apart from the one that ranef is developed in."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from benchmarks.environment import ROOT

__all__ = ["PACKAGES", "PYTHON", "install_python", "install_ranef"]

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


def _shared() -> list[str]:
    return [f"{name}=={version(name)}" for name in SHARED]


def _make_environment() -> None:
    if not PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", str(FOLDER)], check=True)


def install_ranef() -> None:
    """Build a wheel of this tree and install it among the peers.

    That is what a user has. An editable install looks modules up through a hook, and the
    environment that ranef is developed in starts slower than an ordinary one.

    Raises
    ------
    RuntimeError
        It cannot be built or installed.
    """
    _make_environment()
    with tempfile.TemporaryDirectory(prefix="ranef-wheel-") as folder:
        build = [sys.executable, "-m", "pip", "-q", "wheel", "--no-build-isolation", "--no-deps"]
        run = subprocess.run(
            [*build, "-w", folder, str(ROOT)], capture_output=True, text=True, check=False
        )
        if run.returncode != 0:
            raise RuntimeError(f"no wheel could be built: {run.stderr.strip()[-500:]}")
        (wheel,) = Path(folder).glob("ranef-*.whl")
        problem = _pip(*_shared(), str(wheel)) or _pip("--no-deps", "--force-reinstall", str(wheel))
        if problem:
            raise RuntimeError(f"the wheel could not be installed: {problem}")


def install_python() -> dict[str, str]:
    """Install what is missing; package -> why it could not be installed, empty if all could."""
    wanted = {name: f"{name}=={number}" for name, number in PACKAGES.items()}
    shared = _shared()
    stamp, text = FOLDER / ".installed", "\n".join([*shared, *wanted.values()])
    if stamp.exists() and stamp.read_text(encoding="utf-8") == text:
        return {}
    print(f"installing {', '.join(wanted.values())} into {FOLDER.relative_to(ROOT)}", flush=True)
    _make_environment()
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
