"""Plain columns: what the rest of ranef sees of a data frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from numpy.typing import NDArray

__all__ = ["Column", "Table"]


@dataclass(frozen=True, slots=True)
class Column:
    """One variable.

    Attributes
    ----------
    name : str
    kind : {"number", "factor"}
        Strings, categories and enums are factors; numbers and booleans are numbers.
    values : ndarray, shape (n,)
        ``float64`` with NaN where missing, or ``int32`` codes with -1 where missing.
    levels : tuple of str
        Level names in the order the user gave (categories), else sorted; empty for numbers.
    ordered : bool
    source_type : str
        The type as the user's library calls it, for messages: ``"Int64"``, ``"String"``.
    """

    name: str
    kind: Literal["number", "factor"]
    values: NDArray[Any]
    levels: tuple[str, ...] = ()
    ordered: bool = False
    source_type: str = ""

    def __len__(self) -> int:
        return int(self.values.shape[0])


@dataclass(frozen=True, slots=True)
class Table:
    """Columns by name, all of the same length."""

    columns: Mapping[str, Column]
    n_rows: int

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def copy(self) -> Table:
        """The same columns in memory of their own, so that nobody else can change them."""
        columns = {}
        for name, column in self.columns.items():
            values = column.values.copy()
            values.flags.writeable = False
            columns[name] = replace(column, values=values)
        return Table(columns, self.n_rows)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.columns)
