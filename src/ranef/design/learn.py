"""Training rows to :class:`~ranef.design.state.State`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ranef.design.coding import ends_of, report_not_finite
from ranef.design.contrasts import from_call
from ranef.design.cuts import cuts_of
from ranef.design.evaluate import (
    column_of,
    evaluate,
    evaluate_factor,
    refuse_names_of_groups,
)
from ranef.design.fixed import Contrast
from ranef.design.levels import learn_levels
from ranef.design.state import Category, State
from ranef.errors import DesignError
from ranef.formula.functions import CATEGORY, CENTRING, INDICATOR, TRANSFORMS
from ranef.formula.grouping import expand_group
from ranef.formula.literals import literal
from ranef.formula.model import Formula
from ranef.formula.nodes import Call, Expr, Name, Vector, children
from ranef.formula.position import pointer
from ranef.formula.render import to_text
from ranef.frame.factors import level_name
from ranef.frame.missing import append_rows
from ranef.frame.table import Table

__all__ = ["learn_categories", "learn_state"]


def learn_state(
    formula: Formula,
    table: Table,
    contrasts: Mapping[str, Contrast],
    left_out: Table | None = None,
) -> State:
    """Learn levels, group means and transformations of all expressions of a formula.

    Parameters
    ----------
    formula : Formula
    table : Table
        Complete rows.
    contrasts : mapping of str to Contrast
        By column; treatment contrasts for all others.
    left_out : Table, optional
        The rows of the data that are not complete: group means are over these too.

    Raises
    ------
    DataError, DesignError
    """
    kinds = {name: table[name].kind for name in formula.variables()}
    labels = {name: label for name in kinds if (label := table[name].label)}
    categories = learn_categories(formula, table, contrasts)
    state = State(formula.text, kinds, categories, labels=labels)
    for expr in (formula.response, *formula.offsets, *_factors(formula)):
        state = _learn(expr, table, state, left_out)
    return state


def _factors(formula: Formula) -> list[Expr]:
    models = [formula.fixed, *(bar.model.terms for bar in formula.bars)]
    return [factor for terms in models for term in terms for factor in term.factors]


def learn_categories(
    formula: Formula, table: Table, contrasts: Mapping[str, Contrast]
) -> dict[str, Category]:
    """Levels and contrasts of the categories of a formula, by the texts of their factors.

    Raises
    ------
    DataError, DesignError
    """
    categories: dict[str, Category] = {}
    for factor in _factors(formula):
        key = to_text(factor)
        if key in categories:
            continue
        if isinstance(factor, Name) and _is_category(factor.name, table):
            refuse_names_of_groups(factor, table[factor.name], formula.text)
            levels, _ = learn_levels(table[factor.name], table.threads)
            contrast = contrasts.get(factor.name, Contrast())
            categories[key] = Category(factor.name, levels, contrast)
        elif isinstance(factor, Call) and factor.function in CATEGORY:
            column = factor.args[0]
            assert isinstance(column, Name)
            if factor.function == "cut":
                cuts = cuts_of(
                    factor, column_of(column, table, State(formula.text, {})), formula.text
                )
                categories[key] = Category(
                    column.name, cuts.levels, contrasts.get(column.name, Contrast()), cuts
                )
                continue
            levels, _ = learn_levels(table[column.name], table.threads)
            levels, contrast = from_call(factor, levels, formula.text)
            if len(factor.args) == 1 or factor.function == "relevel":
                contrast = contrasts.get(column.name, contrast)
            categories[key] = Category(column.name, levels, contrast)
        else:
            continue
        if len(categories[key].levels) < 2:
            raise DesignError(
                f"the category '{key}' has one level",
                where=pointer(formula.text, factor.span),
                found=f"only '{categories[key].levels.names[0]}' in the rows used",
                fix=f"leave '{key}' out of the formula",
            )
    return categories


def _is_category(name: str, table: Table) -> bool:
    """Whether a column is one; a table of sums has the columns of its keys alone."""
    return name in table and table[name].kind == "factor"


def _learn(expr: Expr, table: Table, state: State, left_out: Table | None) -> State:
    """Learn an expression's calls from the inside out."""
    if isinstance(expr, Call) and expr.function in CATEGORY:
        return state
    if isinstance(expr, Call) and expr.function == INDICATOR:
        _check_level(expr, table, state)
        return state
    if isinstance(expr, Call) and expr.function in CENTRING:
        state = _learn(expr.args[0], table, state, left_out)
        return _learn_means(expr, table, state, left_out)
    for child in _operands(expr):
        state = _learn(child, table, state, left_out)
    if isinstance(expr, Call) and expr.function in TRANSFORMS:
        key = to_text(expr)
        if key not in state.transforms:
            memory: dict[str, Any] = {}
            state = replace(state, transforms={**state.transforms, key: memory})
            evaluate_factor(expr, table, state)
    return state


def _check_level(call: Call, table: Table, state: State) -> None:
    """Refuse ``dummy(f, 'level')`` of a level that the rows do not hold."""
    name = call.args[0]
    assert isinstance(name, Name)
    value = [*call.args[1:], *(value for _, value in call.keywords)][0]
    levels, _ = learn_levels(table[name.name], table.threads)
    if isinstance(value, Vector) or level_name(literal(value)) not in levels.names:
        raise DesignError(
            f"{to_text(call)} does not name a level of '{name.name}'",
            where=pointer(state.formula, call.span),
            found="levels " + ", ".join(levels.names),
            fix=f"write dummy({name.name}, '{levels.names[0]}'), one dummy() for each level",
        )


def _operands(expr: Expr) -> Iterable[Expr]:
    if isinstance(expr, Call) and expr.function in TRANSFORMS:
        return expr.args[:1]
    return children(expr)


def _learn_means(call: Call, table: Table, state: State, left_out: Table | None) -> State:
    key = to_text(call)
    other = "between" if call.function == "within" else "within"
    twin = to_text(replace(call, function=other))
    if key in state.means:
        return state
    known = state.means.get(twin)
    if known is None:
        from ranef.design.means import learn_means

        columns = expand_group(call.args[1], state.formula)[0].factors
        values = evaluate(call.args[0], table, state)
        if left_out is not None:
            more = evaluate(call.args[0], left_out, state)
            found = ends_of(more, None, left_out)
            report_not_finite(more, found, call.args[0], left_out, state, "rows left out")
            values = np.concatenate([values, more])
            table = append_rows(table, left_out, columns)
        known = learn_means(values, columns, table)
    return replace(state, means={**state.means, key: known})
