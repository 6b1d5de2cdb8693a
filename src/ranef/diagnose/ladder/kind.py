"""What a kind of rung is: its plans, its test, its words and its place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.rung import Plan, Rung, Test, Tried
from ranef.diagnose.larger import Larger
from ranef.diagnose.rank import Support
from ranef.diagnose.subject import Subject
from ranef.types import Finding

__all__ = ["Asked", "Kind", "Place", "untested"]


class Place(IntEnum):
    """Where in the ladder a rung stands: after the asked model and the searches from elsewhere."""

    PRIOR_OFF = 0
    LARGER = 1
    DATA = 2
    FIXED = 3
    CORRELATION = 4
    RANK = 5
    SMALLER = 6
    PRIOR = 7


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known before the ladder is climbed."""

    subject: Subject
    findings: Sequence[Finding]
    supports: Sequence[Support]
    larger: Larger


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of rung.

    Attributes
    ----------
    key : str
        Of its plans.
    place : Place
    test : callable
        The asked model at its best, the rung, all rungs: the likelihood-ratio test, or None.
    say : callable
        The rung and the facts: one sentence or two; those that are empty are left out.
    """

    key: str
    place: Place
    test: Callable[[Tried, Tried, Sequence[Tried]], Test | None]
    say: Callable[[Rung, Facts], list[str]]


Planner = Callable[[Asked], list[Plan]]
"""The plans of one file, of one kind or of several."""


def untested(asked: Tried, tried: Tried, every: Sequence[Tried]) -> None:
    """For rungs of other rows, other columns or a prior."""
