"""The flat law of a term's covariance, in unbounded coordinates for drawing proposals.

It is flat in the standard deviations. All positive definite correlation matrices are equally likely
(Lewandowski, Kurowicka and Joe 2009). The correlations of a structure are flat between their
bounds, and so are the entries of a root of reduced rank.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ranef.core import TermBlock
from ranef.covariance import kind_of, structure_of
from ranef.types import Array

__all__ = ["FlatLaw", "flat_law"]

INSIDE = 0.95  # of the range of a correlation, for the centre of proposals


class FlatLaw(Protocol):
    """A covariance on the data's scale in `size` coordinates without bounds."""

    size: int

    def first(self, covariance: Array) -> tuple[Array, Array]:
        """Centre and scales of the first proposals, from a positive definite covariance."""

    def parameters(self, point: Array) -> tuple[Array, float]:
        """The parameters (theta) at a point, and the log density of the flat law there."""


def flat_law(block: TermBlock) -> FlatLaw:
    """The law of a term."""
    if kind_of(block).free and structure_of(block).most_rank == block.q:
        return _AnyCovariance(block.q)
    return _Root(block) if kind_of(block).free else _Structured(block)


class _AnyCovariance:
    """Log sd, then atanh of partial correlations."""

    def __init__(self, q: int) -> None:
        self.q = q
        self.size = q * (q + 1) // 2

    def first(self, covariance: Array) -> tuple[Array, Array]:
        sds = np.sqrt(np.diag(covariance))
        root = np.linalg.cholesky(covariance / np.outer(sds, sds))
        partial = [
            root[i, j] / np.sqrt(max(1.0 - float(np.sum(root[i, :j] ** 2)), 1e-12))
            for i in range(1, self.q)
            for j in range(i)
        ]
        centre = [*np.log(sds), *np.arctanh(np.clip(partial, -INSIDE, INSIDE))]
        return np.array(centre), np.array([0.7] * self.q + [0.8] * len(partial))

    def parameters(self, point: Array) -> tuple[Array, float]:
        q = self.q
        logs, bends = point[:q], point[q:]
        total = float(np.sum(logs))
        root, at = np.eye(q), 0
        for i in range(1, q):
            left = 1.0
            for j in range(i):
                z = float(np.tanh(bends[at]))
                # Partial correlations given j earlier effects: Beta(b, b) with b = (q - j) / 2.
                total += 0.5 * (q - j) * float(np.log1p(-z * z))
                root[i, j] = z * np.sqrt(left)
                left *= 1.0 - z * z
                at += 1
            root[i, i] = np.sqrt(left)
        columns, rows = np.triu_indices(q)
        return np.asarray((np.exp(logs)[:, None] * root)[rows, columns]), total


class _Structured:
    """Log sd, then atanh of the sines of the structure's angles."""

    def __init__(self, block: TermBlock) -> None:
        self.structure = structure_of(block)
        self.kind = kind_of(block)
        self.size = self.structure.size
        self.n_sds = self.kind.n_sds(block.q)

    def first(self, covariance: Array) -> tuple[Array, Array]:
        x = self.structure.nearest(covariance)
        sds = np.maximum(self.structure.parameters(x)[: self.n_sds], 1e-12)
        sines = np.clip(np.sin(x[self.n_sds :]), -INSIDE, INSIDE)
        scales = [0.7] * self.n_sds + [0.8] * sines.size
        return np.concatenate([np.log(sds), np.arctanh(sines)]), np.array(scales)

    def parameters(self, point: Array) -> tuple[Array, float]:
        sds, bends = np.exp(point[: self.n_sds]), point[self.n_sds :]
        sizes = sds if self.kind.one_variance else np.sqrt(sds)
        sines = np.tanh(bends)
        x = np.concatenate([sizes, np.arcsin(sines)])
        density = float(np.sum(point[: self.n_sds])) + float(np.sum(np.log1p(-(sines**2))))
        return self.structure.parameters(x), density


class _Root:
    """The entries of T, of reduced rank."""

    def __init__(self, block: TermBlock) -> None:
        self.structure = structure_of(block)
        self.size = self.structure.size

    def first(self, covariance: Array) -> tuple[Array, Array]:
        x = self.structure.nearest(covariance)
        sizes = np.full(x.size, 0.5 * np.sqrt(float(np.diag(covariance).max())))
        return x, sizes

    def parameters(self, point: Array) -> tuple[Array, float]:
        return point, 0.0
