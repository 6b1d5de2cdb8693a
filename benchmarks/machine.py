"""Where the numbers come from."""

from __future__ import annotations

import os
import platform
from pathlib import Path

__all__ = ["describe", "load"]


def describe() -> str:
    """Processor, cores, memory, system."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{name}, {cores} cores, {memory:.0f} GiB, {platform.system()}, "
        f"Python {platform.python_version()}"
    )


def load() -> float:
    """Processes that wanted to run in the last minute: more than a few make times doubtful."""
    return os.getloadavg()[0]
