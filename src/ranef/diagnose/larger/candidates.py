"""One random effect more: the record of a candidate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from ranef.formula import Formula
from ranef.record import record

__all__ = ["Candidate"]


@record(frozen=True, slots=True)
class Candidate:
    """An effect that a model could have besides its own.

    Attributes
    ----------
    kind : {"slope", "interaction"}
    name : str
        The term whose slope it is; the factor of an interaction.
    factor : str
        The grouping factor.
    extend : callable
        From a formula to the text of the one with this effect.
    """

    kind: Literal["slope", "interaction"]
    name: str
    factor: str
    extend: Callable[[Formula], str]
