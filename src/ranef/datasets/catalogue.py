"""What is bundled: names, and for each data set where it comes from and what its columns mean."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from ranef.errors import OptionError, suggestion
from ranef.page import cells, padded, paragraph
from ranef.page.phrases import count, whole
from ranef.page.shown import Sentence

__all__ = ["Description", "Variable", "canonical_name", "describe", "names"]

_ABOUT = ("source", "changes", "citation", "licence")


@dataclass(frozen=True, slots=True, repr=False)
class Variable(Sentence):
    """One column of a data set. ``str()`` is its name with what it means.

    Attributes
    ----------
    name : str
    type : str
        ``"number"``, ``"integer"``, ``"factor, 6 levels"`` or ``"ordered factor, 3 levels"``.
    unit : str
        Empty where there is none, or where the source states none.
    meaning : str
    """

    name: str
    type: str
    unit: str
    meaning: str

    def __str__(self) -> str:
        return f"{self.name} ({self.kind}): {self.words}"

    @property
    def kind(self) -> str:
        """The type, as a page has it: ``"factor, 2,972 levels"``."""
        return re.sub(r"\d+", lambda found: whole(int(found[0])), self.type)

    @property
    def words(self) -> str:
        """The meaning, with the unit if there is one."""
        return f"{self.meaning} [{self.unit}]" if self.unit else self.meaning


@dataclass(frozen=True, slots=True, repr=False)
class Description:
    """Where a data set comes from and what its columns mean; prints as a page.

    Attributes
    ----------
    name, title : str
    source : str
        The R package and object whose values these are.
    citation : str
        The publication of the data.
    changes : str
        What was changed on the way from `source`; ``"none"`` where nothing was.
    licence : str
    rows : int
    columns : tuple of Variable
    """

    name: str
    title: str
    source: str
    citation: str
    changes: str
    licence: str
    rows: int
    columns: tuple[Variable, ...]

    def __str__(self) -> str:
        lines = paragraph(f"{self.name}: {self.title}")
        lines += [self._size, ""]
        wide = max(cells(column.name) for column in self.columns)
        types = max(cells(column.kind) for column in self.columns)
        margin = " " * (wide + types + 6)
        for column in self.columns:
            head = f"  {padded(column.name, wide)}  {padded(column.kind, types)}  "
            lines += paragraph(column.words, head, margin)
        lines.append("")
        for label in _ABOUT:
            text = getattr(self, label)
            lines += paragraph(text, f"  {padded(label, 8)}  ", " " * 12)
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from ranef.page.html import escaped, html_table, notes_html

        rows = [["Column", "Type", "Meaning"]]
        rows += [[column.name, column.kind, column.words] for column in self.columns]
        about = [f"{label.capitalize()}: {getattr(self, label)}" for label in _ABOUT]
        return (
            f'<div class="ranef-data"><p><b>{escaped(self.name)}</b>: {escaped(self.title)}<br>'
            f"{self._size}</p>{html_table(rows, 3, wrapped=(2,))}{notes_html(about)}</div>"
        )

    @property
    def _size(self) -> str:
        return f"{count(self.rows, 'row')}, {count(len(self.columns), 'column')}"


@cache
def _catalogue() -> dict[str, Any]:
    text = files("ranef.datasets").joinpath("catalogue.json").read_text(encoding="utf-8")
    catalogue: dict[str, Any] = json.loads(text)
    return catalogue


def names() -> tuple[str, ...]:
    """The names of the bundled data sets.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> names()[:3]
    ('hsb', 'sleepstudy', 'dyestuff')
    """
    return tuple(_catalogue())


def canonical_name(name: str) -> str:
    """The name as the catalogue writes it, whatever its case.

    Raises
    ------
    OptionError
        No data set has this name.
    """
    lowered = name.lower() if isinstance(name, str) else ""
    if lowered not in _catalogue():
        raise OptionError(
            f"unknown data set {name!r}",
            found=f"data sets {', '.join(names())}",
            fix=suggestion(lowered, names()) or "take a name from ranef.datasets.names()",
        )
    return lowered


def describe(name: str) -> Description:
    """Source, citation, licence and columns of a data set, with units.

    Parameters
    ----------
    name : str
        In any case: ``"InstEval"`` is ``"insteval"``.

    Returns
    -------
    Description
        Prints as a page.

    Raises
    ------
    OptionError
        No data set has this name.

    Examples
    --------
    >>> describe("Dyestuff").columns[1]
    Yield (integer): yield [grams of standard colour]
    """
    key = canonical_name(name)
    facts = dict(_catalogue()[key])
    columns = tuple(Variable(column, **parts) for column, parts in facts.pop("columns").items())
    return Description(name=key, columns=columns, **facts)
