"""The uncertainty of the linear predictors of rows.

Given all parameters the random effects b have the conditional covariance P around their modes,
which in turn move with the parameters by J = d modes / d parameters. With V the joint covariance of
the estimates, x'beta + z'b less its prediction has the variance

    z'P z + d'V d,    d = (0, x, 0) + J'z,

in which the modes and the coefficients are correlated. A level without data has the covariance D
of its term in place of P, and no J. This is what TMB's ``sdreport`` computes (Kristensen, Nielsen,
Berg, Skaug and Bell 2016, Journal of Statistical Software 70(5), section 2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ranef.core import RowsGroup
from ranef.inference.inner_rows import Blocks, inner_rows
from ranef.solve.face import Face
from ranef.solve.generalised import GeneralisedSolution
from ranef.types import Array

__all__ = ["PredictorLaw", "law_of_rows", "new_groups", "new_groups_slopes", "quadratic"]

CHUNK = 1 << 15


@dataclass(frozen=True, slots=True, eq=False)
class PredictorLaw:
    """How linear predictors vary.

    Attributes
    ----------
    gradient : ndarray, shape (rows, k + m)
        Along the k coordinates of the face of the covariances and the m coefficients: d above.
    own : ndarray, shape (rows,)
        The variance of z'b that is left if all parameters are known.
    """

    gradient: Array = field(repr=False)
    own: Array = field(repr=False)

    def variance(self, covariance: Array) -> Array:
        """Of each row, for a covariance of the parameters."""
        return self.own + quadratic(self.gradient, covariance)


def law_of_rows(
    solution: GeneralisedSolution,
    face: Face,
    covariances: Sequence[Array],
    x: Array,
    blocks: Blocks,
) -> PredictorLaw:
    """The law of x'beta + z'b.

    Parameters
    ----------
    solution : GeneralisedSolution
    face : Face
    covariances : sequence of ndarray, shape (q, q)
        Of the random effects of each term.
    x : ndarray, shape (rows, p)
    blocks : sequence of (codes, Z)
        Of the terms; z = 0 in those that do not count, and a code of -1 for levels without data.
    """
    problem = solution.problem
    rows, k = x.shape[0], len(face.coordinates)
    gradient = np.zeros((rows, k + problem.change.shape[0]))
    own = np.zeros(rows)
    if any(bool(np.any(z != 0.0)) for _, z in blocks):
        inner = inner_rows(problem, x, blocks)
        with solution.standing.ask() as kernel:
            moves = kernel.mode_derivatives(face.directions)
            groups = [
                RowsGroup(codes=code, n_levels=levels, columns=tuple(np.ascontiguousarray(z.T)))
                for code, z, (levels, _) in zip(inner.codes, inner.z, problem.sizes, strict=True)
            ]
            own += kernel.row_variances(groups)
        for start in range(0, rows, CHUNK):
            part = slice(start, start + CHUNK)
            for code, z, move in zip(inner.codes, inner.z, moves, strict=True):
                known = np.where((code[part] >= 0)[:, None], z[part], 0.0)
                gradient[part] += np.einsum("nq,nqk->nk", known, move[np.maximum(code[part], 0)])
        # From inner coefficients to those on the data's scale.
        gradient[:, k:] = np.linalg.solve(problem.change.T, gradient[:, k:].T).T
        for (code, z), d in zip(blocks, covariances, strict=True):
            own += np.where(code < 0, np.einsum("ij,ij->i", z @ d, z), 0.0)
    gradient[:, k : k + x.shape[1]] += x
    gradient = np.hstack([gradient[:, :k], solution.spread(gradient[:, k:])])
    return PredictorLaw(gradient, own)


def new_groups(blocks: Blocks, covariances: Sequence[Array]) -> Array:
    """z'D z of new levels in every term, shape (rows,)."""
    parts = [np.einsum("ij,ij->i", z @ d, z) for (_, z), d in zip(blocks, covariances, strict=True)]
    return np.asarray(np.sum(parts, axis=0))


def new_groups_slopes(solution: GeneralisedSolution, face: Face, blocks: Blocks) -> Array:
    """The derivatives of :func:`new_groups` along the coordinates of the face, (rows, k)."""
    problem = solution.problem
    out = np.zeros((blocks[0][1].shape[0], len(face.coordinates)))
    for s, (at, direction) in enumerate(zip(face.coordinates, face.directions, strict=True)):
        term = problem.terms[at.term]
        own = slice(term.offset, term.offset + term.q)
        z = blocks[at.term][1] @ problem.scaling.B[at.term]
        out[:, s] = np.einsum("ij,ij->i", z @ np.asarray(direction.d)[own, own], z)
    return out


def quadratic(gradient: Array, covariance: Array) -> Array:
    """d'V d for each row d; NaN if d moves with a parameter that the data leave open."""
    open_ = np.isnan(np.diag(covariance))
    known = np.where(np.isnan(covariance), 0.0, covariance)
    out = np.einsum("ij,ij->i", gradient @ known, gradient)
    if open_.any():
        out[np.any(gradient[:, open_] != 0.0, axis=1)] = np.nan
    return np.asarray(out)
