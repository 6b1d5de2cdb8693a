"""Z'V^-1 Z and Z'V^-1 X from cross-products, without a matrix of rows by rows.

V = W^-1 + Z D Z' over sigma^2. The grouping factor with the most random effects, 1, is eliminated
level by level; the others, together 2, form one dense block. With A = Z'WZ, C = Z'WX,

    V_1^-1:  G0_j = (I + A_j D_1)^-1 A_j,   T = (I + A_11 D_1)^-1 A_12,   N = A_22 - A_12'D_1 T,
    G_22 = (I + N D_2)^-1 N,   G_12 = T (I + D_2 N)^-1,   G_11 = diag(G0_j) - T S T',
    S = D_2 (I + N D_2)^-1,

and the same for X beside Z. Nothing is divided by D: it may be singular.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ranef.core.blocks import PairBlocks, factor_blocks, pair_blocks
from ranef.errors import TooLargeError
from ranef.problem import Problem
from ranef.problem.memory import available_memory
from ranef.types import Array

__all__ = ["Gram", "Part", "by_columns", "gram"]

GB = 1e9


@dataclass(frozen=True, slots=True)
class Part:
    """One of the factors that are not eliminated.

    Attributes
    ----------
    group : int
        Its position among the grouping factors.
    place : slice
        Its columns in the dense block.
    """

    group: int
    place: slice
    levels: int
    q: int


@dataclass(frozen=True, slots=True)
class Gram:
    """G = Z'V^-1 Z and H = Z'V^-1 X over sigma^2, G in parts.

    Attributes
    ----------
    largest : int
        The factor that was eliminated, with J levels of k effects.
    parts : tuple of Part
        The others, with m columns in all.
    alone : ndarray, shape (J, k, k)
        G0.
    across : ndarray, shape (J, k, m)
        T.
    between : ndarray, shape (m, m)
        S.
    g12 : ndarray, shape (J, k, m)
    g22 : ndarray, shape (m, m)
    h1 : ndarray, shape (J, k, p)
    h2 : ndarray, shape (m, p)
    """

    largest: int
    parts: tuple[Part, ...]
    alone: Array
    across: Array
    between: Array
    g12: Array
    g22: Array
    h1: Array
    h2: Array

    def times(self, x1: Array, x2: Array) -> tuple[Array, Array]:
        """G x for columns x, those of the eliminated factor (J, k, c), the others' (m, c)."""
        y1 = self.alone @ x1
        if not self.parts:
            return y1, x2
        met = np.tensordot(self.across, x1, ((0, 1), (0, 1)))
        y1 += by_columns(self.across, -(self.between @ met)) + by_columns(self.g12, x2)
        return y1, np.tensordot(self.g12, x1, ((0, 1), (0, 1))) + self.g22 @ x2

    def diagonal(self) -> Mapping[int, Array]:
        """The blocks of single levels by grouping factor, (levels, q, q) each."""
        own = self.alone - self.shared() if self.parts else self.alone
        out = {self.largest: own}
        for part in self.parts:
            square = self.g22[part.place, part.place]
            blocks = square.reshape(part.levels, part.q, part.levels, part.q)
            each = np.arange(part.levels)
            out[part.group] = blocks[each, :, each, :]
        return out

    def split(self, by_factor: Sequence[Array]) -> tuple[Array, Array]:
        """Vectors of random effects, (levels, q) by grouping factor, as `times` takes them."""
        rest = [by_factor[part.group].reshape(-1, 1) for part in self.parts]
        second = np.concatenate(rest) if rest else np.zeros((0, 1))
        return by_factor[self.largest][:, :, None], second

    def joined(self, x1: Array, x2: Array) -> list[Array]:
        """The inverse of `split`."""
        out = {self.largest: x1[:, :, 0]}
        for part in self.parts:
            out[part.group] = x2[part.place, 0].reshape(part.levels, part.q)
        return [out[group] for group in sorted(out)]

    def shared(self) -> Array:
        """The diagonal blocks of T S T', shape (J, k, k)."""
        return by_columns(self.across, self.between) @ self.across.transpose(0, 2, 1)


def by_columns(blocks: Array, x: Array) -> Array:
    """Each block times the same x, as one product: shape (J, k, m) times (m, c).

    Block by block x would be read from memory J times.
    """
    levels, k, m = blocks.shape
    return np.asarray((blocks.reshape(levels * k, m) @ x).reshape(levels, k, x.shape[1]))


def gram(
    problem: Problem,
    covariances: Sequence[Array],
    asked_for: str = "Kenward-Roger",
    instead: str = 'use ddf="satterthwaite", which is as good with so many levels',
) -> Gram:
    """G and H at given covariances.

    Parameters
    ----------
    problem : Problem
    covariances : sequence of ndarray, shape (q, q)
        D over sigma^2 of each grouping factor, in inner coordinates.
    asked_for, instead : str
        What needs them, and what to do if they do not fit in memory: for the message.

    Raises
    ------
    TooLargeError
        Factors beside the largest one have so many levels that the dense block does not fit.
    """
    products, p = problem.products, problem.p
    sizes = products.sizes
    largest = max(range(len(sizes)), key=lambda g: sizes[g][0] * sizes[g][1])
    parts, m = [], 0
    for g, (levels, q) in enumerate(sizes):
        if g != largest:
            parts.append(Part(g, slice(m, m + levels * q), levels, q))
            m += levels * q
    levels, k = sizes[largest]
    _check_memory(problem, levels * k, m, asked_for, instead)
    blocks = factor_blocks(products)
    a, c = blocks[largest]
    d1 = covariances[largest]
    a12, a22, c2 = _others(problem, largest, parts, m)
    met = np.linalg.solve(np.eye(k) + a @ d1, np.concatenate([a, c, a12], axis=2))
    alone, h1, across = met[:, :, :k], met[:, :, k : k + p], met[:, :, k + p :]
    alone = 0.5 * (alone + alone.transpose(0, 2, 1))
    if m == 0:
        none = np.zeros((0, 0))
        return Gram(largest, (), alone, across, none, a12, none, h1, c2)
    down = np.tensordot(a12, d1 @ np.concatenate([across, h1], axis=2), ((0, 1), (0, 1)))
    n = a22 - down[:, :m]
    n = 0.5 * (n + n.T)
    scaled = np.concatenate(
        [_times_blocks(n[:, part.place], covariances[part.group], part) for part in parts], axis=1
    )
    right = np.concatenate([n, c2 - down[:, m:], across.reshape(levels * k, m).T], axis=1)
    solved = np.linalg.solve(np.eye(m) + scaled, right)
    g22, h2 = 0.5 * (solved[:, :m] + solved[:, :m].T), solved[:, m : m + p]
    g12 = np.ascontiguousarray(solved[:, m + p :].T).reshape(levels, k, m)
    d2 = np.zeros((m, m))
    for part in parts:
        d2[part.place, part.place] = np.kron(np.eye(part.levels), covariances[part.group])
    between = d2 - d2 @ g22 @ d2
    h1 = h1 - by_columns(across, d2 @ h2)
    return Gram(largest, tuple(parts), alone, across, between, g12, g22, h1, h2)


def _others(
    problem: Problem, largest: int, parts: Sequence[Part], m: int
) -> tuple[Array, Array, Array]:
    """A_12, A_22 and C_2, dense."""
    products, p = problem.products, problem.p
    levels, k = products.sizes[largest]
    a12, a22, c2 = np.zeros((levels, k, m)), np.zeros((m, m)), np.zeros((m, p))
    if not parts:
        return a12, a22, c2
    blocks, pairs = factor_blocks(products), pair_blocks(products)
    for part in parts:
        c2[part.place] = blocks[part.group].fixed.reshape(part.levels * part.q, p)
        own = a22[part.place, part.place].reshape(part.levels, part.q, part.levels, part.q)
        each = np.arange(part.levels)
        own[each, :, each, :] = blocks[part.group].random
        first, second, values = _oriented(pairs, largest, part.group)
        met = np.zeros((levels, k, part.levels, part.q))
        met[first, :, second, :] = values
        a12[:, :, part.place] = met.reshape(levels, k, -1)
        for other in parts:
            if other.group > part.group:
                first, second, values = _oriented(pairs, part.group, other.group)
                met = np.zeros((part.levels, part.q, other.levels, other.q))
                met[first, :, second, :] = values
                flat = met.reshape(part.levels * part.q, -1)
                a22[part.place, other.place] = flat
                a22[other.place, part.place] = flat.T
    return a12, a22, c2


def _oriented(pairs: Mapping[tuple[int, int], PairBlocks], a: int, b: int) -> PairBlocks:
    """The blocks of a pair of factors, a's levels first."""
    if (a, b) in pairs:
        return pairs[a, b]
    first, second, values = pairs[b, a]
    return PairBlocks(second, first, values.transpose(0, 2, 1))


def _times_blocks(matrix: Array, d: Array, part: Part) -> Array:
    """Columns of a factor times I x D."""
    rows = matrix.shape[0]
    return (matrix.reshape(rows, part.levels, part.q) @ d).reshape(rows, -1)


def _check_memory(problem: Problem, rows: int, m: int, asked_for: str, instead: str) -> None:
    needed = 8.0 * (6.0 * rows * m + 8.0 * m * m)
    available = available_memory()
    if m and available is not None and needed > available:
        raise TooLargeError(
            f"{asked_for} needs a dense matrix of the random effects, which is too large",
            where=", ".join(dict.fromkeys(label.factor for label in problem.labels)),
            found=f"{rows:,} by {m:,} effects, {needed / GB:.1f} GB; "
            f"{available / GB:.1f} GB available",
            fix=instead,
        )
