"""Which columns an expression reads when it is evaluated on new rows."""

from __future__ import annotations

from collections.abc import Container, Iterator

from ranef.design.means import mean_column
from ranef.formula.functions import CATEGORY, CENTRING
from ranef.formula.grouping import expand_group
from ranef.formula.nodes import Call, Expr, Name, children

__all__ = ["reads"]


def reads(expr: Expr, available: Container[str]) -> Iterator[str]:
    """Columns that must be there, and optional ones that are there.

    ``within(x, g)`` needs x, and g to look up the mean of x in each row's group. If the data have a
    column ``between(x, g)``, that column serves for groups that are not known, and g may be absent.

    Parameters
    ----------
    expr : Expr
    available : container of str
        Columns of the new data.
    """
    if isinstance(expr, Name):
        yield expr.name
    elif isinstance(expr, Call) and expr.function in CENTRING:
        if expr.function == "within":
            yield from reads(expr.args[0], available)
        groups = expand_group(expr.args[1], "")[0].factors
        given = mean_column(expr)
        if given not in available:
            yield from groups
        else:
            yield given
            yield from (name for name in groups if name in available)
    elif isinstance(expr, Call) and expr.function in CATEGORY:
        yield from reads(expr.args[0], available)
    else:
        for child in children(expr):
            yield from reads(child, available)
