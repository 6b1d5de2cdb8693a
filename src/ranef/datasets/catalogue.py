"""What is bundled: names, and for each data set where it comes from and what its columns mean."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from ranef.errors import OptionError, suggestion
from ranef.page import paragraph, phrases

__all__ = ["Description", "Variable", "canonical_name", "describe", "names"]


@dataclass(frozen=True, slots=True)
class Variable:
    """One column of a data set.

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
        lines += [
            f"{phrases.count(self.rows, 'row')}, {phrases.count(len(self.columns), 'column')}",
            "",
        ]
        wide = max(len(column.name) for column in self.columns)
        types = max(len(column.type) for column in self.columns)
        margin = " " * (wide + types + 6)
        for column in self.columns:
            unit = f" [{column.unit}]" if column.unit else ""
            head = f"  {column.name:<{wide}}  {column.type:<{types}}  "
            lines += paragraph(column.meaning + unit, head, margin)
        lines.append("")
        for label in ("source", "changes", "citation", "licence"):
            text = getattr(self, label)
            lines += paragraph(text, f"  {label:<8}  ", " " * 12)
        return "\n".join(lines)

    __repr__ = __str__


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
    Variable(name='Yield', type='integer', unit='grams of standard colour', meaning='yield')
    """
    key = canonical_name(name)
    facts = dict(_catalogue()[key])
    columns = tuple(Variable(column, **parts) for column, parts in facts.pop("columns").items())
    return Description(name=key, columns=columns, **facts)
