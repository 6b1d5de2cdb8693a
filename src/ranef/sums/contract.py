"""From moments to what a model needs of its rows: cross-products, their scaling, the design."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ranef.core import CoreScaling, CrossProducts, TermBlock
from ranef.core.given import (
    ColumnsScaling,
    PairSums,
    allowed_scaling,
    cross_products_from,
    scaling_from,
)
from ranef.design import Design
from ranef.design.encoding import Encoding
from ranef.design.fixed_part import kept_columns
from ranef.design.matrix import ModelColumns
from ranef.design.random import TermCoding, random_terms
from ranef.errors import DataError
from ranef.formula import Bar, Formula
from ranef.formula.nodes import Name
from ranef.formula.render import to_text
from ranef.frame import Table
from ranef.sums.cells import Cells
from ranef.sums.fixed import FixedSums, fixed_sums, gram
from ranef.sums.forms import Form, Forms, combined
from ranef.sums.held import Held
from ranef.sums.identified import check_identified
from ranef.sums.model import SummedModel
from ranef.sums.random import RandomSums, group_sums, pair_sums, z_scaling
from ranef.sums.stand_in import stand_in

__all__ = ["Contracted", "contract"]


@dataclass(frozen=True, eq=False)
class Contracted:
    """What a model needs of its rows.

    Attributes
    ----------
    design : Design
        Its columns hold coefficients of cells in place of rows.
    products : CrossProducts
        Of the inner columns.
    scaling : CoreScaling
    stand_in : Table
        See :func:`~ranef.sums.stand_in.stand_in`.
    """

    design: Design
    products: CrossProducts = field(repr=False)
    scaling: CoreScaling = field(repr=False)
    stand_in: Table = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Term:
    """A random-effects term: its columns among those of its random part, and their scaling."""

    bar: Bar
    columns: tuple[int, ...]
    scaling: ColumnsScaling

    def on(self, model: SummedModel, cells: Cells) -> list[Form]:
        """Its inner columns in some cells."""
        made = model.z(self.bar, cells).columns
        return _scaled([made[j] for j in self.columns], self.scaling)


def contract(
    moments: Held, formula: Formula, contrasts: Mapping[str, Any] | None = None
) -> Contracted:
    """The cross-products of a model whose columns the moments hold.

    Parameters
    ----------
    moments : Moments
    formula : Formula
        That of the moments, or one with some of its columns, factors and categories.
    contrasts : mapping, optional
        As in ``rn.lmm``.

    Raises
    ------
    DataError
        The moments do not hold what the formula needs.
    DesignError
        The data do not identify the model.
    """
    model = SummedModel(moments, formula, contrasts)
    x = model.x(model.first)
    fixed = fixed_sums(x.columns, x.coded.names, model.response, model.first, formula.intercept)
    if fixed.response[1] == 0.0:
        raise DataError(
            f"the response '{to_text(formula.response)}' is constant",
            found=f"{fixed.response[0]:g} in all {moments.n:,} rows",
            fix="check the column and the rows that were selected",
        )
    rows = RandomSums(model.of_factor, model.z)
    design, codings = _design(model, x, fixed, rows)
    blocks = design.plan.blocks
    terms = [
        _term(model, formula.bars[c.bar], c, rows, block)
        for c, block in zip(codings, blocks, strict=True)
    ]
    groups = _members(blocks)

    def inner_x(cells: Cells) -> list[Form]:
        made = model.x(cells).columns
        inner = _scaled([made[j] for j in fixed.kept], fixed.scaling)
        if fixed.change is not None:
            inner = [combined(inner, column) for column in fixed.change.T.tolist()]
        return [*inner, model.response.scaled(*fixed.response)]

    sums = []
    for members in groups:
        factor = terms[members[0]].bar.factors
        grouping, codes = rows.grouping(factor)
        cells = model.of_factor[factor]
        z = [form for k in members for form in terms[k].on(model, cells)]
        sums.append(group_sums(z, inner_x(cells), cells, codes, len(grouping)))
        check_identified(design, members, z, cells, codes)
    own = inner_x(model.first)
    products = cross_products_from(
        moments.n,
        gram(own, own, model.first),
        sums,
        _pairs(model, rows, terms, groups),
        moments.sum_log_weights,
    )
    scaling = scaling_from(fixed.scaling, fixed.response, blocks, [t.scaling for t in terms])
    if fixed.change is not None:
        scaling = scaling.with_orthogonal(fixed.change)
    rows_instead = stand_in(moments, design.encoding, model.first)
    return Contracted(design, products, scaling, rows_instead)


def _design(
    model: SummedModel, x: Forms, fixed: FixedSums, rows: RandomSums
) -> tuple[Design, tuple[TermCoding, ...]]:
    formula, coded = model.formula, x.coded
    terms, codings = random_terms(formula, model.state, rows)
    names = tuple(coded.names[j] for j in fixed.kept)
    encoding = Encoding(
        variables=formula.predictors(),
        fixed_names=names,
        fixed_terms=kept_columns(formula, coded.term_columns, fixed.kept),
        state=model.state,
        intercept=formula.intercept,
        terms=formula.fixed,
        kept=fixed.kept,
        random_codings=codings,
        offsets=formula.offsets,
        aliases=fixed.aliases,
    )
    response = formula.response
    design = Design(
        columns=ModelColumns(
            tuple(coded.columns.columns[j] for j in fixed.kept), model.first.n_rows
        ),
        x_names=names,
        dropped=tuple(n for j, n in enumerate(coded.names) if j not in fixed.kept),
        y=np.zeros(model.first.n_rows),
        response=response.name if isinstance(response, Name) else to_text(response),
        terms=terms,
        offset=None,
        has_intercept=formula.intercept,
        encoding=encoding,
    )
    return design, codings


def _term(
    model: SummedModel, bar: Bar, coding: TermCoding, rows: RandomSums, block: TermBlock
) -> _Term:
    made = rows.forms(bar).columns
    scaling = z_scaling([made[j] for j in coding.columns], model.of_factor[bar.factors])
    return _Term(bar, coding.columns, allowed_scaling(block, scaling))


def _members(blocks: tuple[TermBlock, ...]) -> list[list[int]]:
    """The terms of each grouping factor, by position."""
    groups: dict[int, list[int]] = {}
    for k, block in enumerate(blocks):
        groups.setdefault(block.group, []).append(k)
    return [groups[g] for g in sorted(groups)]


def _pairs(
    model: SummedModel, rows: RandomSums, terms: list[_Term], groups: list[list[int]]
) -> list[PairSums]:
    made = []
    for g in range(len(groups)):
        for h in range(g + 1, len(groups)):
            one, other = (terms[groups[k][0]].bar.factors for k in (g, h))
            cells = model.pair(one, other)
            left, right = (
                [form for k in groups[at] for form in terms[k].on(model, cells)] for at in (g, h)
            )
            first, second = (rows.grouping(factor)[0] for factor in (one, other))
            made.append(
                pair_sums(
                    (g, left, first.encode(cells.table), len(first)),
                    (h, right, second.encode(cells.table)),
                    cells,
                )
            )
    return made


def _scaled(forms: list[Form], scaling: ColumnsScaling) -> list[Form]:
    return [
        form.scaled(float(shift), float(scale))
        for form, shift, scale in zip(forms, scaling.shifts, scaling.scales, strict=True)
    ]
