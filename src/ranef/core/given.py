"""Cross-products and scalings from given numbers, not from rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import ranef._core as _core
from ranef.core.arguments import core_terms
from ranef.core.sums import CoreScaling, CrossProducts
from ranef.core.terms import TermBlock
from ranef.types import Array

__all__ = [
    "ColumnsScaling",
    "GroupSums",
    "PairSums",
    "allowed_scaling",
    "cross_products_from",
    "scaling_from",
]


class GroupSums(NamedTuple):
    """Of one grouping factor.

    ``random`` (levels, q, q), Z'WZ; ``fixed`` (levels, q, p + 1), Z'W[X y].
    """

    random: Array
    fixed: Array


class PairSums(NamedTuple):
    """Z_1'W Z_2 of two grouping factors where they meet.

    ``first``, ``second``: positions of the factors, the first the smaller; ``starts`` (levels of
    the first + 1,): where the meetings of each of its levels begin; ``levels``: of the second,
    ascending within each; ``values`` (meetings, q of the first, q of the second).
    """

    first: int
    second: int
    starts: NDArray[np.int64]
    levels: NDArray[np.int32]
    values: Array


class ColumnsScaling(NamedTuple):
    """Shifts and scales of the columns of one matrix, and the position of its intercept or -1."""

    shifts: Array
    scales: Array
    intercept: int = -1


def cross_products_from(
    n: int,
    fixed: Array,
    groups: Sequence[GroupSums],
    pairs: Sequence[PairSums],
    sum_log_weights: float = 0.0,
) -> CrossProducts:
    """Cross-products of sums.

    Parameters
    ----------
    n : int
        Rows.
    fixed : ndarray, shape (p + 1, p + 1)
        [X y]'W[X y].
    groups : sequence of GroupSums
    pairs : sequence of PairSums
        All pairs, in lexicographic order.
    sum_log_weights : float

    Raises
    ------
    ValueError
        Sizes that do not belong together, or numbers that are not finite.
    """
    state = (
        n,
        fixed.shape[0] - 1,
        float(sum_log_weights),
        np.asfortranarray(fixed),
        [
            (
                g.random.shape[0],
                g.random.shape[1],
                np.ascontiguousarray(g.random).ravel(),
                np.ascontiguousarray(g.fixed.transpose(0, 2, 1)).ravel(),
            )
            for g in groups
        ],
        [
            (
                pair.first,
                pair.second,
                pair.starts.astype(np.int64).tobytes(),
                pair.levels.astype(np.int32).tobytes(),
                np.ascontiguousarray(pair.values.transpose(0, 2, 1)).ravel(),
            )
            for pair in pairs
        ],
    )
    made = CrossProducts.__new__(CrossProducts)
    made.__setstate__(state)
    return made


def allowed_scaling(term: TermBlock, own: ColumnsScaling) -> ColumnsScaling:
    """The shifts and scales of a term that the structure of its covariance allows.

    Parameters
    ----------
    term : TermBlock
    own : ColumnsScaling
        Of its columns.
    """
    (core_term,) = core_terms([term])
    shifts, scales, intercept = _core.allowed_scaling(
        core_term, np.asarray(own.shifts).tolist(), np.asarray(own.scales).tolist(), own.intercept
    )
    return ColumnsScaling(np.array(shifts), np.array(scales), intercept)


def scaling_from(
    x: ColumnsScaling,
    y: tuple[float, float],
    terms: Sequence[TermBlock],
    z: Sequence[ColumnsScaling],
) -> CoreScaling:
    """A scaling of known shifts and scales.

    Parameters
    ----------
    x : ColumnsScaling
    y : tuple of float
        Shift and scale of the response.
    terms : sequence of TermBlock
    z : sequence of ColumnsScaling
        By term.
    """

    def part(own: ColumnsScaling) -> tuple[list[float], list[float], int]:
        return np.asarray(own.shifts).tolist(), np.asarray(own.scales).tolist(), own.intercept

    blocks = [(t.group, t.offset, t.q, t.structure, t.rank, list(t.positions)) for t in terms]
    made = CoreScaling.__new__(CoreScaling)
    made.__setstate__((part(x), *map(float, y), blocks, [part(own) for own in z], np.zeros((0, 0))))
    return made
