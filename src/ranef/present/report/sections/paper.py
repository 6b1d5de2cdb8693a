"""For the paper: the table, the methods paragraph, and both as text to copy."""

from __future__ import annotations

from ranef.present.report.blocks import (
    Missing,
    code,
    copied,
    folded,
    missing,
    named_table,
    note,
    side_by_side,
)
from ranef.present.report.material import Material

__all__ = ["body"]


def body(material: Material) -> str:
    """The table and the paragraph side by side, LaTeX and Markdown below."""
    return side_by_side(_table(material), _methods(material), kind="two pap") + _texts(material)


def _table(material: Material) -> str:
    table = material.table
    if isinstance(table, Missing):
        return missing(table)
    return named_table(table.to_html(), "Models side by side") + note(material.beside)


def _methods(material: Material) -> str:
    if isinstance(material.methods, Missing):
        return missing(material.methods)
    if not material.methods:
        return ""
    shown = material.methods
    return f'<div class="meth" id="methods">{shown}</div>{copied("methods", "the text")}'


def _texts(material: Material) -> str:
    table = material.table
    if isinstance(table, Missing):
        return ""
    latex = code(table.to_latex(), "latex") + copied("latex", "the LaTeX")
    markdown = code(table.to_markdown(), "markdown") + copied("markdown", "the Markdown")
    return folded("The table in LaTeX", latex, printed=False) + folded(
        "The table in Markdown", markdown, printed=False
    )
