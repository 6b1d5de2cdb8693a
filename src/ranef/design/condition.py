"""Which rows of the data a condition chooses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ranef.design.evaluate import evaluate
from ranef.design.state import State
from ranef.errors import DataError, suggestion
from ranef.formula.condition import Condition, Joined, columns
from ranef.formula.nodes import Binary, Expr, Name, Number, String, walk
from ranef.formula.render import number_text, to_source
from ranef.frame.table import Table
from ranef.page.phrases import count
from ranef.types import Array

__all__ = ["rows_where"]


def rows_where(condition: Condition, text: str, table: Table) -> NDArray[np.bool_]:
    """True in the rows where a condition holds, shape (n,).

    Where a value that it needs is missing, a comparison is neither true nor false; such a row is
    chosen only if the rest of the condition decides, as in R's ``subset``.

    Parameters
    ----------
    condition : Condition
    text : str
        As the user wrote it, for messages.
    table : Table

    Raises
    ------
    DataError
        A category where a number is needed, or no row for which the condition holds.
    """
    kinds = {name: table[name].kind for name in columns(condition)}
    chosen = _truth(condition, table, State(text, kinds)) == 1.0
    if not chosen.any():
        raise DataError(
            "the condition holds in no row",
            where=f"subset={text!r}",
            found=f"{count(table.n_rows, 'row')}, none of them chosen",
            fix="check the values of its columns",
        )
    return np.asarray(chosen)


def _truth(condition: Condition, table: Table, state: State) -> Array:
    """1 for true, 0 for false, NaN for unknown (Kleene's three values)."""
    if not isinstance(condition, Joined):
        _check_kinds(condition, table, state)
        values = evaluate(condition, table, state)
        return np.where(np.isnan(values), np.nan, (values != 0.0).astype(np.float64))
    parts = [_truth(part, table, state) for part in condition.parts]
    if condition.word == "not":
        return 1.0 - parts[0]
    decides = 0.0 if condition.word == "and" else 1.0
    unknown = np.any([np.isnan(part) for part in parts], axis=0)
    decided = np.any([part == decides for part in parts], axis=0)
    return np.where(decided, decides, np.where(unknown, np.nan, 1.0 - decides))


def _check_kinds(condition: Expr, table: Table, state: State) -> None:
    """Refuse a category that is compared with a number, or taken for a truth value."""
    for node in walk(condition):
        if not isinstance(node, Binary):
            continue
        for name, other in ((node.left, node.right), (node.right, node.left)):
            if isinstance(name, Name) and isinstance(other, Number):
                column = table[name.name]
                if column.kind == "factor":
                    text = f"{to_source(name)} {node.operator} '{number_text(other.value)}'"
                    raise DataError(
                        f"'{name.name}' is a category and is compared with a number",
                        where=f"subset={state.formula!r}",
                        found="levels " + ", ".join(column.levels[:5]),
                        fix=f"write its levels in quotes, as in {text}",
                    )
            if isinstance(name, Name) and isinstance(other, String):
                column = table[name.name]
                if column.kind == "factor" and other.value not in column.levels:
                    raise DataError(
                        f"'{other.value}' is not a level of '{name.name}'",
                        where=f"subset={state.formula!r}",
                        found="levels " + ", ".join(column.levels[:10]),
                        fix=suggestion(other.value, column.levels) or "write one of its levels",
                    )
