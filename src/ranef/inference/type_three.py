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
from ranef.design.coding import all_levels, code
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
    terms = encoding.terms
    treatment, owner = _treatment(design, table, x, state)
    full, of_term, empty = _all_levels(design, table, state)
    q, r = np.linalg.qr(treatment)
    estimable = np.linalg.solve(r, q.T @ full).T  # a row for each column of `full`
    for k in sorted(range(len(terms)), key=lambda k: -terms[k].degree):
        if above[k]:
            others, own = estimable[:, np.isin(owner, above[k])], owner == k
            estimable[:, own] -= others @ np.linalg.lstsq(others, estimable[:, own], rcond=None)[0]
    places = [_place(treatment[:, j], full, of_term == owner[j]) for j in range(owner.size)]
    change = np.linalg.solve(r, q.T @ x)  # coefficients of the treatment coding from those fitted
    rows = []
    for k in range(len(terms)):
        own = estimable[places][:, owner == k].T
        rows.append(own[np.abs(own).sum(axis=1) > NOTHING] @ change)
    return tuple(rows), empty


def _treatment(design: Design, table: Table, x: Array, state: State) -> tuple[Array, Array]:
    """X with treatment contrasts, without dependent columns, and the term of each column."""
    encoding = design.encoding
    owner = np.full(x.shape[1], -1)
    plain = Contrast()
    if all(category.contrast == plain for category in state.categories.values()):
        for k, columns in enumerate(encoding.fixed_terms.values()):
            owner[list(columns)] = k
        return x, owner
    state = replace(
        state,
        categories={
            key: replace(category, contrast=plain) for key, category in state.categories.items()
        },
    )
    coded = code(encoding.intercept, encoding.terms, table, state)
    dependent = dependent_columns(
        coded.columns, intercept=encoding.intercept, cells=coded.cells, ends=coded.ends
    )
    kept = np.flatnonzero(~dependent)
    owner = np.full(len(coded.names), -1)
    for k, columns in enumerate(coded.term_columns):
        owner[list(columns)] = k
    return coded.columns.take(tuple(kept.tolist())).matrix(), owner[kept]


def _all_levels(design: Design, table: Table, state: State) -> tuple[Array, Array, tuple[str, ...]]:
    """A column for every combination of levels of each term, the term of each, and empty ones."""
    encoding = design.encoding
    blocks = [np.ones((table.n_rows, 1))] if encoding.intercept else []
    of_term = [-1] if encoding.intercept else []
    empty: list[str] = []
    for k, term in enumerate(encoding.terms):
        block = all_levels(term, table, state)
        blocks.append(block)
        of_term += [k] * block.shape[1]
        without_data = ~block.any(axis=0)
        if without_data.any():
            names = code(False, (term,), table, state).names
            empty += [names[j] for j in np.flatnonzero(without_data)]
    return np.hstack(blocks), np.array(of_term), tuple(empty)


def _place(column: Array, full: Array, candidates: Array) -> int:
    """Where a column of X stands among those of all levels of its term."""
    places = np.flatnonzero(candidates)
    distance = np.abs(full[:, places] - column[:, None]).max(axis=0)
    best = int(np.argmin(distance))
    assert distance[best] <= SAME * max(1.0, float(np.abs(column).max()))
    return int(places[best])
