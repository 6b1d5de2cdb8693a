"""Whether a fit of crossed factors fits in memory, before any of it is allocated."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ranef.errors import TooLargeError

__all__ = ["available_memory", "check_memory"]

GB = 1e9


def available_memory() -> float | None:
    """Bytes that can be allocated without paging; None where the system does not tell.

    ``MemAvailable`` of Linux, less where a control group or a limit of the process (``ulimit -v``)
    allows less; else free pages.
    """
    found = []
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                found.append(float(line.split()[1]) * 1024.0)
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
        if limit != "max":
            used = float(Path("/sys/fs/cgroup/memory.current").read_text())
            found.append(max(0.0, float(limit) - used))
    except (OSError, ValueError, IndexError):
        pass
    found += _left_of_limit()
    if found:
        return min(found)
    try:
        return float(os.sysconf("SC_AVPHYS_PAGES")) * float(os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, OSError, ValueError):
        return None


def _left_of_limit() -> list[float]:
    """What the process may still map, where its address space is limited."""
    try:
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        if limit == resource.RLIM_INFINITY:
            return []
        used = float(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        return [max(0.0, limit - used)]
    except (ImportError, OSError, ValueError, IndexError):
        return []


def check_memory(needed: int, columns: int, factors: Sequence[str]) -> None:
    """Stop where a fit needs more than there is.

    Parameters
    ----------
    needed : int
        Bytes at the peak of a fit.
    columns : int
        Random-effects columns of the factors that are crossed with the largest one.
    factors : sequence of str
        These factors in the user's names.

    Raises
    ------
    TooLargeError
        With the bytes needed and available.
    """
    if columns == 0:
        return
    available = available_memory()
    if available is None or needed <= available:
        return
    raise TooLargeError(
        f"the crossed factors need {needed / GB:.1f} GB of memory",
        where=", ".join(factors),
        found=f"{available / GB:.1f} GB available; {columns:,} random-effects columns of factors "
        "that cross the largest one, of which all pairs may matter",
        fix="drop one of these factors or its slopes, merge rare levels, or fit on a machine "
        "with more memory",
    )
