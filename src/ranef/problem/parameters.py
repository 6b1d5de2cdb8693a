"""Between theta, the blocks T of Lambda, and relative covariances T T', inner and data's scale."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ranef.core import TermBlock
from ranef.problem.problem import Problem
from ranef.types import Array

__all__ = [
    "covariance_chart",
    "covariances",
    "group_lambdas",
    "lower_triangles",
    "semidefinite_cholesky",
    "theta_of_blocks",
    "theta_of_covariances",
    "to_data",
    "to_inner",
]


@cache
def lower_triangle_indices(q: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the lower triangle of a q x q matrix, column by column."""
    columns, rows = np.triu_indices(q)
    return rows, columns


def lower_triangles(theta: Array, sizes: Sequence[int]) -> list[Array]:
    """The blocks T from theta: lower triangles by column, terms in order.

    Examples
    --------
    >>> lower_triangles(np.array([1.0, 2.0, 3.0]), [2])[0]
    array([[1., 0.],
           [2., 3.]])
    """
    out = []
    start = 0
    for q in sizes:
        block = np.zeros((q, q))
        count = q * (q + 1) // 2
        block[lower_triangle_indices(q)] = theta[start : start + count]
        out.append(block)
        start += count
    return out


def theta_of_blocks(blocks: Sequence[Array]) -> Array:
    """Theta from the blocks T: the inverse of `lower_triangles`."""
    parts = [b[lower_triangle_indices(b.shape[0])] for b in blocks]
    return np.concatenate([*parts, np.zeros(0)])


def semidefinite_cholesky(matrix: Array, tolerance: float = 1e-12) -> Array:
    """Lower T with T T' = matrix for a positive semidefinite matrix; zero pivots stay exact zeros.

    Pivots below `tolerance` times their diagonal element count as zero.
    """
    q = matrix.shape[0]
    t = np.zeros((q, q))
    for j in range(q):
        pivot = matrix[j, j] - t[j, :j] @ t[j, :j]
        if pivot > tolerance * matrix[j, j]:
            t[j, j] = np.sqrt(pivot)
            t[j + 1 :, j] = (matrix[j + 1 :, j] - t[j + 1 :, :j] @ t[j, :j]) / t[j, j]
    return t


def covariances(theta: Array, sizes: Sequence[int]) -> list[Array]:
    """Relative covariances T T', one for each term."""
    return [t @ t.T for t in lower_triangles(theta, sizes)]


def theta_of_covariances(matrices: Sequence[Array]) -> Array:
    """Theta with non-negative diagonals from relative covariances."""
    return theta_of_blocks([semidefinite_cholesky(m) for m in matrices])


def to_data(problem: Problem, inner: Array) -> tuple[Array, list[Array]]:
    """Theta and relative covariances on the data's scale from the inner theta."""
    out = []
    for t, b in zip(_blocks(problem, inner), problem.scaling.B, strict=True):
        root = b @ t
        out.append(root @ root.T)
    ranks = [int(np.count_nonzero(np.diag(t))) for t in _blocks(problem, inner)]
    return theta_of_blocks([_ranked(m, r) for m, r in zip(out, ranks, strict=True)]), out


def to_inner(problem: Problem, theta: Array) -> Array:
    """The inner theta from theta on the data's scale."""
    out = []
    for t, b in zip(_blocks(problem, theta), problem.scaling.B, strict=True):
        root = np.linalg.solve(b, t)
        out.append(_ranked(root @ root.T, int(np.count_nonzero(np.diag(t)))))
    return theta_of_blocks(out)


def group_lambdas(problem: Problem, inner: Array) -> list[Array]:
    """One Lambda for each grouping factor, terms side by side."""
    return place(problem.terms, _blocks(problem, inner), [q for _, q in problem.products.sizes])


def covariance_chart(problem: Problem, inner: Array) -> tuple[list[Array], list[Array]]:
    """First and second derivatives of D = Lambda Lambda' with respect to the inner theta.

    Lambda is linear in theta.

    Returns
    -------
    first : list of ndarray, shape (k, q, q)
        One for each grouping factor.
    second : list of ndarray, shape (k, k, q, q)
    """
    at = group_lambdas(problem, inner)
    units = [group_lambdas(problem, unit) for unit in np.eye(problem.n_theta)]
    first, second = [], []
    for g, lambda_ in enumerate(at):
        moves = np.stack([unit[g] for unit in units])
        half = moves @ lambda_.T
        first.append(half + half.transpose(0, 2, 1))
        both = np.einsum("sac,tbc->stab", moves, moves)
        second.append(both + both.transpose(1, 0, 2, 3))
    return first, second


def place(
    terms: Sequence[TermBlock], blocks: Sequence[Array], widths: Sequence[int]
) -> list[Array]:
    """Blocks of the terms put into one matrix for each grouping factor."""
    out = [np.zeros((q, q)) for q in widths]
    for term, block in zip(terms, blocks, strict=True):
        s = slice(term.offset, term.offset + term.q)
        out[term.group][s, s] = block
    return out


def _blocks(problem: Problem, theta: Array) -> list[Array]:
    return lower_triangles(theta, [t.q for t in problem.terms])


def _ranked(matrix: Array, rank: int) -> Array:
    """Lower triangle of a covariance whose rank is known: rounding is not taken for variance."""
    q = matrix.shape[0]
    t = semidefinite_cholesky(matrix)
    if rank < q and np.count_nonzero(np.diag(t)) > rank:
        values, vectors = np.linalg.eigh(matrix)
        values[: q - rank] = 0.0
        t = semidefinite_cholesky((vectors * values) @ vectors.T, 1e-9)
    return t
