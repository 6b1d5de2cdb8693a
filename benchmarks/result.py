"""What a case found."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Goal", "Result", "Row", "ratio"]


@dataclass(frozen=True, slots=True)
class Row:
    """One tool on one case.

    Attributes
    ----------
    label : str
    first : float or None
        Seconds of the first call in the process.
    seconds : float or None
        Median of the other runs; None where there is no time.
    runs : int
    spread : float
        Half the interquartile distance of the runs over their median.
    objective : float or None
        -2 log-likelihood (REML or ML) that was reached.
    off : float
        The objective less ranef's, where they do not agree; else 0.
    evaluations : int or None
    memory : int or None
        Peak beyond the input, bytes.
    note : str
        A remark of the tool, or why there is no time.
    cpu_seconds : float or None
        As `seconds`, of processor time: that of all threads.
    threads : int
        That it may use.
    """

    label: str
    first: float | None = None
    seconds: float | None = None
    runs: int = 0
    spread: float = 0.0
    objective: float | None = None
    off: float = 0.0
    evaluations: int | None = None
    memory: int | None = None
    note: str = ""
    cpu_seconds: float | None = None
    threads: int = 1


@dataclass(frozen=True, slots=True)
class Goal:
    """A number to reach and the number found (None: not measured)."""

    what: str
    bound: float
    value: float | None
    at_least: bool = True
    unit: str = ""

    @property
    def reached(self) -> bool | None:
        if self.value is None:
            return None
        return self.value >= self.bound if self.at_least else self.value <= self.bound


@dataclass(frozen=True, slots=True)
class Result:
    """All rows of a case and how they stand to its goals."""

    name: str
    title: str
    rows: tuple[Row, ...]
    goals: tuple[Goal, ...]


def ratio(theirs: Row | None, ours: Row | None) -> float | None:
    """How much longer one takes: of processor time, which a busy machine distorts less.

    Where it was not measured, or where one of them has several threads, by the clock.
    """
    if theirs is None or ours is None or theirs.seconds is None or ours.seconds is None:
        return None
    if theirs.threads > 1 or ours.threads > 1:
        return theirs.seconds / ours.seconds
    if theirs.cpu_seconds and ours.cpu_seconds:
        return theirs.cpu_seconds / ours.cpu_seconds
    return theirs.seconds / ours.seconds
