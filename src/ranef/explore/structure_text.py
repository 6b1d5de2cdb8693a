"""The levels of a data set as a page of text or HTML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ranef.explore.structure_record import StructureRecord
from ranef.page import grid, paragraph
from ranef.page.html import escaped, html_table

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
    "n_missing": "missing",
    "n_unique": "unique",
}


def structure_text(structure: StructureRecord) -> str:
    """Text as wide as the page."""
    n_variables = len(structure.variables)
    blocks = [f"{structure.n_rows} rows, {n_variables} variable{'s' if n_variables != 1 else ''}"]
    blocks.append(_block("Groups (sizes in rows)", structure.groups))
    if len(structure.relations):
        lines = [f"  {line}" for line in _relation_lines(structure)]
        blocks.append("\n".join(["How they meet", *lines]))
    if n_variables:
        blocks.append(_block(_variables_title(structure), structure.variables))
    if len(structure.groups) > 1 and n_variables:
        wide = structure.components.pivot(index="variable", columns="group", values="icc")
        wide = wide.loc[structure.variables["variable"], structure.groups["group"]]
        wide = wide.dropna(how="all").reset_index()
        if len(wide):
            blocks.append(_block("ICC by grouping factor", wide))
    if structure.findings:
        lines = [line for finding in structure.findings for line in _wrapped(str(finding))]
        blocks.append("\n".join(["Findings", *lines]))
    return "\n\n".join(blocks)


def structure_html(structure: StructureRecord) -> str:
    """The same page as an HTML fragment for notebooks."""

    def table(frame: pd.DataFrame) -> str:
        rows = _cells(frame)
        return html_table(rows, _names(rows))

    parts = [f"<p>{structure.n_rows} rows</p>", "<h4>Groups (sizes in rows)</h4>"]
    parts.append(table(structure.groups))
    if len(structure.relations):
        items = "".join(f"<li>{escaped(line)}</li>" for line in _relation_lines(structure))
        parts.append(f"<h4>How they meet</h4><ul>{items}</ul>")
    parts += [f"<h4>{escaped(_variables_title(structure))}</h4>", table(structure.variables)]
    if len(structure.groups) > 1:
        parts += ["<h4>Components by grouping factor</h4>", table(structure.components)]
    if structure.findings:
        items = "".join(f"<li>{escaped(str(finding))}</li>" for finding in structure.findings)
        parts.append(f"<h4>Findings</h4><ul>{items}</ul>")
    return f"<div>{''.join(parts)}</div>"


def _variables_title(structure: StructureRecord) -> str:
    return f"Variables (variances and ICC by {structure.groups['group'].iloc[0]})"


def _relation_lines(structure: StructureRecord) -> list[str]:
    wording: dict[str, str] = {
        "nested": "{a} is nested in {b}",
        "one-to-one": "{a} and {b} are the same groups",
        "fully crossed": "{a} and {b} are fully crossed: all {cells} combinations occur",
        "partially crossed": "{a} and {b} are partially crossed: {cells} of {possible} "
        "combinations occur",
    }
    return [
        wording[kind].format(a=a, b=b, cells=cells, possible=possible)
        for a, b, kind, cells, possible in structure.relations.itertuples(index=False, name=None)
    ]


def _cells(frame: pd.DataFrame) -> list[list[str]]:
    """Headings, then the rows of a frame, as text."""
    names = [_HEADINGS.get(str(name), str(name)) for name in frame.columns]
    return [names, *([_cell(value) for value in row] for row in frame.itertuples(index=False))]


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "" if value != value else f"{value:.4g}"
    return str(value)


def _block(title: str, frame: pd.DataFrame) -> str:
    rows = _cells(frame)
    return "\n".join([title, *grid(rows, _names(rows)).lines])


def _names(rows: Sequence[Sequence[str]]) -> list[int]:
    """The columns that hold names, not numbers."""
    return [
        j
        for j in range(len(rows[0]))
        if any(row[j] and not row[j].lstrip("-.")[:1].isdigit() for row in rows[1:])
    ]


def _wrapped(text: str) -> list[str]:
    return paragraph(text, "  ", "    ")
