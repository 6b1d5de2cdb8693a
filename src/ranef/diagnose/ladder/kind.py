"""What a kind of rung is: its plans, its fit, its test, its words and its place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from ranef.diagnose.generalised.families import FamilyFits
from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.fitting import refitted
from ranef.diagnose.ladder.rung import Plan, Rung, Test, Tried
from ranef.diagnose.larger import Larger
from ranef.diagnose.rank import Support
from ranef.diagnose.subject import AnySubject
from ranef.types import Finding

__all__ = ["Asked", "Kind", "Place", "nothing", "unplanned", "unsaid", "untested"]


class Place(IntEnum):
    """Where in the ladder a rung stands."""

    ASKED = 0
    STARTS = 1
    PRIOR_OFF = 2
    FAMILY = 3
    LARGER = 4
    DATA = 5
    FIXED = 6
    CORRELATION = 7
    RANK = 8
    SMALLER = 9
    LIKELIHOOD = 10
    PRIOR = 11


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known before the ladder is climbed."""

    subject: AnySubject
    findings: Sequence[Finding]
    supports: Sequence[Support]
    larger: Larger
    families: FamilyFits = field(default_factory=FamilyFits)


def unplanned(asked: Asked) -> list[Plan]:
    """For rungs of which nothing is fitted."""
    return []


def untested(asked: Tried, tried: Tried, every: Sequence[Tried]) -> None:
    """For rungs of other rows, other columns or a prior."""


def unsaid(rung: Rung, facts: Facts) -> list[str]:
    """For rungs whose words are given when they are read off."""
    return []


def nothing(facts: Facts) -> None:
    """For rungs of which all is planned."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of rung.

    Attributes
    ----------
    key : str
        Of its plans.
    place : Place
    plans : callable
        From what is known before the climb: the models to fit, in the order of the ladder.
    fit : callable
        The subject and a plan: the fits. It may raise RanefError, which the rung then tells.
    test : callable
        The asked model at its best, the rung, all rungs: the likelihood-ratio test, or None.
    say : callable
        The rung and the facts: one sentence or two; those that are empty are left out.
    read_off : callable
        A rung that needs no fit of its own, read off the others once all are there; or None.
    replaces : tuple of str
        Keys of kinds whose plans are left out where this one has a plan.
    by_finding : bool
        Whether a finding asks for it: a page with nothing to remedy still shows it.
    is_asked : bool
        Whether it is the asked model without its prior: smaller models are tested against it.
    linear_only : bool
        Whether it is for linear models alone.
    """

    key: str
    place: Place
    plans: Callable[[Asked], list[Plan]] = unplanned
    fit: Callable[[AnySubject, Plan], Tried] = refitted
    test: Callable[[Tried, Tried, Sequence[Tried]], Test | None] = untested
    say: Callable[[Rung, Facts], list[str]] = unsaid
    read_off: Callable[[Facts], Rung | None] = nothing
    replaces: tuple[str, ...] = ()
    by_finding: bool = False
    is_asked: bool = False
    linear_only: bool = False
