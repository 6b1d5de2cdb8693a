"""Names in a formula against the columns that exist."""

from __future__ import annotations

from collections.abc import Iterable

from ranef.errors import UnknownColumnError, suggestion
from ranef.formula.model import Formula
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


def check_columns(formula: Formula, names: Iterable[str]) -> None:
    """Raise where the formula names a column that does not exist.

    Parameters
    ----------
    formula : Formula
    names : iterable of str
        Columns of the data.

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
    for variable in formula.variables().values():
        if variable.name in known:
            continue
        shown = ", ".join(known[:_MOST])
        if len(known) > _MOST:
            shown += f", ... ({len(known) - _MOST} more)"
        raise UnknownColumnError(
            f"unknown column '{variable.name}' in the {_PLACES[variable.role]}",
            where=pointer(formula.text, variable.span),
            found=f"columns {shown}" if known else "no columns",
            fix=suggestion(variable.name, known) or "use a column of the data",
        )
