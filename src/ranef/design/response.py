"""The response of a linear model: one number a row."""

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
from ranef.page.phrases import count
from ranef.types import Array

__all__ = ["Response", "build_response"]

_FEW = 10  # categories that may be ordered answers


@dataclass(frozen=True, slots=True)
class Response:
    """An evaluated response.

    Attributes
    ----------
    name : str
    y : ndarray, shape (n,)
    """

    name: str
    y: Array = field(repr=False)


def build_response(expr: Expr, table: Table, state: State) -> Response:
    """Evaluate the response of a linear model: numbers that vary.

    Raises
    ------
    DataError
    """
    name = expr.name if isinstance(expr, Name) else to_text(expr)
    if isinstance(expr, Call) and expr.function == "cbind":
        raise DataError(
            "cbind() is a response of counts, and the model is a linear one",
            where=pointer(state.formula, expr.span),
            found=f"the response {name}",
            fix='rn.glmm(formula, data, family="binomial") fits counts of successes and failures; '
            "a linear model takes one column of numbers",
        )
    if isinstance(expr, Name) and table[expr.name].kind == "factor":
        column = table[expr.name]
        used = [column.levels[i] for i in np.unique(column.values[column.values >= 0])]
        fix = "convert it to numbers"
        if column.names_groups_only:
            fix = as_number(column)
        elif len(used) == 2:
            fix += '; rn.glmm(formula, data, family="binomial") fits two categories'
        elif len(used) <= _FEW:
            fix += '; rn.glmm(formula, data, family="cumulative") fits ordered categories'
        raise DataError(
            f"the response '{name}' is not numeric",
            where=pointer(state.formula, expr.span),
            found=f"{column.source_type or 'categories'} with the levels "
            + ", ".join(repr(level) for level in used[:5])
            + (", ..." if len(used) > 5 else ""),
            fix=fix,
        )
    y = evaluate(expr, table, state)
    found = ends_of(y, expr, table)
    report_not_finite(y, found, expr, table, state)
    if found[0] == found[1]:
        raise DataError(
            f"the response '{name}' is constant",
            where=pointer(state.formula, expr.span),
            found=f"{y[0]:g} in all {count(y.size, 'row')} used",
            fix="check the column and the rows that were selected",
        )
    return Response(name, y)
