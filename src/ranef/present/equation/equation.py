"""The model as LaTeX: by levels and in mixed form."""

from __future__ import annotations

from ranef.present.equation.levels import level_lines
from ranef.present.equation.mixed import mixed_lines
from ranef.present.equation.parts import parts_of
from ranef.present.protocol import FittedModel

__all__ = ["equation"]


def equation(model: FittedModel) -> str:
    """LaTeX of `model`, in an ``aligned`` environment (package amsmath, MathJax, KaTeX).

    Parameters
    ----------
    model : FittedModel

    Returns
    -------
    str
        With one grouping factor the equations of level 1 and level 2 (Raudenbush and Bryk
        2002, chapter 2), then the mixed form; otherwise the mixed form alone. Variables that
        are constant within groups belong to level 2.
    """
    parts = parts_of(model)
    lines = [*level_lines(parts), *mixed_lines(parts)]
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"
