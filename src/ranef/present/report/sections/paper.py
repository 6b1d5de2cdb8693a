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
)
from ranef.present.report.material import Material

__all__ = ["body"]


def body(material: Material) -> str:
    """The table, LaTeX and Markdown of it, and the paragraph."""
    return _table(material) + _texts(material) + _methods(material)


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
