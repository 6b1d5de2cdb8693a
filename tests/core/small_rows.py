"""A few rows, and models of them, for calls of the core by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from ranef._core import CrossProducts, Rows, RowsGroup, Term, Workspace, cross_products, scaling_of

N = 24
X = np.ascontiguousarray(np.linspace(-1.0, 1.0, N))
Y = np.ascontiguousarray(np.sin(7.0 * X))
A = np.ascontiguousarray(np.arange(N) % 4, dtype=np.int32)
B = np.ascontiguousarray(np.arange(N) % 3, dtype=np.int32)


def model(*groups: tuple[Any, int, tuple[Any, ...]], y: Any = Y, **others: Any) -> Rows:
    """Rows of factors, each of codes, levels and columns, and of an X of intercept and slope."""
    factors = [RowsGroup(codes=c, n_levels=k, columns=columns) for c, k, columns in groups]
    return Rows(groups=factors, **({"x": (None, X)} | others), y=y)


def terms(*places: tuple[int, int, int]) -> list[Term]:
    return [Term(group=group, offset=offset, q=q) for group, offset, q in places]


def solved(rows: Rows, places: list[Term]) -> Any:
    scaling = scaling_of(rows, places, 1)
    kernel = Workspace(cross_products(rows.scaled(scaling), 1), True, 0.0, [], None, 1)
    return scaling, kernel.solve(scaling, None, 500, 1e-11, 3, True, 1)


def products(*factors: tuple[Any, int], threads: int = 1) -> CrossProducts:
    return cross_products(model(*((codes, levels, (None,)) for codes, levels in factors)), threads)
