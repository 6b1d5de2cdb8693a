"""What a kernel says at a solution, kept in arrays: it stands in for one where the rows are not.

Variances z'P z of rows with random effects of several factors need covariances between levels of
different factors. Those of all pairs of levels are kept if they are few, and otherwise those of the
pairs that have rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ranef.core import Direction, RowsGroup
from ranef.core.generalised import GeneralisedKernel
from ranef.solve.face import Face
from ranef.solve.generalised import GeneralisedSolution
from ranef.solve.standing import Standing
from ranef.types import Array

__all__ = ["KeptKernel", "KeptPairs", "SolutionWithoutRows", "keep_kernel"]

MOST = 20_000
"""Numbers of pairs of levels that are kept whether they have rows or not."""


@dataclass(frozen=True, slots=True, eq=False)
class KeptPairs:
    """Covariances between the levels of two grouping factors.

    Attributes
    ----------
    first, second : int
        Positions of the factors.
    levels : int
        Of the second factor.
    keys : ndarray of int64, shape (pairs,)
        Level of the first times `levels`, plus level of the second; increasing.
    values : ndarray, shape (pairs, q, q')
    """

    first: int
    second: int
    levels: int
    keys: NDArray[np.int64] = field(repr=False)
    values: Array = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class KeptKernel:
    """Answers of a :class:`~ranef.core.generalised.GeneralisedKernel` at the estimates.

    Attributes
    ----------
    coordinates : int
        k, those of the face.
    at_modes : tuple of ndarray, shape (levels, q)
        The modes by grouping factor, inner scale.
    variances : tuple of ndarray, shape (levels, q, q)
    slopes : tuple of ndarray, shape (levels, q, k + m)
        Of the modes along the coordinates of the face, then the coefficients.
    curvature : ndarray, shape (k + m, k + m)
        Second derivatives along the same.
    pairs : tuple of KeptPairs
    rest : Absent
        Stands for what needs the rows.
    """

    coordinates: int
    at_modes: tuple[Array, ...] = field(repr=False)
    variances: tuple[Array, ...] = field(repr=False)
    slopes: tuple[Array, ...] = field(repr=False)
    curvature: Array = field(repr=False)
    pairs: tuple[KeptPairs, ...] = field(repr=False)
    rest: Any = field(repr=False)

    @property
    def moves(self) -> int:
        """It cannot be moved."""
        return 0

    @property
    def held(self) -> int:
        """Nothing beside the record itself."""
        return 0

    def __getattr__(self, name: str) -> Any:
        # Reached for what needs the rows.
        return getattr(object.__getattribute__(self, "rest"), name)

    def modes(self) -> list[Array]:
        """As of a kernel."""
        return list(self.at_modes)

    def conditional_variances(self) -> list[Array]:
        """As of a kernel."""
        return list(self.variances)

    def mode_derivatives(self, directions: Sequence[Direction]) -> list[Array]:
        """As of a kernel; along the coordinates of the face, or without any directions."""
        skip = 0 if directions else self.coordinates
        return [slopes[:, :, skip:] for slopes in self.slopes]

    def second(self, directions: Sequence[Direction]) -> Array:
        """As of a kernel; along the coordinates of the face, or without any directions."""
        skip = 0 if directions else self.coordinates
        return self.curvature[skip:, skip:]

    def row_variances(self, groups: Sequence[RowsGroup]) -> Array:
        """As of a kernel, to rounding."""
        codes = [np.asarray(group.codes) for group in groups]
        z = [np.column_stack([_filled(c, group) for c in group.columns]) for group in groups]
        out = np.zeros(codes[0].size)
        for code, own, variances in zip(codes, z, self.variances, strict=True):
            known = np.where((code >= 0)[:, None], own, 0.0)
            out += np.einsum("ni,nij,nj->n", known, variances[np.maximum(code, 0)], known)
        for pair in self.pairs:
            a, b = codes[pair.first], codes[pair.second]
            moving = (z[pair.first] != 0.0).any(axis=1) & (z[pair.second] != 0.0).any(axis=1)
            rows = np.flatnonzero((a >= 0) & (b >= 0) & moving)
            keys = a[rows].astype(np.int64) * pair.levels + b[rows]
            at = np.searchsorted(pair.keys, keys)
            if bool(np.any(at == pair.keys.size)) or bool(np.any(pair.keys[at] != keys)):
                self.rest.missed()
            left, right = z[pair.first][rows], z[pair.second][rows]
            out[rows] += 2.0 * np.einsum("ni,nij,nj->n", left, pair.values[at], right)
        return out


def _filled(column: Array | None, group: RowsGroup) -> Array:
    return np.ones(np.asarray(group.codes).size) if column is None else np.asarray(column)


def keep_kernel(
    kernel: GeneralisedKernel, face: Face, groups: Sequence[RowsGroup], rest: Any
) -> KeptKernel:
    """The answers of a kernel that stands at a solution.

    Parameters
    ----------
    kernel : GeneralisedKernel
    face : Face
    groups : sequence of RowsGroup
        The rows of the fit.
    rest : Absent
    """
    variances = tuple(np.asarray(v) for v in kernel.conditional_variances())
    return KeptKernel(
        coordinates=len(face.coordinates),
        at_modes=tuple(np.array(m) for m in kernel.modes()),
        variances=variances,
        slopes=tuple(np.asarray(s) for s in kernel.mode_derivatives(face.directions)),
        curvature=np.asarray(kernel.second(face.directions)),
        pairs=tuple(
            _pairs(kernel, groups, variances, g, h) for g, h in combinations(range(len(groups)), 2)
        ),
        rest=rest,
    )


def _pairs(
    kernel: GeneralisedKernel,
    groups: Sequence[RowsGroup],
    variances: Sequence[Array],
    first: int,
    second: int,
) -> KeptPairs:
    """Covariances between two factors, from variances of sums: var(a + b) - var(a) - var(b)."""
    left, right = groups[first], groups[second]
    q, r = variances[first].shape[1], variances[second].shape[1]
    if left.n_levels * right.n_levels * q * r <= MOST:
        keys = np.arange(left.n_levels * right.n_levels, dtype=np.int64)
    else:
        own = np.asarray(left.codes).astype(np.int64) * right.n_levels + np.asarray(right.codes)
        keys = np.unique(own)
    a, b = np.divmod(keys, right.n_levels)
    values = np.empty((keys.size, q, r))
    for i in range(q):
        for j in range(r):
            rows = [_nothing(group, keys.size) for group in groups]
            rows[first], rows[second] = _unit(left, a, q, i), _unit(right, b, r, j)
            alone = variances[first][a, i, i] + variances[second][b, j, j]
            values[:, i, j] = 0.5 * (kernel.row_variances(rows) - alone)
    return KeptPairs(first, second, right.n_levels, keys, values)


def _unit(group: RowsGroup, codes: NDArray[np.int64], q: int, effect: int) -> RowsGroup:
    """Rows with a single effect of these levels."""
    columns = [np.full(codes.size, float(k == effect)) for k in range(q)]
    return RowsGroup(codes=codes.astype(np.int32), n_levels=group.n_levels, columns=columns)


def _nothing(group: RowsGroup, n: int) -> RowsGroup:
    """Rows that a factor plays no part in."""
    columns = [np.zeros(n) for _ in group.columns]
    codes = np.full(n, -1, dtype=np.int32)
    return RowsGroup(codes=codes, n_levels=group.n_levels, columns=columns)


@dataclass(frozen=True, eq=False)
class SolutionWithoutRows(GeneralisedSolution):
    """A solution with what its kernel said.

    Attributes
    ----------
    kept : KeptKernel
    """

    kept: KeptKernel = field(repr=False, kw_only=True)

    @cached_property
    def standing(self) -> Standing[GeneralisedKernel]:
        """What is kept of the kernel."""
        kept = cast("GeneralisedKernel", self.kept)
        return Standing(lambda: kept, lambda kernel: None)
