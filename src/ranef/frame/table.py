"""Plain columns: what the rest of ranef sees of a data frame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ranef.core.columns import Ends, ends, row_threads
from ranef.types import Array

__all__ = ["Column", "Table", "WholeNumbers"]


class _Scanned:
    """A place for what is found out about the values once, no part of the record."""

    __slots__ = ("_ends",)

    _ends: Ends


@dataclass(frozen=True, slots=True)
class Column(_Scanned):
    """One variable.

    Attributes
    ----------
    name : str
    kind : {"number", "factor"}
        Strings, categories, enums, dates and other values with an order are factors; numbers and
        booleans are numbers.
    values : ndarray, shape (n,)
        ``float64`` with NaN where missing, or ``int32`` codes with -1 where missing.
    levels : tuple of str
        Level names in the order the user gave (categories), else sorted; empty for numbers.
    ordered : bool
    source_type : str
        The type as the user's library calls it, for messages: ``"Int64"``, ``"String"``.
    holds : str
        What a factor was made from: ``"text"``, ``"dates"``, ``"time stamps"`` and so on; empty
        for categories, whose order somebody chose, and for numbers.
    private : bool
        Whether nobody else can write into the memory of `values`.
    label : str
        What readers call the variable; empty if nobody said.
    keeps : object
        What has to live as long as `values` for that: the user's library copies on write while
        it sees that somebody holds the column.
    """

    name: str
    kind: Literal["number", "factor"]
    values: NDArray[Any]
    levels: tuple[str, ...] = ()
    ordered: bool = False
    source_type: str = ""
    private: bool = field(default=False, repr=False, compare=False)
    keeps: Any = field(default=None, repr=False, compare=False)
    holds: str = field(default="", repr=False, compare=False)
    label: str = field(default="", repr=False, compare=False)

    @property
    def holds_truth(self) -> bool:
        """Whether the values are False and True: numbers of X, and two levels of a mean."""
        return self.source_type.lower().startswith("bool")

    @property
    def names_groups_only(self) -> bool:
        """Whether the values have an order and are neither numbers nor categories: dates, say."""
        return self.holds not in ("", "text")

    def __len__(self) -> int:
        return int(self.stored.shape[0])

    def __reduce__(self) -> Any:
        parts = (self.name, self.kind, self.values, self.levels, self.ordered, self.source_type)
        return Column, (*parts, True, None, self.holds, self.label)

    @property
    def stored(self) -> NDArray[Any]:
        """`values`, or the whole numbers behind them in the type they came in."""
        return self.values

    def ends(self, threads: int | None = None) -> Ends:
        """Smallest and largest of `stored`, both NaN where one is; looked for once.

        Parameters
        ----------
        threads : int, optional
            See :func:`~ranef.core.columns.row_threads`.
        """
        try:
            return self._ends
        except AttributeError:
            stored = self.stored
            found = ends(stored, row_threads(stored.size, threads))
            object.__setattr__(self, "_ends", found)
            return found

    def taken(self, index: NDArray[Any]) -> Column:
        """Some rows, in memory of their own; levels stay as they are."""
        return self._with(self.stored[index])

    def followed_by(self, other: Column) -> Column:
        """These rows and then those of a column of the same kind and levels."""
        return self._with(np.concatenate([self.stored, other.stored]))

    def copy(self) -> Column:
        """The same values in memory of their own."""
        return self._with(self.stored.copy())

    def _with(self, stored: NDArray[Any]) -> Column:
        stored.flags.writeable = False
        return replace(self, values=stored, private=True, keeps=None)


class WholeNumbers(Column):
    """A number column of whole numbers, none missing: float64 is made when somebody asks for it.

    Identifiers become codes of levels without that.
    """

    __slots__ = ("_floats", "_stored")

    _floats: Array | None
    _stored: NDArray[Any]

    @property
    def values(self) -> Array:
        """The numbers as ``float64``, made once."""
        if self._floats is None:
            floats = self._stored.astype(np.float64)
            floats.flags.writeable = False
            object.__setattr__(self, "_floats", floats)
        assert self._floats is not None
        return self._floats

    @values.setter
    def values(self, stored: NDArray[Any]) -> None:
        object.__setattr__(self, "_stored", stored)
        object.__setattr__(self, "_floats", None)

    @property
    def stored(self) -> NDArray[Any]:
        return self._stored


@dataclass(frozen=True, slots=True)
class Table:
    """Columns by name, all of the same length.

    Attributes
    ----------
    columns : mapping of str to Column
    n_rows : int
    threads : int or None
        Threads that pass over the rows (see :func:`~ranef.core.columns.row_threads`).
    """

    columns: Mapping[str, Column]
    n_rows: int
    threads: int | None = field(default=None, repr=False, compare=False)

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def with_numbers(self, name: str, values: Array) -> Table:
        """The same columns and one of numbers, in memory of its own."""
        column = Column(name, "number", values, source_type="float64").copy()
        return Table({**self.columns, name: column}, self.n_rows, self.threads)

    def labelled(self, labels: Mapping[str, str]) -> Table:
        """The same columns, those among `labels` with the words that readers know them by."""
        columns = {
            name: replace(column, label=labels[name]) if name in labels else column
            for name, column in self.columns.items()
        }
        return Table(columns, self.n_rows, self.threads)

    def only(self, names: Iterable[str]) -> Table:
        """Some of the columns."""
        return Table({name: self.columns[name] for name in names}, self.n_rows, self.threads)

    def ends(self, name: str) -> Ends:
        """:meth:`Column.ends` of a column, by the table's threads."""
        return self.columns[name].ends(self.threads)

    def private(self) -> Table:
        """The same columns where nobody else can change them: copied unless they are private."""
        columns = {
            name: column if column.private else column.copy()
            for name, column in self.columns.items()
        }
        return Table(columns, self.n_rows, self.threads)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.columns)
