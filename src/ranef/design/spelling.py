"""Names of coded columns: marks while formulaic works, texts when it is done.

formulaic keeps columns by name. So that no two of them have one name, whatever variables and
levels are called, it is given ``v0``, ``v1``, ... for factors and ``l0``, ``l1``, ... for levels
(``c0``, ``c1``, ... for the columns of a matrix of contrasts). What it returns, ``v0[T.l2]:v1``, is
spelt in the user's words here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ranef.design.fixed import Contrast
from ranef.design.state import Category
from ranef.formula.naming import of_level
from ranef.types import INTERCEPT

__all__ = ["level_marks", "marked", "spelt"]

_FACTOR = re.compile(r"(v\d+)(.*)")
_FIELD = re.compile(r"\[([A-Z]\.)?([cl])(\d+)\]")


def level_marks(n: int) -> list[str]:
    """What stands for the levels of a category."""
    return [f"l{i}" for i in range(n)]


def marked(category: Category, marks: Sequence[str]) -> Contrast:
    """The contrast of a category with marks in place of its texts."""
    contrast = category.contrast
    base = contrast.base
    return replace(
        contrast,
        base=None if base is None else marks[category.levels.names.index(base)],
        columns=tuple((f"c{i}", values) for i, (_, values) in enumerate(contrast.columns)),
    )


def spelt(column: str, factors: Mapping[str, tuple[str, Category | None]]) -> str:
    """The name of a column in the user's words.

    Parameters
    ----------
    column : str
        As formulaic gave it: ``"v0[T.l2]:v1"``.
    factors : mapping of str to (str, Category or None)
        Text of the factor behind each mark, and its category where it is one.

    Examples
    --------
    >>> spelt("v1:v0[2]", {"v0": ("poly(x, 2)", None), "v1": ("z", None)})
    'z:poly(x, 2)[2]'
    """
    if column == INTERCEPT:
        return column
    parts = []
    for piece in column.split(":"):
        found = _FACTOR.fullmatch(piece)
        assert found is not None
        text, category = factors[found[1]]
        parts.append(text + (found[2] if category is None else _in_brackets(found[2], category)))
    return ":".join(parts)


def _in_brackets(mark: str, category: Category) -> str:
    """``[T.l2]`` with the level's text; what holds none, as polynomials do, stays as it is."""
    found = _FIELD.fullmatch(mark)
    if found is None:
        return mark
    letter, kind, at = found[1] or "", found[2], int(found[3])
    text = category.levels.names[at] if kind == "l" else category.contrast.columns[at][0]
    return f"[{letter}{of_level(text, bare=not letter)}]"
