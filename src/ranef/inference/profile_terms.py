"""A term's covariance on the data's scale while a profile holds one of its parameters, or none.

The search is over the *others*, numbers on which the covariance C depends smoothly. Each term gives
C, its derivatives along local coordinates at a point, and the point to which a step in them leads.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ranef.core import TermBlock
from ranef.covariance import kind_of, semidefinite_cholesky, structure_of
from ranef.inference.parameters import Parameter
from ranef.inference.profile_structured import HeldCorrelation, StructuredTerm
from ranef.types import Array

__all__ = ["FreeTerm", "HeldTerm", "held_term"]


class HeldTerm(Protocol):
    """A term of q effects with `size` others and `free` local coordinates.

    `bounded`: others that must not be negative; local coordinates are then the others themselves.
    `edges`: others at whose zero C does not depend on a held correlation.
    """

    size: int
    free: int
    bounded: tuple[int, ...]
    edges: tuple[tuple[int, ...], ...]

    def start(self, covariance: Array, theta: Array, sigma: float) -> Array:
        """The others at an estimate of C; `theta`: parameters of C over the square of sigma."""
        ...

    def root(self, value: float, others: Array) -> Array | None:
        """A root of C; None if the parameter cannot have the value."""
        ...

    def directions(self, value: float, others: Array) -> Array:
        """dC along the local coordinates, shape (k, q, q)."""
        ...

    def bend(self, value: float, others: Array, score: Array) -> Array:
        """<score, d2C> along the local coordinates, shape (k, k)."""
        ...

    def sizes(self, value: float, others: Array, least: Array) -> Array:
        """Natural sizes of the local coordinates; standard deviations have at least `least`."""
        ...

    def moved(self, value: float, others: Array, step: Array) -> Array:
        """The others after a step in the local coordinates."""
        ...

    def lifted(self, value: float, others: Array) -> Array | None:
        """Others away from the folds of a structure; None if they are not at one."""
        ...


def held_term(block: TermBlock, parameter: Parameter | None) -> HeldTerm:
    """A term with a parameter of its own held, or with none."""
    if kind_of(block).free:
        return FreeTerm(block, parameter)
    if parameter is None:
        return StructuredTerm(block, -1)
    first = kind_of(block).n_sds(block.q)
    if parameter.place <= first:  # the first correlation is a function of the first angle
        return StructuredTerm(block, parameter.place)
    return HeldCorrelation(block, parameter)


class FreeTerm:
    """A covariance of any form, or of reduced rank r: the entries of a lower trapezoid T, q x r.

    The effects of the parameter that is held are put first: the standard deviation of the first is
    T_11, the correlation of the first two r, where T_21 = b r and T_22 = b (1 - r^2)^(1/2).
    """

    def __init__(self, block: TermBlock, parameter: Parameter | None) -> None:
        q, self._rank = block.q, structure_of(block).most_rank
        first = [] if parameter is None else [k for k in (parameter.i, parameter.j) if k >= 0]
        self._order = np.array([*first, *(k for k in range(q) if k not in first)])
        self._kind = "" if parameter is None else parameter.kind
        held = {"sd": (0, 0), "cor": (1, 1)}.get(self._kind)
        entries = [(a, b) for b in range(self._rank) for a in range(b, q) if (a, b) != held]
        self._rows, self._columns = np.array(entries, dtype=np.intp).reshape(-1, 2).T
        self.size = self.free = len(entries)
        # T_11 and b of a correlation are standard deviations.
        self._across = entries.index((1, 0)) if self._kind == "cor" else -1
        self.bounded: tuple[int, ...] = (
            (entries.index((0, 0)), self._across) if self._kind == "cor" else ()
        )
        self.edges: tuple[tuple[int, ...], ...] = tuple((k,) for k in self.bounded)

    def start(self, covariance: Array, theta: Array, sigma: float) -> Array:
        ordered = covariance[np.ix_(self._order, self._order)]
        if self._rank == self._order.size:
            t = semidefinite_cholesky(ordered)
        else:
            values, vectors = np.linalg.eigh(ordered)
            root = vectors * np.sqrt(np.maximum(values, 0.0))
            t = np.asarray(np.linalg.qr(root[:, -self._rank :].T, mode="r")).T
            t *= np.where(np.diag(t) < 0.0, -1.0, 1.0)
        out = t[self._rows, self._columns]
        if self._across >= 0:
            out[self._across] = np.hypot(t[1, 0], t[1, 1])
        return np.asarray(out)

    def _slopes(self, value: float) -> Array:
        """dT along each of the others, shape (k, q, r), rows in the term's own order."""
        out = np.zeros((self.size, self._order.size, self._rank))
        out[np.arange(self.size), self._order[self._rows], self._columns] = 1.0
        if self._across >= 0:
            second = self._order[1]
            out[self._across, second, 0] = value
            out[self._across, second, 1] = np.sqrt(max(0.0, 1.0 - value**2))
        return out

    def root(self, value: float, others: Array) -> Array:
        t = np.tensordot(others, self._slopes(value), 1)
        if self._kind == "sd":
            t[self._order[0], 0] = value
        return np.asarray(t)

    def directions(self, value: float, others: Array) -> Array:
        half = self._slopes(value) @ self.root(value, others).T
        return np.asarray(half + half.transpose(0, 2, 1))

    def bend(self, value: float, others: Array, score: Array) -> Array:
        slopes = self._slopes(value)
        return np.asarray(2.0 * np.tensordot(score @ slopes, slopes, ((1, 2), (1, 2))))

    def sizes(self, value: float, others: Array, least: Array) -> Array:
        sds = np.maximum(np.linalg.norm(self.root(value, others), axis=1), least)
        return np.asarray(sds[self._order[self._rows]])

    def moved(self, value: float, others: Array, step: Array) -> Array:
        return others + step

    def lifted(self, value: float, others: Array) -> Array | None:
        return None
