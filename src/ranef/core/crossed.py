"""Crossed factors: the cost of a factorisation, and the settings and errors of iterations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import ranef._core as _core
from ranef.core.sums import CrossProducts
from ranef.errors import TooLargeError

__all__ = [
    "CrossedShape",
    "CrossedSolver",
    "Estimation",
    "crossed_shape",
    "needs_exact",
    "order_of_tail",
]


def needs_exact(what: str, found: str = "crossed factors that are solved by iterations") -> Any:
    """The error for a question that has no answer by iterations."""
    return TooLargeError(
        f"{what} need an exact factorisation of the crossed factors",
        found=found,
        fix="fit with control=rn.Control(crossed='exact'), if memory allows, or ask for fewer rows",
    )


class CrossedSolver(NamedTuple):
    """How iterations begin, and the errors that a search has to reach.

    ``seed`` of the probes; ``deflated`` directions and ``probes`` to begin with; ``error`` of the
    parameters in standard errors, and ``criterion_error`` in deviance units.
    """

    seed: int
    deflated: int
    probes: int
    error: float
    criterion_error: float


class Estimation(NamedTuple):
    """The error of an estimated optimum: half-widths of 95% intervals.

    ``error``: the largest of a parameter, in its standard errors; ``criterion_error`` in deviance
    units; ``deflated`` directions, ``probes``, and ``iterations`` of the longest solve.
    """

    error: float
    criterion_error: float
    deflated: int
    probes: int
    iterations: int


class CrossedShape(NamedTuple):
    """Factors that cross the others, by number, their columns, and whether one factor is left."""

    groups: Sequence[int]
    columns: int
    one_left: bool


def crossed_shape(products: CrossProducts) -> CrossedShape:
    """What is to be solved together after all that can be eliminated level by level."""
    return CrossedShape(*_core.crossed(products))


def order_of_tail(products: CrossProducts) -> tuple[float, int]:
    """Multiplications for a factorisation of it in the best order found, and numbers it holds."""
    work, entries = _core.order_of_tail(products)
    return float(work), int(entries)
