"""Subspaces to which the large part of a term's covariance can be confined.

A family of them has `freedom` parameters. A covariance without structure can be large in any
subspace, one of reduced rank r in any subspace of r dimensions. A structure can be large in the
subspaces that its bounds leave: some of the effects, if each has its own standard deviation, and
the ranges of singular correlation matrices.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from ranef.core import TermBlock
from ranef.covariance import Limit, kind_of, structure_of
from ranef.types import Array

__all__ = ["Span", "span_of"]


class Span(Protocol):
    """A family of subspaces of some dimension."""

    @property
    def dims(self) -> int: ...
    @property
    def freedom(self) -> int: ...

    def chart(self, rng: np.random.Generator) -> Callable[[Array], Array]:
        """Bases (q, dims) by `freedom` numbers, about a member in general position at zero."""
        ...

    def smaller(self) -> list[Span]:
        """Families of subspaces in those of this one."""
        ...


def span_of(block: TermBlock) -> Span:
    """All subspaces of a term's covariance."""
    if kind_of(block).free:
        return _Any(block.q, structure_of(block).most_rank)
    return _Effects(block, tuple(range(block.q)))


@dataclass(frozen=True, slots=True)
class _Any:
    """All subspaces of this many dimensions."""

    q: int
    dims: int

    @property
    def freedom(self) -> int:
        return self.dims * (self.q - self.dims)

    def chart(self, rng: np.random.Generator) -> Callable[[Array], Array]:
        d = self.dims
        rotation = np.linalg.qr(rng.normal(size=(self.q, self.q)))[0]

        def basis(at: Array) -> Array:
            tilt = at.reshape(self.q - d, d)
            return np.asarray(np.linalg.qr(rotation @ np.vstack([np.eye(d), tilt]))[0])

        return basis

    def smaller(self) -> list[Span]:
        return [replace(self, dims=self.dims - 1)] if self.dims else []


@dataclass(frozen=True)
class _Effects:
    """Some of a structured term's effects, the others without variance; or none."""

    block: TermBlock
    rows: tuple[int, ...]
    freedom: int = 0

    @property
    def dims(self) -> int:
        return len(self.rows)

    def chart(self, rng: np.random.Generator) -> Callable[[Array], Array]:
        basis = np.eye(self.block.q)[:, list(self.rows)]
        return lambda at: basis

    def smaller(self) -> list[Span]:
        if not self.rows:
            return []
        kind = kind_of(self.block)
        positions = self.block.positions or tuple(range(self.block.q))
        limits = [limit for limit in kind.limits(positions) if limit.rank < self.dims]
        out: list[Span] = [
            _AtBound(self.block, self.rows, k, limit) for k, limit in enumerate(limits)
        ]
        if kind.one_variance:
            return [*out, replace(self, rows=())]
        return [
            *out,
            *(replace(self, rows=self.rows[:k] + self.rows[k + 1 :]) for k in range(self.dims)),
        ]


@dataclass(frozen=True)
class _AtBound:
    """The range of a singular correlation matrix, times standard deviations."""

    block: TermBlock
    rows: tuple[int, ...]
    number: int
    limit: Limit = field(compare=False)

    @property
    def dims(self) -> int:
        return self.limit.rank

    @cached_property
    def freedom(self) -> int:
        return self.limit.freedom + self._sds

    @property
    def _sds(self) -> int:
        """Standard deviations that count, beside the size of all."""
        return 0 if kind_of(self.block).one_variance else len(self.rows) - 1

    def chart(self, rng: np.random.Generator) -> Callable[[Array], Array]:
        own = rng.uniform(0.2, np.pi - 0.2, size=self.limit.freedom)
        logs = rng.normal(size=self._sds)
        rows = list(self.rows)

        def basis(at: Array) -> Array:
            shape = self.limit.basis(own + at[: own.size])[rows]
            own_logs = np.append(logs + at[own.size :], 0.0)
            sds = np.exp(own_logs - own_logs.max()) if logs.size else np.ones(1)
            out = np.zeros((self.block.q, self.dims))
            out[rows] = sds[:, None] * shape
            return np.asarray(np.linalg.qr(out)[0])

        return basis

    def smaller(self) -> list[Span]:
        return []
