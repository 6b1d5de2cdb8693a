"""Rows to cross-products, and the scaling between columns and the inner ones, by the core."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import ranef._core as _core
from ranef._core import CrossProducts
from ranef._core import Scaling as CoreScaling
from ranef.core.arguments import core_terms
from ranef.core.protocol import Rows
from ranef.core.terms import TermBlock
from ranef.types import Array

__all__ = [
    "SIZE_LIMITS",
    "CoreScaling",
    "CrossProducts",
    "change_response",
    "column_scales",
    "cross_products",
    "from_cells",
    "scaling_of",
]

SIZE_LIMITS: tuple[float, float] = _core.SIZE_LIMITS
"""Between them a column's size can be squared, and squares of ratios of sizes be variances."""


def column_scales(
    columns: Sequence[Array], centred: Sequence[bool], threads: int = 1
) -> tuple[Array, Array]:
    """Shifts and scales that bring columns to unit size, each centred or not.

    Parameters
    ----------
    columns : sequence of ndarray, shape (n,)
    centred : sequence of bool
    threads : int
        They take a column each; the result does not depend on their number.

    Returns
    -------
    shifts, scales : ndarray, shape (k,)
        Means, 0 where not centred, and root mean squares about them.
    """
    made: tuple[Array, Array] = _core.column_scales(
        [np.ascontiguousarray(c, dtype=np.float64) for c in columns], list(centred), threads
    )
    return made


def scaling_of(rows: Rows, terms: Sequence[TermBlock], threads: int = 1) -> CoreScaling:
    """Sizes of the columns of a model and of its response.

    Parameters
    ----------
    rows : Rows
        As the data have them, without shifts and scales.
    terms : sequence of TermBlock
        They divide the columns of each grouping factor among them.
    threads : int
    """
    return _core.scaling_of(rows, core_terms(terms), threads)


def cross_products(rows: Rows, threads: int = 1) -> CrossProducts:
    """[Z X y]'W[Z X y] of shifted and scaled columns, in one pass over the rows.

    The result has the same bits whatever the number of threads.
    """
    return _core.cross_products(rows, threads)


def change_response(products: CrossProducts, rows: Rows, threads: int = 1) -> CrossProducts:
    """:func:`cross_products` of rows whose response alone has changed, in less time."""
    return _core.change_response(products, rows, threads)


def from_cells(products: CrossProducts, x: Array) -> CrossProducts:
    """Cross-products with X from those by its cells.

    Parameters
    ----------
    products : CrossProducts
        Without columns of X; the last grouping factor holds the cell of each row, with the
        intercept alone.
    x : ndarray, shape (cells, p)
        The row of X that the rows of each cell have.
    """
    return _core.from_cells(products, x)
