"""Between coordinates of the covariances, their roots T, and parameters on the data's scale.

A search moves the *coordinates* of each term's structure on the inner scale (`inner`), which have
no bounds. Users see *parameters* on the data's scale (`theta`). For a covariance without structure
both are the lower triangle of T, column by column (see :mod:`ranef.covariance`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ranef.core import TermBlock
from ranef.covariance import kind_of, structure_of
from ranef.problem.shape import ProblemShape
from ranef.types import Array

__all__ = [
    "coordinates",
    "covariance_chart",
    "covariances",
    "data_parameters",
    "group_lambdas",
    "joined",
    "nearest",
    "parameters",
    "parts",
    "place",
    "roots",
    "to_data",
    "to_inner",
]


def parts(blocks: Sequence[TermBlock], values: Array) -> list[Array]:
    """The coordinates, or the parameters, of each term."""
    out, start = [], 0
    for block in blocks:
        size = structure_of(block).size
        out.append(np.asarray(values[start : start + size], dtype=np.float64))
        start += size
    return out


def joined(values: Sequence[Array]) -> Array:
    """The parts of all terms in one vector."""
    return np.concatenate([*values, np.zeros(0)])


def roots(blocks: Sequence[TermBlock], x: Array) -> list[Array]:
    """The lower triangular T of each term at coordinates.

    Examples
    --------
    >>> roots([TermBlock(0, 0, 2)], np.array([1.0, 2.0, 3.0]))[0]
    array([[1., 0.],
           [2., 3.]])
    """
    own = parts(blocks, x)
    return [structure_of(block).root(x) for block, x in zip(blocks, own, strict=True)]


def covariances(blocks: Sequence[TermBlock], x: Array) -> list[Array]:
    """Relative covariances T T', one for each term."""
    return [t @ t.T for t in roots(blocks, x)]


def nearest(blocks: Sequence[TermBlock], matrices: Sequence[Array]) -> Array:
    """Coordinates of covariances of the terms' structures near given ones.

    A covariance without structure is met exactly.
    """
    pairs = zip(blocks, matrices, strict=True)
    return joined([structure_of(block).nearest(matrix) for block, matrix in pairs])


def parameters(blocks: Sequence[TermBlock], x: Array) -> Array:
    """What users see of coordinates."""
    own = parts(blocks, x)
    return joined([structure_of(b).parameters(x) for b, x in zip(blocks, own, strict=True)])


def coordinates(blocks: Sequence[TermBlock], theta: Array) -> Array:
    """The inverse of `parameters`."""
    own = parts(blocks, theta)
    return joined([structure_of(b).coordinates(v) for b, v in zip(blocks, own, strict=True)])


def to_data(problem: ProblemShape, inner: Array) -> tuple[Array, list[Array]]:
    """Theta and relative covariances on the data's scale from inner coordinates."""
    theta, matrices = [], []
    for block, x, base in zip(
        problem.terms, parts(problem.terms, inner), problem.scaling.B, strict=True
    ):
        structure = structure_of(block)
        root = base @ structure.root(x)
        matrices.append(root @ root.T)
        theta.append(structure.on_scale(x, base))
    return joined(theta), matrices


def data_parameters(blocks: Sequence[TermBlock], theta: Array, sigma: float) -> list[Array]:
    """Theta of each term with its standard deviations, or its root T, in units of the data."""
    out = []
    for block, own in zip(blocks, parts(blocks, theta), strict=True):
        kind = kind_of(block)
        absolute = own.size if kind.free else kind.n_sds(block.q)
        out.append(np.concatenate([sigma * own[:absolute], own[absolute:]]))
    return out


def to_inner(problem: ProblemShape, theta: Array) -> Array:
    """Inner coordinates from theta on the data's scale."""
    out = []
    for block, own, base in zip(
        problem.terms, parts(problem.terms, theta), problem.scaling.B, strict=True
    ):
        structure = structure_of(block)
        scaled = structure.on_scale(
            structure.coordinates(own), np.asarray(np.linalg.inv(base), dtype=np.float64)
        )
        out.append(structure.coordinates(scaled))
    return joined(out)


def group_lambdas(problem: ProblemShape, inner: Array) -> list[Array]:
    """One Lambda for each grouping factor, terms side by side."""
    blocks = roots(problem.terms, inner)
    return place(problem.terms, blocks, [q for _, q in problem.sizes])


def covariance_chart(problem: ProblemShape, inner: Array) -> tuple[list[Array], list[Array]]:
    """First and second derivatives of D = Lambda Lambda' with respect to the inner coordinates.

    Returns
    -------
    first : list of ndarray, shape (k, q, q)
        One for each grouping factor.
    second : list of ndarray, shape (k, k, q, q)
    """
    count = inner.size
    first = [np.zeros((count, q, q)) for _, q in problem.sizes]
    second = [np.zeros((count, count, q, q)) for _, q in problem.sizes]
    start = 0
    for block, x in zip(problem.terms, parts(problem.terms, inner), strict=True):
        structure = structure_of(block)
        own = slice(start, start + structure.size)
        at = slice(block.offset, block.offset + block.q)
        first[block.group][own, at, at] = np.reshape(
            structure.directions(x), (structure.size, block.q, block.q)
        )
        for a in range(block.q):
            for b in range(a, block.q):
                # The bend is the inner product of the second derivative with a symmetric matrix.
                unit = np.zeros((block.q, block.q))
                unit[a, b] += 0.5
                unit[b, a] += 0.5
                bend = structure.bend(x, unit)
                second[block.group][own, own, block.offset + a, block.offset + b] = bend
                second[block.group][own, own, block.offset + b, block.offset + a] = bend
        start += structure.size
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
