"""The levels of nested factors by the levels of the outermost one: V is block-diagonal by these.

The random-effects columns that a level of the outermost factor has rows of form a block. Levels
with the same number of levels of every factor have blocks of one layout, which are worked on
together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ranef.types import Array, Codes

__all__ = ["Bucket", "NestedBlocks"]

Whole = NDArray[np.int64]
Pair = tuple[Whole, Whole, Array]
"""Levels of two factors that have rows in common, and the block of each pair."""


class Bucket(NamedTuple):
    """Some levels of the outermost factor, whose blocks have one layout of m columns.

    ``members`` (b,): these levels; ``counts``: how many levels of each factor a block has; by
    factor ``levels``: those in these blocks, ``block`` (levels,): in which, ``columns``
    (levels, q): at which columns.
    """

    members: Whole
    counts: Whole
    levels: Sequence[Whole]
    block: Sequence[Whole]
    columns: Sequence[Whole]
    m: int

    def stack(self, values: Sequence[Array]) -> Array:
        """Values (levels, q, c) of each factor as (b, m, c)."""
        out = np.zeros((self.members.size, self.m, values[0].shape[2]))
        for here, block, at, own in zip(self.levels, self.block, self.columns, values, strict=True):
            out[block[:, None], at] = own[here]
        return out

    def gram(self, squares: Sequence[Array], pairs: Mapping[tuple[int, int], Pair]) -> Array:
        """Z'WZ of each block, (b, m, m), from those of levels (levels, q, q) and of pairs."""
        out = np.zeros((self.members.size, self.m, self.m))
        where = []
        for f, own in enumerate(squares):
            here, block, at = self.levels[f], self.block[f], self.columns[f]
            out[block[:, None, None], at[:, :, None], at[:, None, :]] = own[here]
            place = np.full(own.shape[0], -1)
            place[here] = np.arange(here.size)
            where.append(place)
        for (f, g), (first, second, values) in pairs.items():
            some = np.flatnonzero(where[f][first] >= 0)
            one, other = where[f][first[some]], where[g][second[some]]
            block = self.block[f][one][:, None, None]
            i, j = self.columns[f][one][:, :, None], self.columns[g][other][:, None, :]
            out[block, i, j] = values[some]
            out[block, j, i] = values[some]
        return out

    def expand(self, matrices: Sequence[Array]) -> Array:
        """One (q, q) matrix for each factor as (m, m): the same for every level of the factor."""
        out = np.zeros((self.m, self.m))
        start = 0
        for count, matrix in zip(self.counts.tolist(), matrices, strict=True):
            stop = start + count * matrix.shape[0]
            out[start:stop, start:stop] = np.kron(np.eye(count), matrix)
            start = stop
        return out


class NestedBlocks:
    """In which block each level lies, and at which place within it.

    Parameters
    ----------
    codes : sequence of ndarray of int, shape (n,)
        Level of each row, by factor.
    sizes : sequence of int
        Levels of each factor.
    outer : int
        The outermost factor.
    """

    def __init__(self, codes: Sequence[Codes], sizes: Sequence[int], outer: int) -> None:
        n_blocks = sizes[outer]
        self._owner: list[Whole] = []
        self._place: list[Whole] = []
        counts = np.zeros((n_blocks, len(codes)), dtype=np.int64)
        for f, (own, size) in enumerate(zip(codes, sizes, strict=True)):
            owner = np.zeros(size, dtype=np.int64)
            owner[own] = codes[outer]
            counts[:, f] = np.bincount(owner, minlength=n_blocks)
            order = np.argsort(owner, kind="stable")
            first = np.concatenate([[0], np.cumsum(counts[:, f])[:-1]])
            place = np.empty(size, dtype=np.int64)
            place[order] = np.arange(size) - first[owner[order]]
            self._owner.append(owner)
            self._place.append(place)
        self._shapes, shape = np.unique(counts, axis=0, return_inverse=True)
        self._shape = shape.reshape(-1)

    def widest(self, widths: Sequence[int]) -> int:
        """Columns of the largest block, for factors of q = `widths` effects."""
        return int((self._shapes @ np.asarray(widths)).max())

    def buckets(self, widths: Sequence[int], most: Callable[[int], int]) -> Iterator[Bucket]:
        """All blocks, at most ``most(m)`` of those of m columns at a time."""
        for number, counts in enumerate(self._shapes):
            starts = np.concatenate([[0], np.cumsum(counts * np.asarray(widths))])
            m = int(starts[-1])
            every = np.flatnonzero(self._shape == number)
            step = max(1, most(m))
            for first in range(0, every.size, step):
                members = every[first : first + step]
                position = np.full(self._shape.size, -1)
                position[members] = np.arange(members.size)
                levels, block, columns = [], [], []
                for f, owner in enumerate(self._owner):
                    here = np.flatnonzero(position[owner] >= 0)
                    levels.append(here)
                    block.append(position[owner[here]])
                    at = starts[f] + self._place[f][here] * widths[f]
                    columns.append(at[:, None] + np.arange(widths[f]))
                yield Bucket(members, counts, levels, block, columns, m)
