"""The data and the model: what varies where, which rows were left out, the equations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ranef.diagnose.words import join
from ranef.page.html import escaped
from ranef.page.phrases import whole
from ranef.present.report.blocks import Missing, Row, folded, missing, note, side_by_side, table
from ranef.present.report.figures import plain, value
from ranef.present.report.material import Material

if TYPE_CHECKING:
    from ranef.explore.structure_record import StructureRecord

__all__ = ["body"]

_LEVELS = {"row": "row", "constant": "nothing"}


def body(material: Material) -> str:
    """Variables and groups, and the equations."""
    return side_by_side(_variables(material), _equation(material), kind="two eqs-beside")


def _variables(material: Material) -> str:
    structure = material.structure
    if isinstance(structure, Missing):
        return missing(structure) + note(_left_out(material))
    shown = ""
    if structure is not None:
        shown = _table(material, structure, "The variables of the model")
        shown += note(*_sizes(material, structure), _left_out(material))
    else:
        shown = note(_left_out(material))
    others = material.others
    if others is not None and not isinstance(others, Missing) and len(others.variables):
        n = len(others.variables)
        inner = _table(material, others, "Variables of the data that are not in the model")
        noun = "variable that is" if n == 1 else "variables that are"
        shown += folded(f"{whole(n)} {noun} not in the model", inner)
    return shown


def _table(material: Material, structure: StructureRecord, caption: str) -> str:
    """What each variable varies by; its variances, or of several factors the ICC by each."""
    words = material.words
    groups = [str(group) for group in structure.groups["group"]]
    if len(groups) > 1:
        found = structure.components[["variable", "group", "icc"]].itertuples(index=False)
        icc = {(str(v), str(g)): float(x) for v, g, x in found}
        heads = [escaped(f"ICC, {words.group(group)}") for group in groups]
    else:
        heads = ["Variance within", "Between", "ICC"]
    rows = []
    for line in structure.variables.to_dict("records"):
        variable, level = str(line["variable"]), str(line["level"])
        if len(groups) > 1:
            cells = [_icc(icc[variable, group]) for group in groups]
        else:
            spread = [_number(line["within_var"]), _number(line["between_var"])]
            cells = [*spread, _icc(line["icc"])]
        varies = escaped(_LEVELS.get(level, words.group(level)))
        rows.append(Row(escaped(words.variable(variable)), (varies, *cells)))
    shown = table(caption, ["Variable", "Varies by", *heads], rows, left=(1,))
    return shown + note(
        f"Within and between levels of {words.group(groups[0])}." if len(groups) == 1 else ""
    )


def _icc(x: float) -> str:
    return "" if x != x else value(max(float(x), 0.0), 2)


def _number(x: float) -> str:
    return "" if x != x else plain(max(float(x), 0.0))


def _sizes(material: Material, structure: StructureRecord) -> list[str]:
    said = []
    for line in structure.groups.to_dict("records"):
        name, n = material.words.group(str(line["group"])), whole(line["n_groups"])
        low, high = int(line["min_size"]), int(line["max_size"])
        rows = (
            f"{whole(low)} rows each"
            if low == high
            else (f"{whole(low)} to {whole(high)} rows, median {float(line['median_size']):g}")
        )
        said.append(f"{n} levels of {name}: {rows}.")
    for line in structure.relations.to_dict("records"):
        a, b = (material.words.group(str(line[key])) for key in ("a", "b"))
        words = {"nested": f"{a} is nested in {b}", "one-to-one": f"{a} and {b} are one-to-one"}
        said.append(words.get(str(line["relation"]), f"{a} and {b} are {line['relation']}") + ".")
    return said


def _left_out(material: Material) -> str:
    missing_rows = material.model.missing_rows
    if not len(missing_rows):
        return "No row was left out."
    parts = [f"{whole(len(missing_rows))} of {whole(missing_rows.n_total)} rows were left out"]
    counts = [
        f"{material.words.variable(name)} is missing in {whole(n)}"
        for name, n in missing_rows.by_column.items()
        if n
    ]
    if missing_rows.outside:
        counts.append(f"{whole(missing_rows.outside)} lie outside of the subset")
    return f"{parts[0]}{': ' if counts else ''}{join(counts)}."


def _equation(material: Material) -> str:
    latex = material.equation
    if isinstance(latex, Missing):
        return missing(latex)
    return f'<div class="scroll eq" tabindex="0" role="group" aria-label="Equations">{latex}</div>'
