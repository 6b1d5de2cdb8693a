"""What every case has, and what it is handed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from benchmarks.peers import Peer
from benchmarks.result import Result
from benchmarks.statistics import Plan

__all__ = ["Case", "Session"]


@dataclass(frozen=True, slots=True)
class Session:
    """One run of the harness.

    Attributes
    ----------
    tools : mapping of str to Peer
        What can be timed here, ``"ranef"`` among it.
    plan : Plan
    folder : Path
        For data files.
    quick : bool
        Whether to prove that all works rather than to measure.
    """

    tools: Mapping[str, Peer]
    plan: Plan
    folder: Path
    quick: bool = False
    log: Callable[[str], None] = field(default=print)


class Case(Protocol):
    """A problem to time."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def large(self) -> bool:
        """Whether it is run only when large cases are asked for."""
        ...

    def measure(self, session: Session) -> Result: ...
