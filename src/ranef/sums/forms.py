"""Columns of a model matrix as linear forms of the columns that were summed, cell by cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ranef.design.coding import Coded, code
from ranef.design.state import State
from ranef.formula.render import to_text
from ranef.formula.terms import Term
from ranef.sums.cells import Cells
from ranef.sums.expansion import expanded
from ranef.sums.plan import Plan
from ranef.sums.products import Product, numbers_of, parts_of
from ranef.sums.scaled import moved_and_scaled
from ranef.types import Array

__all__ = ["Form", "Forms", "combined", "cross", "forms_of", "is_one", "largest", "response_form"]

Coefficient = Array | float


@dataclass(frozen=True, slots=True)
class Form:
    """sum of coefficient * u over some of the columns u that were summed; u_0 is 1.

    Attributes
    ----------
    coefficients : mapping of int to float or ndarray, shape (cells,)
    """

    coefficients: Mapping[int, Coefficient] = field(default_factory=dict)

    def plus(self, more: Mapping[int, Coefficient]) -> Form:
        """The sum with another form."""
        made = dict(self.coefficients)
        for k, value in more.items():
            made[k] = made[k] + value if k in made else value
        return Form(made)

    def scaled(self, shift: float, scale: float) -> Form:
        """(form - shift) / scale."""
        moved = self.plus({0: -shift}) if shift != 0.0 else self
        return Form({k: value / scale for k, value in moved.coefficients.items()})


@dataclass(frozen=True, slots=True)
class Forms:
    """A model matrix on some cells.

    Attributes
    ----------
    columns : tuple of Form
    coded : Coded
        With 1 in place of every number: names, and the columns of each term.
    """

    columns: tuple[Form, ...]
    coded: Coded


def forms_of(
    intercept: bool,
    terms: Sequence[Term],
    cells: Cells,
    state: State,
    plan: Plan,
    shifts: Array,
    scales: Array,
) -> Forms:
    """The columns of a model matrix in the cells of a table of sums.

    Parameters
    ----------
    intercept : bool
    terms : sequence of Term
    cells : Cells
    state : State
        Levels, contrasts and group means.
    plan : Plan
        Of the moments.
    shifts, scales : ndarray, shape (c,)
        A product is shift + scale * u.
    """
    ones = np.ones(cells.n_rows)
    instead: dict[str, Any] = {}
    for term in terms:
        instead |= {to_text(factor): ones for factor in numbers_of(term, plan.kinds)}
    coded = code(intercept, terms, cells.table, state, instead)
    made: list[Form] = [Form()] * len(coded.names)
    if intercept:
        made[0] = Form({0: 1.0})
    for term, own in zip(terms, coded.term_columns, strict=True):
        numbers = _form_of_numbers(term, cells, state, plan, shifts, scales)
        for j in own:
            column = coded.columns.columns[j]
            if column is None or bool(np.all(column == 1.0)):
                made[j] = Form(numbers)
            else:
                made[j] = Form({k: value * column for k, value in numbers.items()})
    return Forms(tuple(made), coded)


def response_form(plan: Plan, shifts: Array, scales: Array) -> Form:
    """The response less its offsets: the last column that was summed."""
    last = len(plan.columns) - 1
    return Form({last: float(scales[last]), 0: float(shifts[last])})


def cross(a: Form, b: Form, cells: Cells) -> Coefficient:
    """Sums of the products of two forms in each cell."""
    total: Coefficient = 0.0
    for i, left in a.coefficients.items():
        for j, right in b.coefficients.items():
            total = total + (left * right) * cells.sum(i, j)
    return total


def combined(forms: Sequence[Form], weights: Sequence[float]) -> Form:
    """The sum of weight * form."""
    made: dict[int, Coefficient] = {}
    for form, weight in zip(forms, weights, strict=True):
        if weight != 0.0:
            for k, value in form.coefficients.items():
                made[k] = made[k] + weight * value if k in made else weight * value
    return Form(made)


def is_one(form: Form) -> bool:
    """Whether a form is the constant 1."""
    return set(form.coefficients) == {0} and bool(np.all(np.asarray(form.coefficients[0]) == 1.0))


def largest(form: Form, cells: Cells) -> float:
    """What the sum of squares of a form would be if none of its parts cancelled."""
    lengths = [abs(value) * np.sqrt(cells.sum(k, k)) for k, value in form.coefficients.items()]
    return float(np.sum(sum(lengths, np.zeros(cells.n_rows)) ** 2))


def _form_of_numbers(
    term: Term, cells: Cells, state: State, plan: Plan, shifts: Array, scales: Array
) -> dict[int, Coefficient]:
    """The product of the numbers of a term."""
    form: dict[int, Coefficient] = {}
    for part in parts_of(numbers_of(term, plan.kinds)):
        factor: Coefficient = -1.0 if part.less % 2 else 1.0
        for text in part.means:
            factor = factor * state.means[text].of_rows(cells.table, None)[0]
        singles = []
        for x, call in zip(part.product.factors, part.calls, strict=True):
            place = plan.position(Product((x,)))
            assert place is not None, f"{to_text(x)} was not summed"
            sizes = float(shifts[place]), float(scales[place])
            known = state.transforms.get(call)
            singles.append((place, *(moved_and_scaled(known, *sizes) if known else sizes)))
        moved = {k: factor * value for k, value in expanded(plan, singles).items()}
        for k, value in moved.items():
            form[k] = form[k] + value if k in form else value
    return form
