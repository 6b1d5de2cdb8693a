"""Derivatives of the model matrix along a variable.

A term is a product of factors: its derivative is a sum over its factors, each in turn replaced by
its own derivative. Arithmetic is differentiated by rules. A basis (``poly``, ``bs``, ``cr``) is a
polynomial in pieces: differences of fourth order that stay within a piece are exact for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ranef.design.coding import code
from ranef.design.evaluate import evaluate
from ranef.design.fixed import column_values, transform, with_columns
from ranef.design.state import State
from ranef.errors import OptionError
from ranef.formula.functions import CATEGORY, CENTRING, TRANSFORMS
from ranef.formula.literals import literal
from ranef.formula.nodes import Binary, Call, Expr, Name, Negative, Sum
from ranef.formula.position import pointer
from ranef.formula.render import to_text
from ranef.formula.terms import Term
from ranef.frame.table import Table
from ranef.types import INTERCEPT, Array

__all__ = ["design_slopes", "expression_slope"]

_LN2, _LN10 = float(np.log(2.0)), float(np.log(10.0))

_RULES: dict[str, Callable[[Array], Array]] = {
    "I": np.ones_like,
    "abs": np.sign,
    "ceiling": np.zeros_like,
    "cos": lambda v: -np.sin(v),
    "exp": np.exp,
    "exp2": lambda v: _LN2 * np.exp2(v),
    "expm1": np.exp,
    "floor": np.zeros_like,
    "log": lambda v: 1.0 / v,
    "log10": lambda v: 1.0 / (_LN10 * v),
    "log1p": lambda v: 1.0 / (1.0 + v),
    "log2": lambda v: 1.0 / (_LN2 * v),
    "round": np.zeros_like,
    "sign": np.zeros_like,
    "sin": np.cos,
    "sqrt": lambda v: 0.5 / np.sqrt(v),
    "tan": lambda v: 1.0 / np.cos(v) ** 2,
}
"""Derivatives of the functions of a formula; of those with jumps, between the jumps."""

_STEP = 1e-3
"""Of a difference, in standard deviations of the argument over the rows of the fit."""

# Differences of fourth order: nodes and weights in units of a step.
_STENCILS = (
    ((-2, -1, 1, 2), (1 / 12, -8 / 12, 8 / 12, -1 / 12)),
    ((0, 1, 2, 3, 4), (-25 / 12, 4.0, -3.0, 4 / 3, -1 / 4)),
    ((-4, -3, -2, -1, 0), (1 / 4, -4 / 3, 3.0, -4.0, 25 / 12)),
)


def design_slopes(
    intercept: bool,
    terms: Sequence[Term],
    table: Table,
    state: State,
    name: str,
    training: Table,
) -> Array:
    """dX/dx, shape (n, columns).

    Raises
    ------
    OptionError
        The variable is a category in a term, or moves in a way that has no derivative.
    """
    whole = code(intercept, terms, table, state)
    out = np.zeros((table.n_rows, len(whole.columns)))
    names = [INTERCEPT] if intercept else []
    assert whole.names[: len(names)] == tuple(names)
    factors = {to_text(factor): factor for term in terms for factor in term.factors}
    for key, factor in factors.items():
        if not _depends(factor, name):
            continue
        if key in state.categories:
            raise OptionError(
                f"'{name}' is a category in the model, and a category has no slope",
                where=pointer(state.formula, factor.span),
                found=f"levels {', '.join(state.categories[key].levels.names[:6])}",
                fix=f"compare its levels: comparisons('{name}') or emmeans('{name}').pairs()"
                if state.categories[key].cuts is None
                else f"compare values of it: emmeans('{name}', at={{'{name}': [...]}}).pairs()",
            )
        moved = _factor_slope(factor, table, state, name, training)
        made = code(intercept, terms, table, state, {key: moved}).columns
        for term, own in zip(terms, whole.term_columns, strict=True):
            if any(to_text(f) == key for f in term.factors):
                out[:, list(own)] += made.take(own).matrix()
    return out


def expression_slope(expr: Expr, table: Table, state: State, name: str, training: Table) -> Array:
    """The derivative of an expression along a variable, shape (n,)."""
    if not _depends(expr, name):
        return np.zeros(table.n_rows)
    with np.errstate(all="ignore"):
        return np.asarray(_slope(expr, table, state, name, training), dtype=np.float64)


def _depends(expr: Expr, name: str) -> bool:
    """Whether an expression moves with a variable while group means stay."""
    match expr:
        case Name():
            return expr.name == name
        case Negative():
            return _depends(expr.operand, name)
        case Sum():
            return any(_depends(item, name) for _, item in expr.items)
        case Binary():
            return _depends(expr.left, name) or _depends(expr.right, name)
        case Call(function="between"):
            return False
        case Call() if expr.function in CENTRING | TRANSFORMS | CATEGORY:
            return _depends(expr.args[0], name)
        case Call():
            return any(_depends(arg, name) for arg in expr.args)
    return False


def _factor_slope(factor: Expr, table: Table, state: State, name: str, training: Table) -> Any:
    if isinstance(factor, Call) and factor.function in TRANSFORMS:
        inner = expression_slope(factor.args[0], table, state, name, training)
        made, columns = _basis_slope(factor, table, state, training)
        return with_columns(made, columns * inner[:, None])
    return expression_slope(factor, table, state, name, training)


def _slope(expr: Expr, table: Table, state: State, name: str, training: Table) -> Any:
    if not _depends(expr, name):
        return np.zeros(table.n_rows)

    def of(part: Expr) -> Any:
        return _slope(part, table, state, name, training)

    def value(part: Expr) -> Array:
        return evaluate(part, table, state)

    match expr:
        case Name():
            return np.ones(table.n_rows)
        case Negative():
            return -of(expr.operand)
        case Sum():
            return sum(sign * of(item) for sign, item in expr.items)
        case Binary():
            return _binary(expr, of, value)
        case Call(function="I", args=(Call() as inner,)) if inner.function in TRANSFORMS:
            return of(inner)
        case Call() if expr.function in CENTRING:
            return of(expr.args[0])
        case Call() if expr.function in TRANSFORMS:
            _, columns = _basis_slope(expr, table, state, training)
            return columns[:, 0] * of(expr.args[0])
        case Call():
            return _RULES[expr.function](value(expr.args[0])) * of(expr.args[0])
    raise AssertionError(f"{to_text(expr)} has no derivative")


def _binary(expr: Binary, of: Callable[[Expr], Any], value: Callable[[Expr], Array]) -> Any:
    left, right = expr.left, expr.right
    if expr.operator == "*":
        return of(left) * value(right) + value(left) * of(right)
    if expr.operator == "/":
        return (of(left) - value(left) / value(right) * of(right)) / value(right)
    if expr.operator == "^":
        base, power = value(left), value(right)
        own = np.where(power == 0.0, 0.0, power * base ** (power - 1.0)) * of(left)
        moved = of(right)
        return own + np.where(moved == 0.0, 0.0, np.log(base) * base**power * moved)
    return np.zeros(value(left).shape)  # a comparison is constant but for its jump


def _basis_slope(call: Call, table: Table, state: State, training: Table) -> tuple[Any, Array]:
    """Derivatives of a transformation by its argument: the values, and an array (n, columns).

    Of the differences to the left, to the right and across, that one is taken in each row which
    changes least when its step is halved: no knot lies within it.
    """
    values = evaluate(call.args[0], table, state)
    spread = float(np.std(evaluate(call.args[0], training, state)))
    half = 0.5 * _STEP * (spread or 1.0)
    n, nodes = values.size, np.arange(-8, 9)
    stacked = (values[None, :] + half * nodes[:, None]).ravel()
    made = transform(
        call.function,
        stacked,
        [literal(arg) for arg in call.args[1:]],
        {key: literal(value) for key, value in call.keywords},
        state.transforms[to_text(call)],
        pointer(state.formula, call.span),
    )
    columns = column_values(made).reshape(nodes.size, n, -1)
    columns = columns - columns[8]  # a constant has no slope, to the last digit
    best = np.zeros(columns.shape[1:])
    smallest = np.full(n, np.inf)
    for places, weights in _STENCILS:
        wide, narrow = (
            sum(w * columns[8 + size * k] for k, w in zip(places, weights, strict=True))
            / (size * half)
            for size in (2, 1)
        )
        change = np.abs(wide - narrow).max(axis=1)
        better = change < smallest
        best[better], smallest[better] = wide[better], change[better]
    return made, best
