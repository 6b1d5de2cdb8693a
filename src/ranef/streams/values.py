"""The values of the summed columns in the rows of a batch, checked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ranef.design.evaluate import evaluate, refuse_names_of_groups
from ranef.design.state import State
from ranef.errors import DataError
from ranef.formula.nodes import Expr, Name, walk
from ranef.formula.position import pointer
from ranef.formula.render import to_text
from ranef.frame import Table, take_rows
from ranef.frame.missing import missing_in
from ranef.sums.plan import Plan
from ranef.types import Array

__all__ = ["complete", "inner_values", "state_of", "values_of", "weights_of"]


def complete(table: Table, names: Sequence[str]) -> tuple[Table, dict[str, int]]:
    """The complete rows of a batch, of which there may be none, and missing values by column."""
    counts: dict[str, int] = {}
    left_out = np.zeros(table.n_rows, dtype=np.bool_)
    for name in names:
        own = missing_in(table[name])
        if own.any():
            counts[name] = int(own.sum())
            left_out |= own
    return (take_rows(table, ~left_out) if counts else table), counts


def values_of(plan: Plan, table: Table) -> list[Array]:
    """The columns of single factors in the rows of a table; ones in place of products.

    Raises
    ------
    DataError
        Values that are infinite or not defined.
    """
    state, ones = state_of(plan), np.ones(table.n_rows)
    return [
        _evaluated(column.factors[0], table, state, plan) if len(column.factors) == 1 else ones
        for column in plan.columns
    ]


def inner_values(plan: Plan, values: list[Array], shifts: Array, scales: Array) -> list[Array]:
    """What is summed: the single columns about their shifts, and the products of these."""
    single = [(v - c) / s for v, c, s in zip(values, shifts, scales, strict=True)]
    out = []
    for k, value in enumerate(values):
        made = None
        for j in plan.singles(k):
            made = single[j] if made is None else made * single[j]
        out.append(value if made is None else made)
    return out


def _evaluated(expr: Expr, table: Table, state: State, plan: Plan) -> Array:
    for node in walk(expr):
        if isinstance(node, Name):
            refuse_names_of_groups(node, table[node.name], plan.formula.text)
    values = evaluate(expr, table, state)
    if not np.isfinite(values).all():
        bad = np.flatnonzero(~np.isfinite(values))
        span = getattr(expr, "span", (0, 0))
        raise DataError(
            f"'{to_text(expr)}' is infinite or not defined in {bad.size} row{'s' * (bad.size > 1)}",
            where=pointer(plan.formula.text, span) if span[1] else plan.formula.text,
            found=f"{values[bad[0]]} among the rows of a batch",
            fix="correct these values, or make them missing so that their rows are left out",
        )
    return values


def state_of(plan: Plan) -> State:
    """What expressions without learned parts are evaluated with."""
    return State(plan.formula.text, dict(plan.kinds))


def weights_of(plan: Plan, table: Table) -> Array | None:
    """The weights.

    Raises
    ------
    DataError
        They are not positive and finite.
    """
    name = plan.weights
    if name is None:
        return None
    weights = np.asarray(table[name].values, dtype=np.float64)
    if not bool(np.all(np.isfinite(weights) & (weights > 0.0))):
        bad = weights[~(np.isfinite(weights) & (weights > 0.0))]
        raise DataError(
            "weights must be positive and finite",
            where=f"column '{name}'",
            found=f"{bad.size} that are not among the rows of a batch, the first is {bad[0]:g}",
            fix="leave such rows out of the data",
        )
    return weights
