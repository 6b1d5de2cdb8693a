"""A variance parameter held at a value: points of its profile."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ranef.core import Direction
from ranef.inference.parameters import Parameter
from ranef.inference.profile_held import Held
from ranef.inference.profile_points import Best, Point, broke_down
from ranef.problem import Problem
from ranef.problem.parameters import parts
from ranef.types import Array

__all__ = ["VarianceParameter"]

SMALL = 1e-2
"""The least natural size of a standard deviation, over sigma and for a column of unit size."""
LEAST_SIGMA = 1e-3
"""Of the estimate."""


class VarianceParameter(Held):
    """A standard deviation, a correlation or sigma held at a value, by Newton's method.

    The deviance as a function of D = Lambda Lambda' and sigma,

        F = log|V| + n log(2 pi sigma^2) + r2 / sigma^2,

    is minimised over the absolute covariances C of the terms (see
    :mod:`~ranef.inference.profile_terms`) and log sigma. All derivatives are exact: the kernel has
    those of F with respect to D at a fixed sigma. Sigma moves D, which shrinks as sigma grows, and
    beside D

        dF / dlog(sigma) = 2 n - 2 r2 / sigma^2.

    If a structure has enough effects for all rows, the best sigma may be zero. Digits are lost
    there, so sigma stops at a small fraction of its estimate.
    """

    def __init__(self, problem: Problem, parameter: Parameter, sigma: float) -> None:
        super().__init__(problem, parameter)
        self._kernel = problem.kernel()
        self._problem = problem
        self._with_sigma = parameter.kind != "sigma"
        self._estimate, self._least = sigma, LEAST_SIGMA * sigma
        if self._with_sigma:
            self._bounded.append(-1)  # log(sigma / least), the last of the others
        # From columns on the data's scale to inner ones, over the inner scale of the response.
        self._to_inner: list[Array] = [
            np.asarray(np.linalg.inv(b) / problem.scaling.y_scale) for b in problem.scaling.B
        ]
        self._units = [SMALL * np.linalg.norm(b, axis=1) for b in problem.scaling.B]

    # -- from and to the parameters of the model ------------------------------------------------
    def start(self, covariances: Sequence[Array], theta: Array) -> Array:
        """The others' values at the estimates.

        Parameters
        ----------
        covariances : sequence of ndarray, shape (q, q)
        theta : ndarray
            The parameters of the structures of the relative covariances.
        """
        sigma, own = self._estimate, parts(self._problem.terms, theta)
        values = [
            term.start(covariance, relative, sigma)
            for term, covariance, relative in zip(self._terms, covariances, own, strict=True)
        ]
        last = np.log(sigma / self._least)
        return np.concatenate([*values, np.full(int(self._with_sigma), last)])

    def _sigma(self, value: float, others: Array) -> float:
        return self._least * float(np.exp(others[-1])) if self._with_sigma else value

    # -- the deviance and its derivatives -------------------------------------------------------
    def _evaluate(self, value: float, others: Array) -> float:
        """The deviance; infinite if it cannot be computed."""
        sigma = self._sigma(value, others) / self._problem.scaling.y_scale
        lambdas = self._lambdas(value, others, [change / sigma for change in self._to_inner])
        if lambdas is None:
            return np.inf
        self._kernel.at_sigma(sigma)
        if not self._kernel.evaluate(lambdas):
            return np.inf
        return self._kernel.value

    def best(self, point: Point) -> Best:
        value, others = point.value, point.others
        if not np.isfinite(self._evaluate(value, others)):
            raise broke_down(value)
        beta = self._problem.scaling.beta(self._kernel.beta)
        return Best(beta, self._covariances(value, others), self._sigma(value, others))

    def _derivatives(self, value: float, others: Array) -> tuple[Array, Array]:
        """Gradient and Hessian in local coordinates at the point the kernel stands at."""
        kernel, problem = self._kernel, self._problem
        sigma = self._sigma(value, others) / problem.scaling.y_scale
        s2 = sigma**2
        gamma = kernel.gamma()
        changes = [change / sigma for change in self._to_inner]
        directions, bend = self._ways(value, others, changes, gamma)
        count = len(directions)
        if self._with_sigma:  # D shrinks as sigma grows; one direction a grouping factor
            whole = self._lambdas(value, others, changes)
            assert whole is not None
            directions += [Direction(g, -2.0 * t @ t.T) for g, t in enumerate(whole)]
        curvature = kernel.hessian(directions)
        first = np.array([float(np.sum(gamma[d.group] * d.d)) for d in directions])
        # Sums over the grouping factors: one parameter, log sigma.
        add = np.eye(len(directions))[:, :count]
        if self._with_sigma:
            add = np.column_stack([add, np.r_[np.zeros(count), np.ones(len(directions) - count)]])
        g = add.T @ first
        h = add.T @ curvature.hessian @ add
        h[:count, :count] += bend
        if self._with_sigma:
            slope = first[:count]
            shrinking = float(first[count:].sum())
            h[:count, -1] += -2.0 * slope
            h[-1, :count] += -2.0 * slope
            h[-1, -1] += -2.0 * shrinking
            # r2 / sigma^2 depends on sigma beside D, too.
            ratio = kernel.r2 / s2
            cross = -2.0 / s2 * (add.T @ curvature.r2)
            g[-1] += 2.0 * problem.n - 2.0 * ratio
            h[:, -1] += cross
            h[-1, :] += cross
            h[-1, -1] += 4.0 * ratio
        return g, h

    def _least_sds(self, value: float, others: Array) -> Sequence[Array]:
        """A hundredth of sigma for a column of unit size."""
        sigma = self._sigma(value, others)
        return [sigma * unit for unit in self._units]

    def _rest_sizes(self) -> Array:
        return np.ones(int(self._with_sigma))
