"""V^-1/2 r for random effects of one grouping factor, or of nested ones, from sums by level.

V = I + Z D Z' over sigma^2 (rows times the roots of their weights) is block-diagonal by the levels
of the outermost factor. With L = Lambda of a block, S = L'Z'Z L = U s U' and the symmetric root,

    V^-1/2 r = r - Z L U f(s) U'L'Z'r,    f(s) = 1 / ((1 + s)^1/2 (1 + (1 + s)^1/2)),

so that no matrix of rows by rows is formed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ranef.core import Rows
from ranef.core.blocks import factor_blocks, pair_blocks
from ranef.errors import OptionError, TooLargeError
from ranef.inference.nested_blocks import NestedBlocks
from ranef.inference.nesting import outermost
from ranef.problem import Problem
from ranef.problem.memory import available_memory
from ranef.types import Array

__all__ = ["whitened"]

GB = 1e9
BYTES = 2e8  # of the matrices that are worked on together


def whitened(problem: Problem, lambdas: Sequence[Array], rows: Rows, values: Array) -> Array:
    """V^-1/2 times values of the rows, which have been multiplied by the roots of the weights.

    Raises
    ------
    OptionError
        Crossed factors: V is not block-diagonal.
    """
    groups = rows.groups
    if not groups:  # a model without random effects: V is sigma^2 already
        return values
    codes, sizes = [g.codes for g in groups], [g.n_levels for g in groups]
    outer = outermost(codes, sizes)
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
    taken = _taken(problem, lambdas, NestedBlocks(codes, sizes, outer), right)
    out = values.copy()
    for g, zs, effect in zip(groups, columns, taken, strict=True):
        for k, z in enumerate(zs):
            out -= z * effect[g.codes, k]
    return out


def _taken(
    problem: Problem, lambdas: Sequence[Array], blocks: NestedBlocks, right: Sequence[Array]
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
    _check_memory(blocks.widest(widths))
    for bucket in blocks.buckets(widths, lambda m: int(BYTES / (8.0 * m * m))):
        values, vectors = np.linalg.eigh(bucket.gram(squares, pairs))
        v = bucket.stack([r[:, :, None] for r in right])[:, :, 0]
        roots = np.sqrt(1.0 + np.maximum(values, 0.0))
        turned = np.einsum("bij,bi->bj", vectors, v) / (roots * (1.0 + roots))
        effect = np.einsum("bij,bj->bi", vectors, turned)
        for f, here in enumerate(bucket.levels):
            own = effect[bucket.block[f][:, None], bucket.columns[f]]
            out[f][here] = own @ lambdas[f].T
    return out


def _check_memory(m: int) -> None:
    needed, available = 24.0 * m * m, available_memory()
    if available is not None and needed > available:
        raise TooLargeError(
            "whitened residuals need a dense matrix for each level of the outermost factor",
            found=f"one of {m:,} by {m:,}: {needed / GB:.1f} GB; {available / GB:.1f} GB available",
            fix='use kind="standardized"',
        )
