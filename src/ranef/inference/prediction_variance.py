"""Variances of predictions, and their degrees of freedom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ranef.core import CoreKernel, Rows, RowsGroup, row_variances
from ranef.inference.ddf.information import VarianceInformation
from ranef.inference.estimates import Estimates
from ranef.inference.inner_rows import Blocks, InnerRows, inner_rows
from ranef.inference.prediction_gradient import envelope_gradient
from ranef.inference.prediction_shift import estimation_error
from ranef.inference.satterthwaite import VarianceDerivatives
from ranef.problem import Problem
from ranef.problem.parameters import group_lambdas
from ranef.solve import Solution
from ranef.solve.face import Face, face_of, moved
from ranef.solve.solution import evaluate_at
from ranef.types import Array

__all__ = ["PredictionVariance", "RowVariances", "new_groups", "relative_variances"]

STEP = 1e-4  # of the central differences, in natural sizes of the coordinates


@dataclass(frozen=True, slots=True)
class PredictionVariance:
    """Variance of each prediction, shape (rows,), and how it moves with the variance parameters.

    Attributes
    ----------
    value : ndarray, shape (rows,)
    gradient : callable
        Gives an array of shape (rows, k): along the coordinates of the face and log sigma, as in
        :class:`~ranef.inference.satterthwaite.VarianceDerivatives`.
    """

    value: Array
    gradient: Callable[[], Array]

    def plus(self, other: PredictionVariance) -> PredictionVariance:
        """Of the sum of two independent errors."""
        return PredictionVariance(
            self.value + other.value, lambda: self.gradient() + other.gradient()
        )

    def satterthwaite(self, covariance: Array) -> Array:
        """Degrees of freedom, shape (rows,), by matching moments: 2 v^2 / (g' A g).

        (Satterthwaite 1946; Fai and Cornelius 1996.) A variance of zero has infinitely many.

        Parameters
        ----------
        covariance : ndarray, shape (k, k)
            Asymptotic covariance matrix of the variance parameters.
        """
        gradient = self.gradient()
        spread = np.einsum("mk,mk->m", gradient @ covariance, gradient)
        out = np.full(self.value.shape, np.inf)
        np.divide(2.0 * self.value**2, spread, out=out, where=~(spread <= 0.0))
        return out


@dataclass(frozen=True, slots=True)
class RowVariances:
    """The variances that predictions are made of.

    Attributes
    ----------
    problem, solution, estimates
    derivatives : callable
        Gives the derivatives of the covariance matrix of the fixed effects.
    information : callable
        Gives the expected information of the variance parameters.
    """

    problem: Problem
    solution: Solution
    estimates: Estimates
    derivatives: Callable[[], VarianceDerivatives]
    information: Callable[[], VarianceInformation]

    def fixed(self, x: Array) -> PredictionVariance:
        """Of x'beta estimated: x' vcov x."""
        value = np.einsum("ia,ia->i", x @ self.estimates.vcov, x)

        def gradient() -> Array:
            jacobian = self.derivatives().jacobian
            return np.column_stack([np.einsum("ia,ia->i", x @ j, x) for j in jacobian])

        return PredictionVariance(value, gradient)

    def residual(self, n: int, spread: Array | float = 1.0) -> PredictionVariance:
        """Of the residual of a new observation with weight 1: sigma^2, times `spread`."""
        variance = np.broadcast_to(self.estimates.sigma**2 * np.asarray(spread), (n,))

        def gradient() -> Array:
            out = np.zeros((n, len(self._face().coordinates) + 1))
            out[:, -1] = 2.0 * variance
            return out

        return PredictionVariance(variance, gradient)

    def new_groups(self, blocks: Blocks) -> PredictionVariance:
        """Of the random effects of new levels in every term: z' Sigma z."""
        parts = [
            np.einsum("ij,ij->i", z @ c, z)
            for (_, z), c in zip(blocks, self.estimates.covariances, strict=True)
        ]
        value = np.sum(parts, axis=0)

        def gradient() -> Array:
            face, sigma = self._face(), self.estimates.sigma
            out = np.empty((value.size, len(face.coordinates) + 1))
            for s, (at, direction) in enumerate(
                zip(face.coordinates, face.directions, strict=True)
            ):
                term = self.problem.terms[at.term]
                own = slice(term.offset, term.offset + term.q)
                z = blocks[at.term][1] @ self.problem.scaling.B[at.term]
                moved = z @ np.asarray(direction.d)[own, own]
                out[:, s] = sigma**2 * np.einsum("ij,ij->i", moved, z)
            out[:, :-1] *= _units(face)
            out[:, -1] = 2.0 * value
            return out

        return PredictionVariance(value, gradient)

    def conditional(self, x: Array, blocks: Blocks) -> PredictionVariance:
        """Of x'beta + z'b less its prediction.

        Henderson's (1975) prediction error variance, sigma^2 a' C a with C the inverse of the
        mixed-model equations. A level without data brings the full variance of its random effects.
        Its derivatives along the face are central differences (relative error about 1e-8).

        Parameters
        ----------
        x : ndarray, shape (rows, p)
        blocks : sequence of (codes, Z)
            Of the terms; a code of -1 is a level that the fit has not seen.
        """
        variance = self.estimates.sigma**2
        inner = self.solution.inner
        value = variance * self._relative(x, blocks, inner)

        def gradient() -> Array:
            face = self._face()
            out = np.empty((value.size, len(face.coordinates) + 1))
            for s, step in enumerate(STEP * face.scales()):
                above, below = (
                    self._relative(x, blocks, self._moved(face, s, h)) for h in (step, -step)
                )
                out[:, s] = variance * (above - below) / (2.0 * step)
            out[:, :-1] *= _units(face)
            out[:, -1] = 2.0 * value
            return out

        return PredictionVariance(value, gradient)

    def enveloped(
        self, x: Array, blocks: Blocks, fresh: Blocks | None, value: Array
    ) -> PredictionVariance:
        """A variance with its derivatives off the face: along the covariances D and log sigma^2.

        Parameters
        ----------
        x, blocks
            As in :meth:`conditional`.
        fresh : sequence of (codes, Z) or None
            Random effects of new levels on top.
        value : ndarray, shape (rows,)
            The variance itself; a residual is a part of it that moves with sigma^2 alone.
        """

        def gradient() -> Array:
            information = self.information()
            out = np.empty((value.size, len(information.directions) + 1))
            out[:, :-1] = envelope_gradient(information, inner_rows(self.problem, x, blocks))
            if fresh is not None:
                rows = inner_rows(self.problem, x, fresh)
                for t, direction in enumerate(information.directions):
                    z = rows.z[direction.group]
                    out[:, t] += np.einsum("nq,nq->n", z @ direction.d, z)
            out[:, :-1] *= self.estimates.sigma**2
            out[:, -1] = value
            return out

        return PredictionVariance(value, gradient)

    def estimation_error(self, x: Array, blocks: Blocks) -> Array:
        """What the movement of the prediction with estimated variances adds, shape (rows,)."""
        if not self.problem.terms:  # nothing that moves but sigma, which moves no prediction
            return np.zeros(x.shape[0])
        rows = inner_rows(self.problem, x, blocks)
        return self.estimates.sigma**2 * estimation_error(self.information(), rows)

    def _face(self) -> Face:
        return face_of(self.problem, self.solution.inner)

    def _moved(self, face: Face, coordinate: int, step: float) -> Array:
        """The inner coordinates with one coordinate of the face moved."""
        change = np.zeros(len(face.coordinates))
        change[coordinate] = step
        return moved(face, change)

    def _relative(self, x: Array, blocks: Blocks, inner: Array) -> Array:
        """The conditional variance over sigma^2 at an inner theta."""
        problem = self.problem
        kernel = problem.kernel()
        evaluate_at(problem, kernel, inner)
        relative = [t @ t.T for t in group_lambdas(problem, inner)]
        return relative_variances(problem, kernel, relative, inner_rows(problem, x, blocks))


def relative_variances(
    problem: Problem, kernel: CoreKernel, relative: Sequence[Array], rows: InnerRows
) -> Array:
    """Prediction error variances over sigma^2 where a kernel stands, shape (rows,).

    Parameters
    ----------
    problem : Problem
    kernel : CoreKernel
    relative : sequence of ndarray, shape (q, q)
        D of each grouping factor there.
    rows : InnerRows
    """
    variance = np.zeros(rows.x.shape[0])
    groups = []
    sizes = problem.products.sizes
    for code, z, d, (levels, _) in zip(rows.codes, rows.z, relative, sizes, strict=True):
        variance += np.where(code < 0, np.einsum("ij,ij->i", z @ d, z), 0.0)
        columns = tuple(np.ascontiguousarray(z.T))
        groups.append(RowsGroup(codes=code, n_levels=levels, columns=columns))
    p = rows.x.shape[1]
    packed = Rows(
        groups=groups,
        x=[np.ascontiguousarray(rows.x[:, j]) for j in range(p)],
        y=np.zeros(rows.x.shape[0]),
    )
    return np.asarray(variance + row_variances(kernel, packed))


def new_groups(rows: InnerRows, relative: Sequence[Array]) -> Array:
    """z'D z of new levels over sigma^2, shape (rows,)."""
    total = np.zeros(rows.x.shape[0])
    for z, d in zip(rows.z, relative, strict=True):
        total += np.einsum("ij,ij->i", z @ d, z)
    return total


def _units(face: Face) -> Array:
    """The step of each coordinate that derivatives of vcov are taken along, shape (k,)."""
    return face.scales() if face.coordinates else np.ones(0)
