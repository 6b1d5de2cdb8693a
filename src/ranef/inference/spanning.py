"""Rows that span what those of the data span, for questions about spaces of columns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np

from ranef.design.matrix import ModelColumns
from ranef.errors import DataError
from ranef.frame import Table
from ranef.inference.same_data import AnyRows

__all__ = ["spanning", "spanning_both"]


def spanning(data: AnyRows) -> AnyRows:
    """The data themselves, or, if their rows are elsewhere, rows that stand in for them.

    Matrices of rows that stand in have the same linear relations between their columns. Their
    grouping factors have no levels: ask for factors by name.
    """
    return data if data.elsewhere is None else _on(data, data.elsewhere.stand_in)


def spanning_both(small: AnyRows, large: AnyRows) -> tuple[AnyRows, AnyRows]:
    """The same for two models of the same data, on the same rows.

    Raises
    ------
    DataError
        Neither of two fits from sums knows all variables of both.
    """
    if small.elsewhere is None or large.elsewhere is None:
        return small, large
    for table in (large.elsewhere.stand_in, small.elsewhere.stand_in):
        if all(_reads(data) <= set(table.names) for data in (small, large)):
            return _on(small, table), _on(large, table)
    raise DataError(
        "the sums of these fits do not show whether one is nested in the other",
        found="variables that are in one of the models alone, in both of them",
        fix="fit both models to the moments of a formula with the terms of both",
    )


def _reads(data: AnyRows) -> set[str]:
    encoding = data.design.encoding
    return {*encoding.reads((), random=True, groups=False)}


def _on(data: AnyRows, table: Table) -> AnyRows:
    design = data.design
    terms = tuple(
        replace(term, columns=ModelColumns.of(z), codes=np.zeros(table.n_rows, dtype=np.int32))
        for term, (_, z) in zip(
            design.terms, design.encoding.random(table, groups=False), strict=True
        )
    )
    columns = ModelColumns.of(design.encoding.fixed(table))
    made: Any = replace(
        cast(Any, data), design=replace(design, columns=columns, terms=terms), table=table
    )
    return cast(AnyRows, made)
