"""The model as equations: by levels, and in mixed form."""

from __future__ import annotations

from collections.abc import Mapping

from ranef.options import one_of
from ranef.present.equation.lines import Line, PageRow, page_rows
from ranef.present.equation.mathml import mathml
from ranef.present.equation.written import FORMS, Form, lines_of
from ranef.present.protocol import FittedModel

__all__ = ["Equation", "equation"]


class Equation(str):
    """The equations of a model in LaTeX. It is a string; notebooks typeset it.

    Attributes
    ----------
    lines : tuple of Line
        What is written, before it is broken into rows.
    """

    lines: tuple[Line, ...]

    def __new__(cls, lines: tuple[Line, ...]) -> Equation:
        made = super().__new__(cls, _latex(page_rows(lines)))
        made.lines = lines
        return made

    def __getnewargs__(self) -> tuple[tuple[Line, ...]]:  # type: ignore[override]
        return (self.lines,)

    def __repr__(self) -> str:
        return str(self)

    def _repr_latex_(self) -> str:
        return f"$$\n{self}\n$$"

    def _repr_html_(self) -> str:
        return f"<div>{mathml(self.lines)}</div>"


def equation(
    model: FittedModel, form: Form = "both", labels: Mapping[str, str] | None = None
) -> Equation:
    """LaTeX of `model`, in an ``aligned`` environment (package amsmath, MathJax, KaTeX).

    Parameters
    ----------
    model : FittedModel
    form : {"both", "levels", "mixed"}
        ``"levels"``: an equation for each level (Raudenbush and Bryk 2002, chapters 2 and 8), where
        variables that are constant within groups belong to the level of the groups. ``"mixed"``:
        one equation. ``"both"``: the two, or the second alone where the first does not exist.
    labels : mapping of str to str, optional
        Words by column.

    Raises
    ------
    OptionError
        Another form, or ``"levels"`` of a model that is not one of nested levels.
    """
    one_of("form", form, FORMS)
    return Equation(lines_of(model, form, labels))


def _latex(rows: list[PageRow]) -> str:
    lines = []
    for row in rows:
        head = rf"\text{{{row.heading}:}} \quad " if row.heading else ""
        left = f"{head}{row.left} " if row.left else head
        lines.append(f"{left}&{row.right}")
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"
