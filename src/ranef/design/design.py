"""Formula and data to the arrays of the mixed model."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ranef.design.columns import check_columns
from ranef.design.contrasts import from_argument
from ranef.design.encoding import Encoding
from ranef.design.fixed_part import build_fixed
from ranef.design.generalised import GeneralisedResponse, code_response
from ranef.design.learn import learn_state
from ranef.design.matrix import Cells, ModelColumns
from ranef.design.plan import ColumnPlan, plan_columns
from ranef.design.random import build_random
from ranef.design.response import Response, build_response
from ranef.design.state import State
from ranef.design.suspicion import suspicious_factors
from ranef.design.terms import RandomTerm
from ranef.errors import DataError, OptionError
from ranef.family import Family
from ranef.formula.model import Formula
from ranef.frame.table import Table
from ranef.types import Array

__all__ = ["Design", "build"]


@dataclass(frozen=True)
class Design:
    """The arrays of y = offset + X beta + sum of Z_k b_k + e.

    Attributes
    ----------
    columns : ModelColumns
        Columns of X; they have full rank.
    x_names : tuple of str
        Its columns as formulaic names them.
    dropped : tuple of str
        Columns left out because earlier ones determine them.
    y : ndarray, shape (n,)
    response : str
        Name of the response, ``"log(y)"``.
    terms : tuple of RandomTerm
        Most levels first, in the order lme4 gives them.
    offset : ndarray or None, shape (n,)
    has_intercept : bool
        Whether the fixed part has an intercept.
    encoding : Encoding
    generalised : GeneralisedResponse or None
        The response of a generalised model, with its trials, weights and levels; y is its numbers.
    cells : Cells or None
        Which rows of X are equal, where few differ and somebody found out.
    """

    columns: ModelColumns = field(repr=False)
    x_names: tuple[str, ...]
    dropped: tuple[str, ...]
    y: Array = field(repr=False)
    response: str
    terms: tuple[RandomTerm, ...]
    offset: Array | None = field(repr=False)
    has_intercept: bool
    encoding: Encoding = field(repr=False)
    generalised: GeneralisedResponse | None = None
    cells: Cells | None = field(default=None, repr=False)

    @property
    def X(self) -> Array:
        """The fixed part's model matrix, shape (n, p), Fortran order, made anew."""
        return self.columns.matrix()

    @cached_property
    def plan(self) -> ColumnPlan:
        """The columns of X and Z as the core takes them."""
        return plan_columns(self.columns, self.x_names, self.terms)

    @cached_property
    def suspicious(self) -> tuple[tuple[int, ...], ...]:
        """Positions of the terms on each factor whose variances may not be identified."""
        return suspicious_factors(self.terms)

    @property
    def n(self) -> int:
        """Rows."""
        return int(self.y.shape[0])

    @property
    def p(self) -> int:
        """Columns of X."""
        return len(self.x_names)


def build(
    formula: Formula,
    table: Table,
    contrasts: Mapping[str, Any] | None = None,
    *,
    left_out: Table | None = None,
    elsewhere: Collection[str] = (),
    family: Family | None = None,
    weights: Array | None = None,
) -> Design:
    """Build the arrays of a mixed model.

    Parameters
    ----------
    formula : Formula
    table : Table
        Complete rows, already restricted to the rows of the model.
    contrasts : mapping of str to str or DataFrame, optional
        ``{"N": "sum"}``, or a matrix with the levels as index. Treatment contrasts on the first
        level for every other category, ordered or not.
    left_out : Table, optional
        The other rows of the data: ``within()`` and ``between()`` average over those of them that
        have the variable and the group.
    family : Family, optional
        That of a generalised model, for which the response is coded; a linear model without it.
    weights : ndarray, shape (n,), optional
        Weights of the rows of a generalised model; trials if the family is one of successes.

    Returns
    -------
    Design

    Raises
    ------
    UnknownColumnError
        The formula names a column that is not in the table.
    DataError
        A response that is not numeric, is constant or is not one of the family, an infinite or
        undefined value, no rows.
    DesignError
        One level, or a term that makes no columns.
    OptionError
        Contrasts that do not fit.

    Notes
    -----
    Truth values are numbers, 0 and 1, so their column carries the plain name. Levels that do not
    occur in the rows are left out. The contrasts of a category are those of R's ``model.matrix``
    (Chambers and Hastie 1992, Statistical Models in S, section 2.4) wherever each interaction
    comes with its main effects.

    Examples
    --------
    >>> import numpy as np
    >>> from ranef.formula import parse
    >>> from ranef.frame.table import Column, Table
    >>> columns = {
    ...     "y": Column("y", "number", np.array([1.0, 2.0, 4.0, 3.0])),
    ...     "x": Column("x", "number", np.array([0.0, 1.0, 0.0, 1.0])),
    ...     "g": Column("g", "factor", np.array([0, 0, 1, 1], dtype=np.int32), ("a", "b")),
    ... }
    >>> design = build(parse("y ~ x + (1 | g)"), Table(columns, 4))
    >>> design.x_names, design.terms[0].levels
    (('Intercept', 'x'), ('a', 'b'))
    """
    check_columns(formula, table.names)
    if table.n_rows == 0:
        raise DataError(
            "no rows are left to fit the model to",
            found="0 rows",
            fix="check for missing values in the variables of the model",
        )
    state = learn_state(formula, table, from_argument(contrasts, table), left_out)
    _check_contrasts_used(contrasts, state, elsewhere)
    response: Response | GeneralisedResponse
    if family is None:
        response = build_response(formula.response, table, state)
    else:
        response = code_response(formula.response, table, state, family, weights)
    terms, codings = build_random(formula, table, state)
    ordered = isinstance(family, Family) and "thresholds" in family.parts
    fixed = build_fixed(formula, table, state, codings, without_constant=ordered)
    return Design(
        columns=fixed.columns,
        x_names=fixed.names,
        dropped=fixed.dropped,
        y=response.y,
        response=response.name,
        terms=terms,
        offset=fixed.encoding.offset(table),
        has_intercept=formula.intercept and not ordered,
        encoding=fixed.encoding,
        generalised=response if isinstance(response, GeneralisedResponse) else None,
        cells=fixed.cells,
    )


def _check_contrasts_used(
    contrasts: Mapping[str, Any] | None, state: State, elsewhere: Collection[str]
) -> None:
    categories = {category.column for category in state.categories.values()}
    for name in contrasts or {}:
        if name not in categories and name not in elsewhere:
            raise OptionError(
                f"contrasts are given for '{name}', which is not a category of the model",
                found="categories " + (", ".join(sorted(categories)) or "none"),
                fix=f"write factor({name}) in the formula if its numbers are categories",
            )
