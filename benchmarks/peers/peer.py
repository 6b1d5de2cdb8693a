"""A tool that can be timed, or one that cannot and why."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Absent", "Peer"]


@dataclass(frozen=True, slots=True)
class Peer:
    """A tool and the command of its worker; `threads` is what ranef is allowed."""

    name: str
    command: tuple[str, ...]
    version: str
    threads: int = 1


@dataclass(frozen=True, slots=True)
class Absent:
    """A tool that is left out, and why."""

    name: str
    reason: str
