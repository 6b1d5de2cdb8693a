"""Covariances of a structure as polynomials of their parameters, smooth at their bounds.

With standard deviations s and correlations r, element (i, j) is s_i s_j r_k^m. So D and its
derivatives are polynomials, which also hold at the bounds of the parameters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ranef.core import TermBlock
from ranef.covariance.registry import kind_of, structure_of
from ranef.types import Array

__all__ = ["Entries", "belongs", "entries_of", "parameters_of"]


@dataclass(frozen=True, slots=True)
class Entries:
    """The elements of a covariance that is not free.

    Attributes
    ----------
    size : ndarray of int, shape (q,)
        Which parameter is the standard deviation of each effect.
    place, power : ndarray of int, shape (q, q)
        The parameter of which the correlation of two effects is a power, -1 for none; the power.
    count : int
        How many parameters there are.
    """

    size: NDArray[np.int64]
    place: NDArray[np.int64]
    power: NDArray[np.int64]
    count: int

    def pairs(self, parameter: int) -> tuple[tuple[tuple[int, int], ...], int]:
        """Pairs (i, j), i > j, of effects whose correlation is one power of a parameter.

        The power is the smallest odd one, which has the sign of the parameter; the smallest of all
        if none is odd: the covariance is then the same with either sign.
        """
        rows, columns = np.nonzero(np.tril(self.place == parameter, -1))
        powers = self.power[rows, columns]
        odd = powers[powers % 2 == 1]
        power = int(odd.min() if odd.size else powers.min())
        kept = powers == power
        found = zip(rows[kept].tolist(), columns[kept].tolist(), strict=True)
        return tuple(found), power

    def parameters(self, covariance: Array) -> Array:
        """Standard deviations and correlations of a covariance of the structure.

        Each correlation is that of the pair of effects that vary the most; it is zero if none
        do.
        """
        sds = np.sqrt(np.maximum(np.diag(covariance), 0.0))
        out = np.zeros(self.count)
        out[self.size] = sds
        for parameter in range(int(self.size.max()) + 1, self.count):
            same, power = self.pairs(parameter)
            i, j = max(same, key=lambda pair: float(sds[pair[0]] * sds[pair[1]]))
            if sds[i] * sds[j] > 0.0:
                r = covariance[i, j] / (sds[i] * sds[j])
                out[parameter] = np.copysign(abs(r) ** (1.0 / power), r)
        return out

    def expansion(self, parameters: Array) -> tuple[Array, Array, Array]:
        """The covariance, its first derivatives (k, q, q) and its second ones (k, k, q, q)."""
        q, k = self.size.size, self.count
        s = parameters[self.size]
        r = parameters[self.place]
        away = ~np.eye(q, dtype=bool)
        apart = away & (self.place >= 0)
        m = np.where(apart, self.power, 0)
        value = np.where(apart, r**m, np.where(away, 0.0, 1.0))
        slope = np.where(apart, m * r ** np.maximum(m - 1, 0), 0.0)
        bend = np.where(m > 1, m * (m - 1) * r ** np.maximum(m - 2, 0), 0.0)
        # Which parameter is the standard deviation of an effect, and the correlation of a pair.
        of_sd = np.equal.outer(np.arange(k), self.size).astype(np.float64)
        of_pair = (np.equal.outer(np.arange(k), self.place) & apart).astype(np.float64)
        both = np.outer(s, s)
        ds = of_sd[:, :, None] * s + of_sd[:, None, :] * s[:, None]
        first = ds * value + of_pair * both * slope
        d2s = of_sd[:, None, :, None] * of_sd[None, :, None, :]
        second = (d2s + d2s.transpose(1, 0, 2, 3)) * value
        second += ds[:, None] * (of_pair * slope)[None] + ds[None] * (of_pair * slope)[:, None]
        second += of_pair[:, None] * of_pair[None] * both * bend
        return both * value, first, second


def entries_of(block: TermBlock) -> Entries:
    """The elements of a term's covariance."""
    kind, q = kind_of(block), block.q
    if kind.free:
        raise TypeError("a free covariance has no parameters of its own")
    sds = kind.n_sds(q)
    size = np.zeros(q, dtype=np.int64) if kind.one_variance else np.arange(q)
    place, power = np.full((q, q), -1), np.ones((q, q), dtype=np.int64)
    positions = block.positions or tuple(range(q))
    for i in range(q):
        for j in range(q):
            if i != j:
                at, power[i, j] = kind.correlation(i, j, positions)
                place[i, j] = sds + at if at >= 0 else -1
    count = sds + int((np.unique(place) >= 0).sum())
    return Entries(size, place, power, count)


def parameters_of(block: TermBlock, covariance: Array) -> Array:
    """The parameters of a term's structure with this covariance; exact if the structure has it."""
    if kind_of(block).free:
        structure = structure_of(block)
        return structure.parameters(structure.nearest(np.asfortranarray(covariance)))
    return entries_of(block).parameters(covariance)


def belongs(block: TermBlock, covariance: Array, tolerance: float = 1e-8) -> bool:
    """Whether the structure of a term has this covariance."""
    structure = structure_of(block)
    root = structure.root(structure.coordinates(parameters_of(block, covariance)))
    apart = float(np.abs(root @ root.T - covariance).max())
    return apart <= tolerance * float(np.abs(covariance).max())
