"""A formula over the sums of moments: its categories, group means and matrices in any cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ranef.design.contrasts import from_argument
from ranef.design.grouping import learn_grouping
from ranef.design.learn import learn_categories
from ranef.design.means import GroupMeans
from ranef.design.state import State
from ranef.errors import DataError
from ranef.formula import Bar, Formula
from ranef.formula.functions import CENTRING
from ranef.formula.grouping import expand_group
from ranef.formula.nodes import Call
from ranef.formula.render import to_text
from ranef.sums.cells import Cells
from ranef.sums.forms import Form, Forms, forms_of, response_form
from ranef.sums.held import Held
from ranef.sums.plan import Centred, Plan, make_plan
from ranef.sums.products import Product

__all__ = ["NotHeldError", "SummedModel"]


class NotHeldError(DataError):
    """The moments do not hold what a formula needs; other sums of the same rows may."""


class SummedModel:
    """A formula whose columns some moments hold.

    Parameters
    ----------
    moments : Moments
    formula : Formula
    contrasts : mapping, optional

    Raises
    ------
    DataError
        The moments do not hold what the formula needs.
    """

    def __init__(
        self, moments: Held, formula: Formula, contrasts: Mapping[str, Any] | None = None
    ) -> None:
        self.moments = moments
        self.formula = formula
        plan = moments.plan
        _check_read(plan, formula)
        wanted = make_plan(formula, plan.kinds, plan.weights, plan.offset)
        _check_held(moments, wanted)
        self.places = {factor: plan.factors.index(factor) for factor in wanted.factors}
        self.of_factor = {
            factor: Cells(moments.cells[k], plan.cell_keys(k), moments.orders)
            for factor, k in self.places.items()
        }
        keys = plan.cell_keys(0) if plan.factors else plan.keys
        self.first = next(iter(self.of_factor.values()), None) or Cells(
            moments.cells[0], keys, moments.orders
        )
        self.state = self._learn(contrasts)
        self._x: dict[Cells, Forms] = {}

    @property
    def response(self) -> Form:
        """The response less its offsets."""
        moments = self.moments
        return response_form(moments.plan, moments.shifts, moments.scales)

    def x(self, cells: Cells) -> Forms:
        """X in some cells, made once."""
        if cells not in self._x:
            self._x[cells] = self._forms(self.formula.intercept, self.formula.fixed, cells)
        return self._x[cells]

    def z(self, bar: Bar, cells: Cells) -> Forms:
        """Z of a random part in some cells."""
        return self._forms(bar.model.intercept, bar.model.terms, cells)

    def pair(self, a: tuple[str, ...], b: tuple[str, ...]) -> Cells:
        """The cells where levels of two factors meet."""
        plan, places = self.moments.plan, sorted((self.places[a], self.places[b]))
        k = plan.pairs.index((places[0], places[1]))
        return Cells(self.moments.pairs[k], plan.cell_keys(*places), self.moments.orders)

    def _forms(self, intercept: bool, terms: Any, cells: Cells) -> Forms:
        moments = self.moments
        return forms_of(
            intercept, terms, cells, self.state, moments.plan, moments.shifts, moments.scales
        )

    def _learn(self, contrasts: Mapping[str, Any] | None) -> State:
        formula, table = self.formula, self.first.table
        kinds = {name: self.moments.plan.kinds[name] for name in formula.variables()}
        categories = learn_categories(formula, table, from_argument(contrasts, table))
        return State(formula.text, kinds, categories, self._means())

    def _means(self) -> dict[str, GroupMeans]:
        """The group means that the formula uses, by the texts of their calls."""
        found: dict[str, GroupMeans] = {}
        terms = [*self.formula.fixed, *(t for bar in self.formula.bars for t in bar.model.terms)]
        for factor in (factor for term in terms for factor in term.factors):
            if isinstance(factor, Call) and factor.function in CENTRING:
                found[to_text(factor)] = self._mean(factor)
        return found

    def _mean(self, call: Call) -> GroupMeans:
        plan, moments = self.moments.plan, self.moments
        groups = tuple(expand_group(call.args[1], self.formula.text)[0].factors)
        asked = Centred(call.args[0], groups)
        place = plan.position(Product((call.args[0],)))
        assert place is not None
        held = [own.text for own in plan.means]
        if asked.text in held:
            cells = Cells(moments.means[held.index(asked.text)], groups, moments.orders)
            sums = np.asarray(cells.sums.column("s").to_numpy(zero_copy_only=False))
        else:  # no row was left out, so that the sums of the factor are those of all rows
            k = _factor_of(plan, asked)
            assert k is not None
            cells = Cells(moments.cells[k], plan.cell_keys(k), moments.orders)
            sums = cells.sum(0, place)
        grouping, codes = learn_grouping(groups, cells.table)
        total, count = (np.bincount(codes, v, len(grouping)) for v in (sums, cells.counts))
        means = moments.shifts[place] + moments.scales[place] * total / count
        return GroupMeans(grouping, means)


def _check_read(held: Plan, formula: Formula) -> None:
    """Refuse columns that were not read when the moments were made.

    Raises
    ------
    DataError
    """
    lacking = [name for name in formula.variables() if name not in held.kinds]
    if lacking:
        raise _not_held(held, formula, [f"the column {name}" for name in lacking])


def _factor_of(plan: Plan, asked: Centred) -> int | None:
    """The grouping factor whose levels are the groups of a mean."""
    found = [k for k, own in enumerate(plan.factors) if {*own} == {*asked.groups}]
    return found[0] if found else None


def _check_held(moments: Held, wanted: Plan) -> None:
    """Refuse a formula that needs what the moments do not hold.

    Raises
    ------
    DataError
    """
    held = moments.plan
    columns = {column.text for column in held.columns[:-1]}
    lacking = [f"sums of {c.text}" for c in wanted.columns[:-1] if c.text not in columns]
    divided = [
        {*held.cell_keys(held.factors.index(factor))}
        for factor in wanted.factors
        if factor in held.factors
    ] or [{*held.keys}]
    lacking += [
        f"the category {name}"
        for name in wanted.keys
        if name not in held.keys and not all(name in keys for keys in divided)
    ]
    lacking += [
        f"the grouping factor {':'.join(factor)}"
        for factor in wanted.factors
        if factor not in held.factors
    ]
    means = {own.text for own in held.means}
    complete = held.weights is None and not len(moments.missing)
    lacking += [
        f"group means of {own.text}"
        for own in wanted.means
        if own.text not in means and not (complete and _factor_of(held, own) is not None)
    ]
    if to_text(wanted.response) != to_text(held.response):
        lacking.append(f"the response {to_text(wanted.response)}")
    for factor, own in zip(wanted.factors, wanted.random, strict=True):
        if factor not in held.factors or lacking:
            continue
        there = {held.columns[k].text for k in held.random[held.factors.index(factor)]}
        if len(held.factors) > 1:
            lacking += [
                f"random slopes of {wanted.columns[k].text} by {':'.join(factor)}"
                for k in own
                if wanted.columns[k].text not in there
            ]
    if lacking:
        raise _not_held(held, wanted.formula, lacking)


def _not_held(held: Plan, formula: Formula, lacking: list[str]) -> NotHeldError:
    return NotHeldError(
        "the moments do not hold what the formula needs",
        where=formula.text,
        found=f"moments of {held.formula.text}; not among them: {', '.join(lacking)}",
        fix="make the moments with a formula that has these terms too: rn.moments(formula, data)",
    )
