"""Names of columns in programs that do not take every name."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

__all__ = ["Names"]


@dataclass
class Names:
    """Gives each column a name that a program takes, always the same.

    Attributes
    ----------
    invalid : str
        A regular expression of what a name cannot hold.
    longest : int
        Characters.
    reserved : collection of str
        Words that are not names.
    """

    invalid: str
    longest: int
    reserved: Collection[str] = ()
    given: dict[str, str] = field(default_factory=dict)

    def of(self, column: str) -> str:
        """The name of a column.

        >>> names = Names("[^a-z0-9_]", 8)
        >>> names.of("sch.id"), names.of("sch id"), names.of("1st"), names.of("sch.id")
        ('sch_id', 'sch_id_2', 'v1st', 'sch_id')
        """
        if column not in self.given:
            self.given[column] = self._free(self._clean(column))
        return self.given[column]

    def know(self, columns: Iterable[str]) -> None:
        """Give these columns their names first, those that keep theirs before the others."""
        wanted = list(columns)
        for column in sorted(wanted, key=lambda name: self._clean(name) != name):
            self.of(column)

    def renamed(self, columns: Iterable[str]) -> dict[str, str]:
        """Columns whose names differ, in their order."""
        return {column: self.of(column) for column in columns if self.of(column) != column}

    def _clean(self, column: str) -> str:
        name = re.sub(self.invalid, "_", column)
        name = re.sub(r"_+", "_", name).strip("_") if name != column else name
        if not name or not (name[0].isalpha() or name[0] == "_"):
            name = f"v{name}"
        if name.casefold() in self.reserved:
            name += "_"
        return name[: self.longest]

    def _free(self, name: str) -> str:
        taken, out, count = set(self.given.values()), name, 1
        while out in taken:
            count += 1
            out = f"{name[: self.longest - len(str(count)) - 1]}_{count}"
        return out
