"""From moments to what a model needs of its rows: cross-products, their scaling, the design."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

from ranef.core import CoreScaling, CrossProducts
from ranef.core.given import (
    PairSums,
    cross_products_from,
    scaling_from,
)
from ranef.design import Design
from ranef.design.encoding import Encoding
from ranef.design.fixed_part import kept_columns
from ranef.design.matrix import ModelColumns
from ranef.design.random import TermCoding, random_terms
from ranef.errors import DataError
from ranef.formula import Formula
from ranef.formula.nodes import Name
from ranef.formula.render import to_text
from ranef.frame import Table
from ranef.sums.fixed import FixedSums, fixed_sums, gram
from ranef.sums.forms import Forms
from ranef.sums.held import Held
from ranef.sums.identified import check_identified
from ranef.sums.inner import InnerColumns, inner_columns
from ranef.sums.model import SummedModel
from ranef.sums.random import RandomSums, group_sums, pair_sums
from ranef.sums.stand_in import stand_in
from ranef.types import Array

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
    frequencies : ndarray
        How many rows of the data each row of `stand_in` stands for. Numbers do not count.
    columns : InnerColumns
        Of the model, in any cells.
    """

    design: Design
    products: CrossProducts = field(repr=False)
    scaling: CoreScaling = field(repr=False)
    stand_in: Table = field(repr=False)
    frequencies: Array = field(repr=False)
    columns: InnerColumns = field(repr=False)


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
    columns = inner_columns(model, rows, fixed, design.plan.blocks, codings)
    sums = []
    for g, members in enumerate(columns.groups):
        at = columns.of_group(g)
        z, x_and_y = columns.z(g, at.cells), columns.x_and_y(at.cells)
        sums.append(group_sums(z, x_and_y, at.cells, at.codes, at.n_levels))
        check_identified(design, members, z, at.cells, at.codes)
    own = columns.x_and_y(model.first)
    products = cross_products_from(
        moments.n,
        gram(own, own, model.first),
        sums,
        _pairs(columns),
        moments.sum_log_weights,
    )
    scaling = scaling_from(
        fixed.scaling, fixed.response, design.plan.blocks, [t.scaling for t in columns.terms]
    )
    if fixed.change is not None:
        scaling = scaling.with_orthogonal(fixed.change)
    rows_instead, frequencies = stand_in(moments, design.encoding, model.first)
    return Contracted(design, products, scaling, rows_instead, frequencies, columns)


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


def _pairs(columns: InnerColumns) -> list[PairSums]:
    made = []
    for g, h in combinations(range(len(columns.groups)), 2):
        cells, first, second = columns.meeting(g, h)
        made.append(
            pair_sums(
                (g, columns.z(g, cells), first, columns.of_group(g).n_levels),
                (h, columns.z(h, cells), second),
                cells,
            )
        )
    return made
