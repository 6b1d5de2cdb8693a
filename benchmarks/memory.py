"""Memory of another process, as the Linux kernel counts it."""

from __future__ import annotations

from pathlib import Path

__all__ = ["peak", "reset_peak", "resident"]


def _field(pid: int, name: str) -> int | None:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return None
    for line in status.splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return None


def resident(pid: int) -> int | None:
    """Bytes in memory now; None where the system does not tell."""
    return _field(pid, "VmRSS")


def peak(pid: int) -> int | None:
    """Most bytes in memory since the start or the last :func:`reset_peak`."""
    return _field(pid, "VmHWM")


def reset_peak(pid: int) -> bool:
    """Begin to count the peak anew; False where the system does not allow it."""
    try:
        Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return False
    return True
