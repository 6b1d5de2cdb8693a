"""The environment of a worker process: one thread for every library that has threads."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["ROOT", "single_threaded"]

ROOT = Path(__file__).resolve().parents[1]

THREADS = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "NUMEXPR_NUM_THREADS",
)


def single_threaded() -> dict[str, str]:
    """This process's environment with one thread each, and without Python path settings."""
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    return kept | dict.fromkeys(THREADS, "1")
