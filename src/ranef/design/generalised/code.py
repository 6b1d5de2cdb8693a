"""The left side of a formula, coded for a family: one line for each kind of response."""

from __future__ import annotations

from collections.abc import Callable

from ranef.design.generalised import amounts
from ranef.design.generalised.binary import code_binary
from ranef.design.generalised.ordered import code_ordered
from ranef.design.generalised.record import GeneralisedResponse
from ranef.design.generalised.sides import Side
from ranef.design.state import State
from ranef.family import Family
from ranef.family.base import Response
from ranef.formula.nodes import Expr
from ranef.frame.table import Table
from ranef.types import Array

__all__ = ["CODERS", "code_response"]

CODERS: dict[Response, Callable[[Side], GeneralisedResponse]] = {
    "binary": code_binary,
    "count": amounts.code_count,
    "positive count": amounts.code_positive_count,
    "real": amounts.code_real,
    "positive": amounts.code_positive,
    "not negative": amounts.code_not_negative,
    "proportion": amounts.code_proportion,
    "ordered": code_ordered,
}
"""By what a family says of its response."""


def code_response(
    expr: Expr,
    table: Table,
    state: State,
    family: Family,
    weights: Array | None = None,
) -> GeneralisedResponse:
    """Code the response of a generalised model.

    Parameters
    ----------
    expr : Expr
        The left side of the formula.
    table : Table
        Complete rows.
    state : State
        What the rows have taught, for the functions of the formula.
    family : Family
    weights : ndarray, shape (n,), optional
        Positive numbers; of trials if the family is one of successes.

    Returns
    -------
    GeneralisedResponse

    Raises
    ------
    DataError
        The response is not one of the family, is infinite or undefined, or leaves nothing to
        estimate. It names the first row and its value.
    OptionError
        The weights are not numbers of trials.

    Examples
    --------
    >>> from ranef.family import parse_family
    >>> from ranef.formula import parse
    >>> from ranef.frame import read_table
    >>> table = read_table({"hits": [1, 4, 2], "misses": [3, 0, 2]})
    >>> expr = parse("cbind(hits, misses) ~ 1 + (1 | g)").response
    >>> kinds = {"hits": "number", "misses": "number"}
    >>> made = code_response(expr, table, State("", kinds), parse_family("binomial"))
    >>> made.y, made.weights
    (array([0.25, 1.  , 0.5 ]), array([4., 4., 4.]))
    """
    return CODERS[family.RESPONSE](Side(expr, table, state, family, weights))
