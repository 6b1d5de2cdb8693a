"""Names in a formula against the columns that exist."""

from __future__ import annotations

from collections.abc import Iterable

from ranef.errors import UnknownColumnError, suggestion
from ranef.formula.model import Formula, Variable
from ranef.formula.naming import in_formula
from ranef.formula.position import pointer

__all__ = ["check_columns"]

_PLACES = {
    "response": "response",
    "fixed": "fixed part",
    "random part": "random part",
    "grouping factor": "random part",
    "offset": "offset",
}
_MOST = 30


def check_columns(formula: Formula, names: Iterable[str], removed: bool = False) -> None:
    """Raise where the formula names a column that does not exist.

    Parameters
    ----------
    formula : Formula
    names : iterable of str
        Columns of the data.
    removed : bool
        Whether columns of terms that are subtracted have to exist too.

    Raises
    ------
    UnknownColumnError
        For the first such name; carets mark it in the formula.

    Examples
    --------
    >>> from ranef.formula import parse
    >>> check_columns(parse("y ~ x + (1 | g)"), ["g", "x", "y"])
    """
    known = list(names)
    variables = [*formula.variables().values()]
    if removed:
        variables += formula.removed_variables().values()
    for variable in variables:
        if variable.name in known:
            continue
        shown = ", ".join(known[:_MOST])
        if len(known) > _MOST:
            shown += f", ... ({len(known) - _MOST} more)"
        raise UnknownColumnError(
            f"unknown column '{variable.name}' in the {_PLACES[variable.role]}",
            where=pointer(formula.text, variable.span),
            found=f"columns {shown}" if known else "no columns",
            fix=_meant(formula.text, variable, known)
            or suggestion(variable.name, known)
            or "use a column of the data",
        )


def _meant(text: str, variable: Variable, known: Iterable[str]) -> str:
    """What to write where a column's name was typed without backticks, or with its frame's."""
    start, end = variable.span
    for name in sorted(known, key=len, reverse=True):
        at = text.find(name, max(0, end - len(name)))
        if in_formula(name) != name and "`" not in name and 0 <= at <= start:
            return f"write `{name}` for the column '{name}'"
        if variable.name.endswith(f".{name}"):
            return f"write {in_formula(name)} alone: the data frame is not named in a formula"
    return ""
