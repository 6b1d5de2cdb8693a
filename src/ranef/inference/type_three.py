"""Type III hypotheses, which do not depend on how categories are coded.

Where every combination of levels has data, they are about means over the combinations, each with
the same weight. They are found from all estimable functions (Goodnight 1978), as in ``lmerTest``:
the columns of all levels in the basis of X, orthogonal to those of terms that contain the term.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ranef.design import Design
from ranef.design.coding import code
from ranef.design.fixed import Contrast
from ranef.design.rank import dependent_columns
from ranef.design.state import State
from ranef.frame import Table
from ranef.types import Array

__all__ = ["type_three"]

SAME = 1e-9  # of a column's size: the same column
NOTHING = 1e-8  # in units of a coefficient: a row that asks nothing


def type_three(
    design: Design, table: Table, x: Array, above: Sequence[Sequence[int]], state: State
) -> tuple[tuple[Array, ...], tuple[str, ...]]:
    """Rows for each term, and the combinations of levels that have no data.

    Parameters
    ----------
    design : Design
    table : Table
    x : ndarray, shape (n, p)
        X as it was fitted.
    above : sequence of sequence of int
        The terms that contain each term.
    state : State
        Of the design; categories may be added that make the same columns.
    """
    encoding = design.encoding
    state = replace(
        state,
        categories={
            key: replace(category, contrast=Contrast())
            for key, category in state.categories.items()
        },
    )
    intercept, terms = encoding.intercept, encoding.terms
    coded = code(intercept, terms, table, state)
    dependent = dependent_columns(
        coded.columns, intercept=intercept, cells=coded.cells, ends=coded.ends
    )
    kept = np.flatnonzero(~dependent)
    treatment = coded.columns.take(tuple(kept.tolist())).matrix()
    owner = np.full(len(coded.names), -1)
    for k, columns in enumerate(coded.term_columns):
        owner[list(columns)] = k
    owner = owner[kept]
    full, of_term, empty = _all_levels(intercept, design, table, state)
    q, r = np.linalg.qr(treatment)
    estimable = np.linalg.solve(r, q.T @ full).T  # a row for each column of `full`
    for k in sorted(range(len(terms)), key=lambda k: -terms[k].degree):
        if above[k]:
            others, own = estimable[:, np.isin(owner, above[k])], owner == k
            estimable[:, own] -= others @ np.linalg.lstsq(others, estimable[:, own], rcond=None)[0]
    places = [_place(treatment[:, j], full, of_term == owner[j]) for j in range(kept.size)]
    change = np.linalg.solve(r, q.T @ x)  # coefficients of the treatment coding from those fitted
    rows = []
    for k in range(len(terms)):
        own = estimable[places][:, owner == k].T
        rows.append(own[np.abs(own).sum(axis=1) > NOTHING] @ change)
    return tuple(rows), empty


def _all_levels(
    intercept: bool, design: Design, table: Table, state: State
) -> tuple[Array, Array, tuple[str, ...]]:
    """A column for every combination of levels of each term, the term of each, and empty ones."""
    blocks = [np.ones((table.n_rows, 1))] if intercept else []
    of_term = [-1] if intercept else []
    empty: list[str] = []
    for k, term in enumerate(design.encoding.terms):
        made = code(False, (term,), table, state)
        block = made.columns.matrix()
        blocks.append(block)
        of_term += [k] * block.shape[1]
        empty += [
            name for name, column in zip(made.names, block.T, strict=True) if not column.any()
        ]
    return np.hstack(blocks), np.array(of_term), tuple(empty)


def _place(column: Array, full: Array, candidates: Array) -> int:
    """Where a column of X stands among those of all levels of its term."""
    places = np.flatnonzero(candidates)
    distance = np.abs(full[:, places] - column[:, None]).max(axis=0)
    best = int(np.argmin(distance))
    assert distance[best] <= SAME * max(1.0, float(np.abs(column).max()))
    return int(places[best])
