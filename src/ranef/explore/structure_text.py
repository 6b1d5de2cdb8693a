"""The levels of a data set as a page of text or HTML, both of the same parts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ranef.explore.structure_record import StructureRecord
from ranef.page import grid, paragraph
from ranef.page.html import heading, html_table, notes_html, prose_html
from ranef.page.phrases import count, whole
from ranef.types import findings_html

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["structure_html", "structure_text"]

_HEADINGS = {
    "n_groups": "groups",
    "min_size": "smallest",
    "median_size": "median",
    "mean_size": "mean",
    "max_size": "largest",
    "within_var": "var within",
    "between_var": "var between",
    "icc": "ICC",
    "n_missing": "missing",
    "n_unique": "unique",
}

BELOW_ZERO = (
    "An ICC below zero means that groups differ no more than chance would have them: read it as "
    "zero."
)

_DIGITS = 4
_LEAST = 1e-4
"""Variances below this are in scientific notation."""


@dataclass(frozen=True, slots=True)
class _Table:
    """Rows of text, head line first; columns in `left` hold names."""

    title: str
    rows: list[list[str]]
    left: list[int]
    note: str = ""


def structure_text(structure: StructureRecord) -> str:
    """Text as wide as the page."""
    first, *others = _tables(structure)
    sections = [[_size(structure)], _lines(first)]
    if meeting := _meeting(structure):
        sections.append(["How they meet", *(line for text in meeting for line in _wrapped(text))])
    sections += map(_lines, others)
    if structure.findings:
        lines = [line for finding in structure.findings for line in finding.lines("  ")]
        sections.append(["Findings", *lines])
    return "\n\n".join("\n".join(lines) for lines in sections)


def structure_html(structure: StructureRecord) -> str:
    """The same page as an HTML fragment for notebooks."""
    first, *others = map(_html, _tables(structure))
    parts = [prose_html(_size(structure)), first]
    if meeting := _meeting(structure):
        parts += [heading("How they meet"), prose_html(*meeting)]
    parts += others
    if structure.findings:
        parts += [heading("Findings"), findings_html(structure.findings)]
    return f'<div class="ranef-structure">{"".join(parts)}</div>'


def _size(structure: StructureRecord) -> str:
    return f"{count(structure.n_rows, 'row')}, {count(len(structure.variables), 'variable')}"


def _tables(structure: StructureRecord) -> Iterable[_Table]:
    """Groups, variables, and the ICC by each of several grouping factors."""
    yield _table("Groups (sizes in rows)", structure.groups, ["group"])
    if not len(structure.variables):
        return
    title = f"Variables (variances and ICC by {structure.groups['group'].iloc[0]})"
    several = len(structure.groups) > 1
    yield _table(title, structure.variables, ["variable", "kind", "level"], explain=not several)
    if several:
        wide = structure.components.pivot(index="variable", columns="group", values="icc")
        wide = wide.loc[structure.variables["variable"], structure.groups["group"]]
        wide = wide.dropna(how="all").reset_index()
        if len(wide):
            groups = [str(name) for name in wide.columns[1:]]
            yield _table("ICC by grouping factor", wide, ["variable"], groups, explain=True)


def _table(
    title: str,
    frame: pd.DataFrame,
    names: Sequence[str],
    correlations: Sequence[str] = ("icc",),
    explain: bool = False,
) -> _Table:
    columns = [str(name) for name in frame.columns]
    cells = [
        _cells(frame.iloc[:, j].tolist(), name in correlations, name == "mean_size")
        for j, name in enumerate(columns)
    ]
    shares = frame[[name for name in frame.columns if str(name) in correlations]]
    below = explain and bool((shares.to_numpy(dtype=float) < 0.0).any())
    heads = [_HEADINGS.get(name, name) if name not in names[1:] else name for name in columns]
    rows = [heads, *(list(row) for row in zip(*cells, strict=True))]
    left = [j for j, name in enumerate(columns) if name in names]
    return _Table(title, rows, left, BELOW_ZERO if below else "")


def _cells(values: Sequence[object], correlation: bool, mean: bool) -> list[str]:
    """A column as text: names and counts as they are, other numbers without exponents."""
    if not any(isinstance(value, float) for value in values):
        return [str(value) for value in values]
    numbers = [float(str(value)) for value in values]
    if correlation:
        return [_fixed(number, 3) for number in numbers]
    if mean:
        return [_fixed(number, 1) for number in numbers]
    return [_figure(number) for number in numbers]


def _fixed(number: float, decimals: int) -> str:
    return "" if math.isnan(number) else f"{round(number, decimals) + 0.0:.{decimals}f}"


def _figure(number: float) -> str:
    """Four digits, or all that stand before the point.

    >>> _figure(97790.4), _figure(2.1113), _figure(0.0), _figure(3.21e-7), _figure(104.0)
    ('97790', '2.111', '0', '3.2e-07', '104')
    """
    if math.isnan(number):
        return ""
    if 0.0 < abs(number) < _LEAST or abs(number) >= 1e15:
        return f"{number:.1e}"
    if number == int(number):
        return f"{number:.0f}"
    decimals = _DIGITS - 1 - math.floor(math.log10(abs(number)))
    return f"{number:.{max(0, decimals)}f}"


def _lines(table: _Table) -> list[str]:
    note = _wrapped(table.note) if table.note else []
    return [table.title, *grid(table.rows, table.left, fold=True, stub=1).lines, *note]


def _html(table: _Table) -> str:
    made = html_table(table.rows, table.left, table.title)
    return made + (notes_html([table.note]) if table.note else "")


def _meeting(structure: StructureRecord) -> list[str]:
    wording: dict[str, str] = {
        "nested": "{a} is nested in {b}",
        "one-to-one": "{a} and {b} are the same groups",
        "fully crossed": "{a} and {b} are fully crossed: all {cells} combinations occur",
        "partially crossed": "{a} and {b} are partially crossed: {cells} of {possible} "
        "combinations occur",
    }
    return [
        wording[kind].format(a=a, b=b, cells=whole(cells), possible=whole(possible))
        for a, b, kind, cells, possible in structure.relations.itertuples(index=False, name=None)
    ]


def _wrapped(text: str) -> list[str]:
    return paragraph(text, "  ", "    ")
