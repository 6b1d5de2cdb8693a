"""The response: one number a row."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ranef.design.coding import ends_of, report_not_finite
from ranef.design.evaluate import as_number, evaluate
from ranef.design.state import State
from ranef.errors import DataError
from ranef.formula.nodes import Call, Expr, Name
from ranef.formula.position import pointer
from ranef.formula.render import to_text
from ranef.frame.table import Table
from ranef.types import Array

__all__ = ["Response", "build_response"]


@dataclass(frozen=True, slots=True)
class Response:
    """An evaluated response.

    Attributes
    ----------
    name : str
    y : ndarray, shape (n,)
        The numbers. Of a category: 0 for the first level, 1 for the others. Of
        ``cbind(successes, failures)``: the proportion of successes.
    trials : ndarray or None, shape (n,)
        Successes plus failures.
    levels : tuple of str
        Levels of a category.
    """

    name: str
    y: Array = field(repr=False)
    trials: Array | None = field(default=None, repr=False)
    levels: tuple[str, ...] = ()


def build_response(expr: Expr, table: Table, state: State, *, gaussian: bool) -> Response:
    """Evaluate the response.

    Parameters
    ----------
    gaussian : bool
        Whether the model is a linear one: then the response must be a number that varies.

    Raises
    ------
    DataError
    """
    name = expr.name if isinstance(expr, Name) else to_text(expr)
    if isinstance(expr, Call) and expr.function == "cbind":
        if gaussian:
            raise DataError(
                "cbind() is a response of counts, and the model is a linear one",
                where=pointer(state.formula, expr.span),
                fix="give the proportion as response, or fit a binomial mixed model with another "
                "tool, such as lme4's glmer",
            )
        return _counts(expr, table, state)
    if isinstance(expr, Name) and table[expr.name].kind == "factor":
        column = table[expr.name]
        used = [column.levels[i] for i in np.unique(column.values[column.values >= 0])]
        if gaussian:
            raise DataError(
                f"the response '{name}' is not numeric",
                where=pointer(state.formula, expr.span),
                found=f"{column.source_type or 'categories'} with the levels "
                + ", ".join(repr(level) for level in used[:5])
                + (", ..." if len(used) > 5 else ""),
                fix=as_number(column)
                if column.names_groups_only
                else "convert it to numbers; for two categories a logistic mixed model is meant, "
                "which lme4's glmer fits",
            )
        y = (column.values != column.levels.index(used[0])).astype(np.float64)
        return Response(name, y, levels=tuple(used))
    y = evaluate(expr, table, state)
    found = ends_of(y, expr, table)
    report_not_finite(y, found, expr, table, state)
    if gaussian and found[0] == found[1]:
        raise DataError(
            f"the response '{name}' is constant",
            where=pointer(state.formula, expr.span),
            found=f"{y[0]:g} in all {y.size} rows used",
            fix="check the column and the rows that were selected",
        )
    return Response(name, y)


def _counts(call: Call, table: Table, state: State) -> Response:
    parts = []
    for arg in call.args:
        values = evaluate(arg, table, state)
        report_not_finite(values, ends_of(values, arg, table), arg, table, state)
        if (values < 0).any():
            row = int(np.flatnonzero(values < 0)[0])
            raise DataError(
                f"'{to_text(arg)}' is negative, and counts are not",
                where=pointer(state.formula, arg.span),
                found=f"{values[row]:g} in row {row} (counted from 0) of the rows used",
                fix="cbind() takes successes and failures: cbind(hits, trials - hits)",
            )
        parts.append(values)
    trials = parts[0] + parts[1]
    y = np.divide(parts[0], trials, out=np.zeros_like(trials), where=trials > 0)
    return Response(to_text(call), y, trials)
