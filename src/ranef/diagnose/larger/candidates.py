"""One random effect more: the record of a candidate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ranef.formula import Formula

__all__ = ["Candidate"]


@dataclass(frozen=True, slots=True)
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
    columns : int
        Random effects of each level: one less than the levels of a category, for its slope.
    """

    kind: Literal["slope", "interaction"]
    name: str
    factor: str
    extend: Callable[[Formula], str]
    columns: int = 1
