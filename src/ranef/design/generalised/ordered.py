"""Ordered answers: categories in their order, as codes."""

from __future__ import annotations

import numpy as np

from ranef.design.generalised.record import GeneralisedResponse
from ranef.design.generalised.sides import Side, listed, not_whole
from ranef.formula.nodes import Call
from ranef.formula.render import to_source
from ranef.frame.factors import number_names
from ranef.frame.table import Column
from ranef.page.phrases import count, one_of_them
from ranef.types import Array, Finding

__all__ = ["code_ordered"]


def code_ordered(side: Side) -> GeneralisedResponse:
    """Codes 1 to K of the categories that occur."""
    column = side.column
    if isinstance(side.expr, Call) and side.expr.function == "cbind":
        raise side.error(
            "cbind() is a response of successes and failures, not of cumulative",
            side.name,
            'use family="binomial", or one column of ordered answers as response',
        )
    if column is not None and column.holds_truth:
        raise side.error(
            f"the response '{side.name}' is true or false, and has no order",
            column.source_type,
            'use family="binomial"',
        )
    if column is not None and column.kind == "factor":
        levels, y, notes = _of_categories(side, column)
    else:
        levels, y, notes = _of_numbers(side)
    if len(levels) < 2:
        raise side.error(
            f"the response '{side.name}' has one category",
            f"'{levels[0]}' in all {count(y.size, 'row')} used",
            "check the column and the rows that were selected",
        )
    return GeneralisedResponse(side.name, y + 1.0, side.weights, levels, notes)


def _of_categories(
    side: Side, column: Column
) -> tuple[tuple[str, ...], Array, tuple[Finding, ...]]:
    if column.names_groups_only:
        raise side.error(
            f"the response '{side.name}' holds {column.holds}, not answers",
            column.source_type,
            'give a column of ordered categories; family="gaussian" is for measurements',
        )
    levels, y = side.used(column)
    notes = [] if column.ordered else [_order(side, column, levels)]
    empty = tuple(level for level in column.levels if level not in levels)
    if empty:
        notes.append(_empty(side, empty))
    return levels, y, tuple(notes)


def _of_numbers(side: Side) -> tuple[tuple[str, ...], Array, tuple[Finding, ...]]:
    values = side.numbers()
    text = to_source(side.expr)
    side.refuse_rows(
        not_whole(values),
        values,
        f"the response '{side.name}' is not a whole number, and ordered answers are",
        f'number the answers, as in I(2 * {text}) for steps of one half; family="gaussian" is for '
        "measurements",
    )
    numbers, codes = np.unique(np.rint(values), return_inverse=True)
    between = np.setdiff1d(np.arange(numbers[0], min(numbers[-1], numbers[0] + 100.0)), numbers)
    notes = (_empty(side, number_names(between)),) if between.size else ()
    return number_names(numbers), codes.astype(np.float64), notes


def _order(side: Side, column: Column, levels: tuple[str, ...]) -> Finding:
    alphabetical = list(column.levels) == sorted(column.levels)
    return Finding(
        code="answer-order",
        severity="note",
        message=f"the answers of '{side.name}' are taken to rise in this order: "
        + (" < ".join(levels) if len(levels) <= 10 else listed(levels, 10)),
        evidence="alphabetical order" if alphabetical else "the order of its categories",
        where=side.name,
        fix="make the column an ordered category if that is not their order, as in "
        f"pd.Categorical(data[{side.name!r}], categories=[...], ordered=True)",
    )


def _empty(side: Side, empty: tuple[str, ...]) -> Finding:
    k = len(empty)
    return Finding(
        code="empty-answer",
        severity="note",
        message=f"the {one_of_them(k, 'answer', 'answers')} {listed(empty)} of '{side.name}' "
        f"{one_of_them(k, 'does', 'do')} not occur and {one_of_them(k, 'has', 'have')} no "
        "threshold",
        evidence=f"0 of {count(side.table.n_rows, 'row')}",
        where=side.name,
        fix="nothing: the probability of an answer that nobody gave is not estimated",
    )
