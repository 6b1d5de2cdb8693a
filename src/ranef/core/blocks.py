"""The cross-products of the random effects as NumPy arrays, level by level."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ranef.core.sums import CrossProducts
from ranef.types import Array

__all__ = ["FactorBlocks", "PairBlocks", "factor_blocks", "pair_blocks", "response_blocks"]


class FactorBlocks(NamedTuple):
    """What the rows of each level of a grouping factor add up to.

    Attributes
    ----------
    random : ndarray, shape (levels, q, q)
        Z_j'W Z_j.
    fixed : ndarray, shape (levels, q, p)
        Z_j'W X.
    """

    random: Array
    fixed: Array


class PairBlocks(NamedTuple):
    """Z_1'W Z_2 of two grouping factors, where they meet.

    Attributes
    ----------
    first, second : ndarray of int, shape (meetings,)
        Levels of the two factors that have rows in common.
    values : ndarray, shape (meetings, q of the first, q of the second)
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    values: Array


def factor_blocks(products: CrossProducts) -> list[FactorBlocks]:
    """By grouping factor, in the inner columns that the cross-products are of."""
    out = []
    for levels, q, random, fixed in products.__getstate__()[4]:
        z = np.asarray(random).reshape(levels, q, q)  # symmetric: either order of storage
        x = np.asarray(fixed).reshape(levels, products.p + 1, q).transpose(0, 2, 1)
        out.append(FactorBlocks(z, np.ascontiguousarray(x[:, :, : products.p])))
    return out


def response_blocks(products: CrossProducts) -> list[Array]:
    """Z_j'W [X y] of each level by grouping factor, (levels, q, p + 1) each."""
    out = []
    for levels, q, _, fixed in products.__getstate__()[4]:
        x = np.asarray(fixed).reshape(levels, products.p + 1, q).transpose(0, 2, 1)
        out.append(np.ascontiguousarray(x))
    return out


def pair_blocks(products: CrossProducts) -> Mapping[tuple[int, int], PairBlocks]:
    """By the positions of two grouping factors, the first of them the smaller."""
    widths = [q for _, q in products.sizes]
    out = {}
    for first, second, starts, level, values in products.__getstate__()[5]:
        start = np.frombuffer(starts, dtype=np.int64)
        rows = np.repeat(np.arange(start.size - 1, dtype=np.int64), np.diff(start))
        columns = np.frombuffer(level, dtype=np.int32).astype(np.int64)
        blocks = np.asarray(values).reshape(columns.size, widths[second], widths[first])
        out[first, second] = PairBlocks(rows, columns, blocks.transpose(0, 2, 1))
    return out
