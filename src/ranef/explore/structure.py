"""What level each variable lives on, how large the groups are and how they relate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.answers import refuse_unknown_options
from ranef.errors import DataError
from ranef.explore.components import anova_components
from ranef.explore.structure_findings import find
from ranef.explore.structure_record import StructureRecord
from ranef.explore.structure_text import structure_html, structure_text
from ranef.frame.grouping import (
    as_names,
    columns_of_groups,
    group_sizes,
    grouping,
    is_constant_within,
    relate,
)
from ranef.frame.missing import missing_in
from ranef.frame.open import OpenFrame, collect, open_frame
from ranef.frame.read import read_open_frame
from ranef.frame.table import Column

if TYPE_CHECKING:
    pass

__all__ = ["Structure", "structure"]


class Structure(StructureRecord):
    """The levels of a data set, before any model.

    Attributes
    ----------
    variables : pandas.DataFrame
        One row a variable: ``variable``, ``kind`` (number or factor), ``level`` (the highest
        grouping at which it is constant, ``"row"`` where it varies within all of them,
        ``"constant"`` where it has one value), ``within_var``, ``between_var`` and ``icc`` for
        the first grouping factor, ``n_missing``, ``n_unique``.
    components : pandas.DataFrame
        The same three for every variable and grouping factor: ``variable``, ``group``,
        ``within_var``, ``between_var``, ``icc``.
    groups : pandas.DataFrame
        One row a grouping factor: ``group``, ``n_groups``, ``min_size``, ``median_size``,
        ``mean_size``, ``max_size`` (rows), ``singletons`` (groups of one row).
    relations : pandas.DataFrame
        One row a pair of grouping factors: ``a``, ``b``, ``relation`` (``"nested"``: a in b;
        ``"fully crossed"``, ``"partially crossed"``, ``"one-to-one"``), ``cells`` (combinations
        that occur), ``possible``.
    findings : tuple of Finding
    n_rows : int
    """

    __slots__ = ()

    def __str__(self) -> str:
        return structure_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return structure_html(self)


@refuse_unknown_options("rn.structure")
def structure(
    data: Any, groups: str | Sequence[str], variables: str | Sequence[str] | None = None
) -> Structure:
    r"""Describe the levels of a data set.

    The variance components are those of the one-way analysis of variance with k groups of sizes
    n_j and N rows in all: ``within_var`` is the mean square within groups, MSW;
    ``between_var = (MSB - MSW) / n0`` with ``n0 = (N - sum(n_j^2) / N) / (k - 1)``; and
    ``icc = between_var / (between_var + within_var)``. They are unbiased and not truncated: with
    no variation between groups beyond chance, ``between_var`` and ``icc`` may be a little below
    zero. Rows where the variable or the group is missing are left out. Factors have none.

    Parameters
    ----------
    data : pandas, Polars (eager or lazy), PyArrow, DuckDB relation, or mapping of columns
    groups : str or list of str
        Grouping columns; ``"batch:cask"`` is the combination of two.
    variables : str or list of str, optional
        What to describe; by default every other column. Columns whose values have no order
        (lists, structs) are then left out, with a finding.

    Returns
    -------
    Structure

    Raises
    ------
    DataError
        `data` is not a data frame or is empty, or a column cannot be used.
    UnknownColumnError
        A name is not a column.

    References
    ----------
    Searle, S. R., Casella, G. and McCulloch, C. E. (1992) Variance Components, Wiley, section 3.6.

    Examples
    --------
    >>> import pandas as pd
    >>> d = pd.DataFrame({"g": ["a", "a", "b", "b"], "x": [1.0, 2.0, 5.0, 6.0], "z": [0, 0, 1, 1]})
    >>> structure(d, "g").variables[["variable", "level", "icc"]]
      variable level       icc
    0        x   row  0.939394
    1        z     g  1.000000
    """
    import pandas as pd

    names = as_names(groups, "groups")
    frame = open_frame(data)
    of_groups = columns_of_groups(frame, names)
    if variables is None:
        frame = collect(frame)
    else:
        needed = tuple(dict.fromkeys((*of_groups, *as_names(variables, "variables"))))
        frame.require(needed)
        frame = collect(frame, needed)
    sources = read_open_frame(frame, of_groups)
    factors = tuple(grouping(sources, name) for name in names)
    columns, unreadable = _read_variables(frame, sources.names, variables)

    parts = [(c, f, anova_components(c, f)) for c in columns for f in factors]
    described = pd.DataFrame(
        [
            {
                "variable": column.name,
                "kind": column.kind,
                "level": _level(column, factors),
                **anova_components(column, factors[0])._asdict(),
                "n_missing": int(missing_in(column).sum()),
                "n_unique": _n_unique(column),
            }
            for column in columns
        ],
        columns=[*_VARIABLE, *_COMPONENTS, *_COUNTS],
    )
    components = pd.DataFrame(
        [{"variable": c.name, "group": f.name, **values._asdict()} for c, f, values in parts],
        columns=["variable", "group", *_COMPONENTS],
    )
    pairs = [relate(a, b) for i, a in enumerate(factors) for b in factors[i + 1 :]]
    relations = pd.DataFrame(
        [(pair.a, pair.b, pair.kind, pair.cells, pair.possible) for pair in pairs],
        columns=["a", "b", "relation", "cells", "possible"],
    )
    return Structure(
        described,
        components,
        pd.DataFrame([_sizes(factor) for factor in factors]),
        relations,
        find(columns, factors, sources, unreadable),
        sources.n_rows,
    )


_VARIABLE = ("variable", "kind", "level")
_COMPONENTS = ("within_var", "between_var", "icc")
_COUNTS = ("n_missing", "n_unique")


def _read_variables(
    frame: OpenFrame, groups: tuple[str, ...], variables: str | Sequence[str] | None
) -> tuple[list[Column], dict[str, str]]:
    """The columns to describe, and why others cannot be."""
    if variables is not None:
        table = read_open_frame(frame, as_names(variables, "variables"))
        return list(table.columns.values()), {}
    columns: list[Column] = []
    unreadable: dict[str, str] = {}
    for name in dict.fromkeys(frame.names):
        if name in groups:
            continue
        try:
            columns.append(read_open_frame(frame, (name,))[name])
        except DataError as error:
            unreadable[name] = error.found
    return columns, unreadable


def _n_unique(column: Column) -> int:
    return int(np.unique(column.values[~missing_in(column)]).size)


def _level(column: Column, factors: Sequence[Column]) -> str:
    if _n_unique(column) <= 1:
        return "constant"
    coarse_first = sorted(factors, key=lambda factor: _n_unique(factor))
    for factor in coarse_first:
        if is_constant_within(column, factor.values, len(factor.levels)).all():
            return factor.name
    return "row"


def _sizes(factor: Column) -> dict[str, Any]:
    sizes = group_sizes(factor.values, len(factor.levels))
    sizes = sizes[sizes > 0]
    none = sizes.size == 0
    return {
        "group": factor.name,
        "n_groups": int(sizes.size),
        "min_size": 0 if none else int(sizes.min()),
        "median_size": np.nan if none else float(np.median(sizes)),
        "mean_size": np.nan if none else float(sizes.mean()),
        "max_size": 0 if none else int(sizes.max()),
        "singletons": int(np.count_nonzero(sizes == 1)),
    }
