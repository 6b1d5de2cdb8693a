"""Starts in other valleys: along the size of a covariance, along its axes, and scattered ones."""

from __future__ import annotations

import numpy as np
from tests.oracle.triangles import lower_triangles, theta_of_blocks

from ranef.core import Kernel
from ranef.problem import Problem
from ranef.problem.parameters import group_lambdas
from ranef.solve.face import face_of
from ranef.types import Array

__all__ = ["other_valleys"]

# Ratio of the sizes of levels from which on a model of several parameters is looked at, and the
# number of rows up to which it is.
UNEVEN = 30.0
FEW = 100

SCATTERED = 8

STEP = 0.1  # of the logarithm of the variance


def other_valleys(problem: Problem, kernel: Kernel, inner: Array) -> list[Array]:
    """Inner thetas at local minima of the criterion along the size of each term, all else held.

    Those next to where the search has ended are left out. Every valley is wider than the step of
    the grid: an eigenvalue enters by a logistic curve of the logarithm of the variance. With few
    rows also along the principal axes of a term, and from scattered starts. The oracle of the core.
    """
    out: list[Array] = []
    if problem.n <= FEW and problem.n_theta > 1:
        out += _scattered(problem)
    uneven = 1.0 if problem.n_theta == 1 or problem.n <= FEW else UNEVEN
    face = face_of(problem, inner)
    blocks = lower_triangles(inner, [t.q for t in problem.terms])
    for k, shape in enumerate(blocks):
        sizes = _sizes(problem, k)
        if sizes.size == 0 or not sizes.max() / sizes.min() >= uneven:
            continue
        if problem.n_theta == 1 and sizes.max() < (1.0 + 1e-9) * sizes.min():
            continue  # balanced: one valley
        grid = np.arange(np.log(0.02 / sizes.max()), np.log(1e6 / sizes.min()), STEP)
        d, q = shape @ shape.T, shape.shape[0]
        size = float(np.trace(d)) / q
        here = np.log(size) if size > 0.0 else -np.inf
        ways = [(here, 0.0 * d, d / size if size > 0.0 else np.eye(q))]
        null = face.terms[k].null
        if null.shape[1] < q:
            ways += [(-np.inf, d, np.outer(v, v)) for v in null.T]
        if problem.n <= FEW and null.shape[1] == 0 and q > 1:
            variances, axes = np.linalg.eigh(d)
            for variance, v in zip(variances, axes.T, strict=True):
                way = np.outer(v, v)
                ways.append((float(np.log(variance)), d - variance * way, way))
        for here, base, way in ways:
            thetas = [_with_block(blocks, k, base + np.exp(s) * way) for s in grid]
            out += _bottoms(problem, kernel, grid, thetas, here)
    return out


def _scattered(problem: Problem) -> list[Array]:
    """SDs of 0.1 to 100, equally likely in logarithms, and any correlations; always the same."""
    rng = np.random.default_rng(0)
    out = []
    for _ in range(SCATTERED):
        blocks = []
        for term in problem.terms:
            vectors = rng.normal(size=(term.q, term.q))
            vectors *= 10.0 ** rng.uniform(-1.0, 2.0, (term.q, 1)) / np.linalg.norm(
                vectors, axis=1, keepdims=True
            )
            root: Array = np.linalg.cholesky(vectors @ vectors.T).astype(np.float64, copy=False)
            blocks.append(root)
        out.append(theta_of_blocks(blocks))
    return out


def _with_block(blocks: list[Array], k: int, d: Array) -> Array:
    """Theta with another covariance of term k."""
    values, vectors = np.linalg.eigh(d)
    half = np.asarray(np.linalg.qr((vectors * np.sqrt(values.clip(0.0))).T, mode="r"))
    return theta_of_blocks([*blocks[:k], half.T, *blocks[k + 1 :]])


def _bottoms(
    problem: Problem, kernel: Kernel, grid: Array, thetas: list[Array], here: float
) -> list[Array]:
    values = np.array([_value(problem, kernel, theta) for theta in thetas])
    before, after = np.r_[np.inf, values[:-1]], np.r_[values[1:], -np.inf]
    bottoms = (values < before) & (values <= after) & (np.abs(grid - here) > 2.0 * STEP)
    bottoms[0] &= here > grid[0]
    return [thetas[j] for j in np.flatnonzero(bottoms)]


def _value(problem: Problem, kernel: Kernel, theta: Array) -> float:
    return kernel.value if kernel.evaluate(group_lambdas(problem, theta)) else np.inf


def _sizes(problem: Problem, k: int) -> Array:
    """Mean square sums of a term's columns by level, those that are not zero."""
    term, a = problem.terms[k], np.diag(problem.products.dense())
    first = sum(levels * q for levels, q in problem.products.sizes[: term.group])
    levels, q = problem.products.sizes[term.group]
    of_term = a[first : first + levels * q].reshape(levels, q)
    sizes = of_term[:, term.offset : term.offset + term.q].mean(axis=1)
    return np.asarray(sizes[sizes > 0.0])
