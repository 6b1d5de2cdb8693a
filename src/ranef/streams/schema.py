"""The columns of a source: what kind of values they hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["ColumnType", "Schema", "kinds_of"]


@dataclass(frozen=True, slots=True)
class ColumnType:
    """The type of a column.

    Attributes
    ----------
    kind : {"number", "factor", "other"}
        Whole numbers, decimals, floats and truth values are numbers; text, categories, dates and
        times are factors; lists and structures are neither.
    text : str
        The type as the engine calls it.
    floating : bool
        Whether it may hold NaN, which counts as missing.
    order : tuple of str or None
        Levels of a category whose order somebody has chosen.
    instants : bool
        Dates, times and spans of time: they name groups, and are neither numbers nor categories.
    clash : str
        How the files differ, if some hold numbers in the column and others text or nothing.
    mostly_numbers : bool
        Whether it is a column of a text file more than half of whose cells are numbers, not all.
    """

    kind: Literal["number", "factor", "other"]
    text: str
    floating: bool = False
    order: tuple[str, ...] | None = None
    instants: bool = False
    clash: str = ""
    mostly_numbers: bool = False


Schema = Mapping[str, ColumnType]


def kinds_of(schema: Schema) -> dict[str, str]:
    """The kind of each column."""
    return {name: column.kind for name, column in schema.items()}
