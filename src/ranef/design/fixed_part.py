"""The columns of one formula of fixed effects, and how they are made from other rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ranef.design.aliased import learn_aliases
from ranef.design.coding import code
from ranef.design.contrasts import from_argument
from ranef.design.encoding import Encoding
from ranef.design.learn import learn_state
from ranef.design.matrix import Cells, ModelColumns
from ranef.design.random import TermCoding
from ranef.design.rank import dependent_columns
from ranef.design.state import State
from ranef.formula.model import Formula
from ranef.frame.table import Table

__all__ = ["FixedPart", "build_fixed", "build_part", "kept_columns"]


@dataclass(frozen=True)
class FixedPart:
    """The columns of a formula's fixed part.

    Attributes
    ----------
    columns : ModelColumns
        They have full rank.
    names : tuple of str
        As formulaic names them.
    dropped : tuple of str
        Columns left out because earlier ones determine them.
    encoding : Encoding
    cells : Cells or None
        Which rows are equal, where few differ and somebody found out.
    """

    columns: ModelColumns = field(repr=False)
    names: tuple[str, ...]
    dropped: tuple[str, ...]
    encoding: Encoding = field(repr=False)
    cells: Cells | None = field(default=None, repr=False)


def build_fixed(
    formula: Formula,
    table: Table,
    state: State,
    codings: tuple[TermCoding, ...] = (),
    without_constant: bool = False,
) -> FixedPart:
    """The columns of a formula's fixed part.

    Parameters
    ----------
    formula : Formula
    table : Table
        Complete rows.
    state : State
        What the formula has learned from them.
    codings : tuple of TermCoding
        Of the random part, which the encoding replays too.
    without_constant : bool
        Leave out the constant column that the formula has: cut points of ordered answers are in its
        place. Categories are coded as beside it.
    """
    coded = code(formula.intercept, formula.fixed, table, state)
    dependent = dependent_columns(
        coded.columns, intercept=formula.intercept, cells=coded.cells, ends=coded.ends
    )
    absorbed = int(without_constant and formula.intercept)  # the constant comes first
    kept = tuple(np.flatnonzero(~dependent)[absorbed:].tolist())
    names = tuple(coded.names[j] for j in kept)
    encoding = Encoding(
        variables=formula.predictors(),
        fixed_names=names,
        fixed_terms=kept_columns(formula, coded.term_columns, kept),
        state=state,
        intercept=formula.intercept,
        terms=formula.fixed,
        kept=kept,
        random_codings=codings,
        offsets=formula.offsets,
        aliases=learn_aliases(
            coded.columns, coded.names, dependent, formula.intercept, coded.cells
        ),
    )
    return FixedPart(
        columns=coded.columns.take(kept),
        names=names,
        dropped=tuple(coded.names[j] for j in np.flatnonzero(dependent)),
        encoding=encoding,
        cells=None if coded.cells is None else coded.cells.take(kept),
    )


def build_part(
    formula: Formula,
    table: Table,
    contrasts: Mapping[str, Any] | None = None,
    left_out: Table | None = None,
) -> FixedPart:
    """The columns of another part of a model, such as its dispersion.

    Parameters
    ----------
    formula : Formula
        Of :func:`~ranef.formula.parse_part`.
    table : Table
        Complete rows.
    contrasts : mapping of str to str or DataFrame, optional
        Those of the model; a category that is not in this part is not asked for here.
    left_out : Table, optional
        The other rows of the data, for ``within()`` and ``between()``.

    Raises
    ------
    DataError, DesignError, OptionError
    """
    own = {name: value for name, value in (contrasts or {}).items() if name in formula.variables()}
    state = learn_state(formula, table, from_argument(own, table), left_out)
    return build_fixed(formula, table, state)


def kept_columns(
    formula: Formula, term_columns: Sequence[Sequence[int]], kept: Sequence[int]
) -> dict[str, tuple[int, ...]]:
    """The columns of X, by position among those that are kept, of each term."""
    position = {column: i for i, column in enumerate(kept)}
    return {
        term.name: tuple(position[j] for j in columns if j in position)
        for term, columns in zip(formula.fixed, term_columns, strict=True)
    }
