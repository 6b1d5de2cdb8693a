"""All tools, by name."""

from __future__ import annotations

import sys
from collections.abc import Collection
from importlib.util import find_spec

from benchmarks.environment import ROOT
from benchmarks.peers.install import PACKAGES, PYTHON, install_python, is_installed
from benchmarks.peers.install_r import R_PEERS, install_r
from benchmarks.peers.peer import Absent, Peer
from benchmarks.worker import Worker, WorkerError

__all__ = ["NAMES", "find", "ranef"]

NAMES = (*R_PEERS, *PACKAGES)


def _python_worker(python: str, name: str) -> tuple[str, ...]:
    return (python, "-m", f"benchmarks.workers.fit_{name}")


def ranef() -> Peer:
    """ranef itself, in the running interpreter."""
    if find_spec("ranef") is None:
        raise SystemExit("ranef is not installed here: run `make bench`")
    from ranef import __version__

    return Peer("ranef", _python_worker(sys.executable, "ranef"), __version__)


def find(names: Collection[str]) -> list[Peer | Absent]:
    """The peers of these names, installed if need be, each asked for its version."""
    python = [name for name in PACKAGES if name in names]
    problems = install_python() if python else {}
    found: list[Peer | Absent] = []
    command: tuple[str, ...]
    for name in NAMES:
        if name not in names:
            continue
        if name in R_PEERS:
            script = str(ROOT / "benchmarks" / "workers" / f"fit_{name}.R")
            command, problem = ("Rscript", script), install_r(name)
        else:
            command, problem = _python_worker(str(PYTHON), name), problems.get(name, "")
            if not problem and not is_installed(name):
                problem = "not installed"
        found.append(Absent(name, problem) if problem else _asked(name, command))
    return found


def _asked(name: str, command: tuple[str, ...]) -> Peer | Absent:
    try:
        with Worker(command, limit=60.0) as worker:
            return Peer(name, command, worker.version())
    except WorkerError as error:
        return Absent(name, str(error))
