"""V^-1/2 r for random effects of one grouping factor, or of nested ones, from sums by level.

V = I + Z D Z' over sigma^2 (rows times the roots of their weights) is block-diagonal by the levels
of the outermost factor. With L = Lambda of a block, S = L'Z'Z L = U s U' and the symmetric root,

    V^-1/2 r = r - Z L U f(s) U'L'Z'r,    f(s) = 1 / ((1 + s)^1/2 (1 + (1 + s)^1/2)),

so that no matrix of rows by rows is formed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ranef.errors import OptionError, TooLargeError
from ranef.kernel import Rows
from ranef.kernel.blocks import factor_blocks, pair_blocks
from ranef.problem import Problem
from ranef.problem.memory import available_memory
from ranef.types import Array, Codes

__all__ = ["outermost", "whitened"]

GB = 1e9


def outermost(codes: Sequence[Codes], sizes: Sequence[int]) -> int | None:
    """The position of the factor in which all others are nested; None if there is none."""
    last = min(range(len(codes)), key=sizes.__getitem__)
    for other, size in zip(codes, sizes, strict=True):
        cells = np.unique(other.astype(np.int64) * sizes[last] + codes[last])
        if cells.size != size:
            return None
    return last


def whitened(problem: Problem, lambdas: Sequence[Array], rows: Rows, values: Array) -> Array:
    """V^-1/2 times values of the rows, which have been multiplied by the roots of the weights.

    Raises
    ------
    OptionError
        Crossed factors: V is not block-diagonal.
    """
    groups = rows.groups
    outer = outermost([g.codes for g in groups], [g.n_levels for g in groups])
    if outer is None:
        factors = ", ".join(dict.fromkeys(f"'{label.factor}'" for label in problem.labels))
        raise OptionError(
            "whitened residuals need one grouping factor, or nested ones",
            found=f"crossed factors {factors}",
            fix='use kind="standardized"',
        )
    root = np.ones(values.size) if rows.weights is None else np.sqrt(rows.weights)
    columns = [
        [
            root * (1.0 if c is None else c - shift) / scale
            for c, shift, scale in zip(g.columns, g.shifts, g.scales, strict=True)
        ]
        for g in groups
    ]
    right = [
        np.stack([np.bincount(g.codes, weights=z * values, minlength=g.n_levels) for z in zs], 1)
        @ lambda_
        for g, zs, lambda_ in zip(groups, columns, lambdas, strict=True)
    ]
    taken = _taken(problem, lambdas, _Blocks(rows, outer), right)
    out = values.copy()
    for g, zs, effect in zip(groups, columns, taken, strict=True):
        for k, z in enumerate(zs):
            out -= z * effect[g.codes, k]
    return out


class _Blocks:
    """In which block each level lies, and at which place within it."""

    def __init__(self, rows: Rows, outer: int) -> None:
        n_blocks = rows.groups[outer].n_levels
        self.owner: list[NDArray[np.int64]] = []
        self.place: list[NDArray[np.int64]] = []
        counts = np.zeros((n_blocks, len(rows.groups)), dtype=np.int64)
        for f, group in enumerate(rows.groups):
            owner = np.zeros(group.n_levels, dtype=np.int64)
            owner[group.codes] = rows.groups[outer].codes
            counts[:, f] = np.bincount(owner, minlength=n_blocks)
            order = np.argsort(owner, kind="stable")
            first = np.concatenate([[0], np.cumsum(counts[:, f])[:-1]])
            place = np.empty(group.n_levels, dtype=np.int64)
            place[order] = np.arange(group.n_levels) - first[owner[order]]
            self.owner.append(owner)
            self.place.append(place)
        self.shapes, shape = np.unique(counts, axis=0, return_inverse=True)
        self.shape = shape.reshape(-1)


def _taken(
    problem: Problem, lambdas: Sequence[Array], blocks: _Blocks, right: Sequence[Array]
) -> list[Array]:
    """L U f(s) U'L'Z'r by level."""
    products = problem.products
    squares = [
        lambda_.T @ block.random @ lambda_
        for block, lambda_ in zip(factor_blocks(products), lambdas, strict=True)
    ]
    pairs = {
        key: (p.first, p.second, lambdas[key[0]].T @ p.values @ lambdas[key[1]])
        for key, p in pair_blocks(products).items()
    }
    widths = [lambda_.shape[0] for lambda_ in lambdas]
    out = [np.zeros_like(r) for r in right]
    for number, counts in enumerate(blocks.shapes):
        mine = np.flatnonzero(blocks.shape == number)
        position = np.full(blocks.shape.size, -1)
        position[mine] = np.arange(mine.size)
        starts = np.concatenate([[0], np.cumsum(counts * widths)])
        m = int(starts[-1])
        _check_memory(mine.size, m)
        s = np.zeros((mine.size, m, m))
        v = np.zeros((mine.size, m))
        levels = []
        at = []
        for f, owner in enumerate(blocks.owner):
            here = np.flatnonzero(position[owner] >= 0)
            levels.append(here)
            at.append((starts[f] + blocks.place[f] * widths[f])[:, None] + np.arange(widths[f]))
            block, own = position[owner[here]][:, None], at[f][here]
            s[block[:, :, None], own[:, :, None], own[:, None, :]] = squares[f][here]
            v[block, own] = right[f][here]
        for (f, g), (first, second, values) in pairs.items():
            some = position[blocks.owner[f][first]] >= 0
            block = position[blocks.owner[f][first[some]]][:, None, None]
            i, j = at[f][first[some]][:, :, None], at[g][second[some]][:, None, :]
            s[block, i, j] = values[some]
            s[block, j, i] = values[some]
        values, vectors = np.linalg.eigh(s)
        roots = np.sqrt(1.0 + np.maximum(values, 0.0))
        turned = np.einsum("bij,bi->bj", vectors, v) / (roots * (1.0 + roots))
        effect = np.einsum("bij,bj->bi", vectors, turned)
        for f, here in enumerate(levels):
            block = position[blocks.owner[f][here]][:, None]
            out[f][here] = effect[block, at[f][here]] @ lambdas[f].T
    return out


def _check_memory(count: int, m: int) -> None:
    needed, available = 24.0 * count * m * m, available_memory()
    if available is not None and needed > available:
        raise TooLargeError(
            "whitened residuals need a dense matrix for each level of the outermost factor",
            found=f"{count:,} of them, {m:,} by {m:,}: {needed / GB:.1f} GB; "
            f"{available / GB:.1f} GB available",
            fix='use kind="standardized"',
        )
