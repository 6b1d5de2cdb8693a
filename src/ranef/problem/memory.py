"""Whether a fit of crossed factors fits in memory, before any of it is allocated."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ranef.errors import TooLargeError
from ranef.page.phrases import count

__all__ = ["available_memory", "check_memory", "out_of_memory"]

GB = 1e9


def available_memory() -> float | None:
    """Bytes that can be allocated without paging; None if the system does not tell.

    The least of what is free (``MemAvailable`` of Linux, else free pages), what a control group
    allows, and what the limits of the process (``ulimit -v``, ``ulimit -d``) leave.
    """
    found = [
        value
        for value in (_free_memory(), _left_by_control_group(), _left_by_limits())
        if value is not None
    ]
    return min(found) if found else None


def _free_memory() -> float | None:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return float(line.split()[1]) * 1024.0
    except (OSError, ValueError, IndexError):
        pass
    try:
        return float(os.sysconf("SC_AVPHYS_PAGES")) * float(os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, OSError, ValueError):
        return None


def _left_by_control_group() -> float | None:
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
        if limit == "max":
            return None
        used = float(Path("/sys/fs/cgroup/memory.current").read_text())
        return max(0.0, float(limit) - used)
    except (OSError, ValueError):
        return None


def _left_by_limits() -> float | None:
    """What the limits of the process leave of its address space and of its data."""
    try:
        import resource
    except ImportError:  # not a Unix
        return None
    try:
        # Pages: the whole program, resident, shared, text, unused, data and stack.
        pages = Path("/proc/self/statm").read_text().split()
        page = float(os.sysconf("SC_PAGE_SIZE"))
        used = {
            resource.RLIMIT_AS: float(pages[0]) * page,
            resource.RLIMIT_DATA: float(pages[5]) * page,
        }
    except (OSError, ValueError, IndexError):
        used = {resource.RLIMIT_AS: 0.0, resource.RLIMIT_DATA: 0.0}
    left = []
    for which, taken in used.items():
        limit = resource.getrlimit(which)[0]
        if limit != resource.RLIM_INFINITY:
            left.append(max(0.0, float(limit) - taken))
    return min(left) if left else None


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


def out_of_memory(n_rows: int) -> TooLargeError:
    """What to say when an allocation has failed: no estimate of memory foresees everything."""
    available = available_memory()
    left = "" if available is None else f"; {available / GB:.1f} GB are available now"
    return TooLargeError(
        "the fit needs more memory than this process can have",
        found=f"{count(n_rows, 'row')}{left}",
        fix="close other programs, raise the limit (`ulimit -v` shows it), use fewer rows or "
        "simpler crossed factors, or fit on a machine with more memory",
    )
