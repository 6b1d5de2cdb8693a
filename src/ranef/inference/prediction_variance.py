"""Variances of predictions, and their degrees of freedom."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ranef.inference.estimates import Estimates
from ranef.inference.satterthwaite import VarianceDerivatives
from ranef.kernel import CoreKernel, Rows, RowsGroup, row_variances
from ranef.problem import Problem
from ranef.problem.parameters import covariances as covariances_of
from ranef.problem.parameters import theta_of_covariances
from ranef.record import record
from ranef.solve import Solution
from ranef.solve.face import Face, face_of
from ranef.solve.solution import evaluate_at
from ranef.types import Array, Codes

__all__ = ["PredictionVariance", "RowVariances"]

Blocks = Sequence[tuple[Codes, Array]]

STEP = 1e-4  # of the central differences, in natural sizes of the coordinates


@record(frozen=True, slots=True)
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


@record(frozen=True, slots=True)
class RowVariances:
    """The variances that predictions are made of.

    Attributes
    ----------
    problem, solution, estimates
    derivatives : callable
        Gives the derivatives of the covariance matrix of the fixed effects.
    """

    problem: Problem
    solution: Solution
    estimates: Estimates
    derivatives: Callable[[], VarianceDerivatives]

    def fixed(self, x: Array) -> PredictionVariance:
        """Of x'beta estimated: x' vcov x."""
        value = np.einsum("ia,ia->i", x @ self.estimates.vcov, x)

        def gradient() -> Array:
            jacobian = self.derivatives().jacobian
            return np.column_stack([np.einsum("ia,ia->i", x @ j, x) for j in jacobian])

        return PredictionVariance(value, gradient)

    def residual(self, n: int) -> PredictionVariance:
        """Of the residual of a new observation with weight 1: sigma^2."""
        variance = self.estimates.sigma**2

        def gradient() -> Array:
            out = np.zeros((n, len(self._face().coordinates) + 1))
            out[:, -1] = 2.0 * variance
            return out

        return PredictionVariance(np.full(n, variance), gradient)

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

    def _face(self) -> Face:
        return face_of(self.problem, self.solution.inner)

    def _moved(self, face: Face, coordinate: int, step: float) -> Array:
        """The inner theta with one coordinate of the face moved."""
        at = face.coordinates[coordinate]
        matrices = covariances_of(self.solution.inner, [t.q for t in self.problem.terms])
        own = face.terms[at.term]
        root = own.root.copy()
        root[at.row, at.column] += step
        back = np.argsort(own.order)
        matrices[at.term] = (root @ root.T)[np.ix_(back, back)]
        return theta_of_covariances(matrices)

    def _relative(self, x: Array, blocks: Blocks, inner: Array) -> Array:
        """The conditional variance over sigma^2 at an inner theta."""
        problem = self.problem
        kernel = problem.kernel()
        assert isinstance(kernel, CoreKernel)
        evaluate_at(problem, kernel, inner)
        x_inner = np.asfortranarray(x @ problem.scaling.R)
        columns: list[list[Array]] = [[] for _ in problem.products.sizes]
        codes: list[Codes] = [np.zeros(0, np.int32)] * len(columns)
        variance = np.zeros(x.shape[0])
        matrices = covariances_of(inner, [t.q for t in problem.terms])
        for (code, z), term, b, matrix in zip(
            blocks, problem.terms, problem.scaling.B, matrices, strict=True
        ):
            codes[term.group] = np.ascontiguousarray(code, dtype=np.int32)
            z_inner = z @ b
            columns[term.group] += list(np.ascontiguousarray(z_inner.T))
            new = np.einsum("ij,ij->i", z_inner @ matrix, z_inner)
            variance += np.where(code < 0, new, 0.0)
        groups = tuple(
            RowsGroup(c, levels, tuple(z), (0.0,) * q, (1.0,) * q)
            for c, z, (levels, q) in zip(codes, columns, problem.products.sizes, strict=True)
        )
        p = x.shape[1]
        rows = Rows(
            groups=groups,
            x=tuple(x_inner[:, j] for j in range(p)),
            x_shifts=(0.0,) * p,
            x_scales=(1.0,) * p,
            y=np.zeros(x.shape[0]),
            y_shift=0.0,
            y_scale=1.0,
            weights=None,
        )
        return np.asarray(variance + row_variances(kernel, rows))


def _units(face: Face) -> Array:
    """The step of each coordinate that derivatives of vcov are taken along, shape (k,)."""
    return face.scales() if face.coordinates else np.ones(0)
