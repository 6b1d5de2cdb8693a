"""A variance parameter held at a value: points of its profile."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ranef.core import Direction
from ranef.inference.parameters import Parameter
from ranef.inference.profile_points import Point, broke_down
from ranef.inference.profile_search import GAIN, Lowest, lowest
from ranef.inference.profile_terms import HeldTerm, held_term
from ranef.problem import Problem
from ranef.problem.parameters import parts, place
from ranef.types import Array

__all__ = ["VarianceParameter"]

SMALL = 1e-2
"""The least natural size of a standard deviation, over sigma and for a column of unit size."""
LEAST_SIGMA = 1e-3
"""Of the estimate."""


class VarianceParameter:
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
        self._kernel = problem.kernel()
        self._problem = problem
        self._held = parameter
        self._widths = [q for _, q in problem.products.sizes]
        self._terms: list[HeldTerm] = [
            held_term(block, parameter if k == parameter.term else None)
            for k, block in enumerate(problem.terms)
        ]
        self._ends = np.cumsum([term.size for term in self._terms])
        start = 0 if parameter.term < 1 else int(self._ends[parameter.term - 1])
        own = self._terms[parameter.term] if parameter.kind == "cor" else None
        self._bounded = [start + k for k in own.bounded] if own else []
        self._with_sigma = parameter.kind != "sigma"
        self._estimate, self._least = sigma, LEAST_SIGMA * sigma
        if self._with_sigma:
            self._bounded.append(-1)  # log(sigma / least), the last of the others
        self._without = [[start + k for k in edge] for edge in own.edges] if own else []
        self._edges: list[Array] | None = None
        # From columns on the data's scale to inner ones, over the inner scale of the response.
        self._to_inner = [np.linalg.inv(b) / problem.scaling.y_scale for b in problem.scaling.B]
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

    def _split(self, others: Array) -> list[Array]:
        return np.split(others, self._ends)[:-1]

    def _sigma(self, value: float, others: Array) -> float:
        return self._least * float(np.exp(others[-1])) if self._with_sigma else value

    # -- the deviance and its derivatives -------------------------------------------------------
    def _evaluate(self, value: float, others: Array) -> float:
        """The deviance; infinite if it cannot be computed."""
        sigma = self._sigma(value, others) / self._problem.scaling.y_scale
        lower = []
        for term, own, change in zip(self._terms, self._split(others), self._to_inner, strict=True):
            root = term.root(value, own)
            if root is None:
                return np.inf
            square = np.zeros_like(change)
            triangle = np.asarray(np.linalg.qr((change @ root / sigma).T, mode="r")).T
            square[:, : triangle.shape[1]] = triangle
            lower.append(square)
        self._kernel.at_sigma(sigma)
        if not self._kernel.evaluate(place(self._problem.terms, lower, self._widths)):
            return np.inf
        return self._kernel.value

    def _derivatives(self, value: float, others: Array) -> tuple[Array, Array]:
        """Gradient and Hessian in local coordinates at the point the kernel stands at."""
        kernel, problem, split = self._kernel, self._problem, self._split(others)
        s2 = (self._sigma(value, others) / problem.scaling.y_scale) ** 2
        gamma = kernel.gamma()
        directions: list[Direction] = []
        bends: list[Array] = []
        total: list[Array] = []
        for block, term, own, change in zip(
            problem.terms, self._terms, split, self._to_inner, strict=True
        ):
            moves = change @ term.directions(value, own) @ change.T / s2
            directions += [self._direction(len(bends), d) for d in moves]
            at = slice(block.offset, block.offset + block.q)
            score = change.T @ gamma[block.group][at, at] @ change / s2
            bends.append(term.bend(value, own, score))
            root = term.root(value, own)
            assert root is not None
            moved = change @ root
            total.append(moved @ moved.T / s2)
        count = len(directions)
        if self._with_sigma:  # D shrinks as sigma grows; one direction a grouping factor
            whole = place(problem.terms, total, self._widths)
            directions += [Direction(g, -2.0 * d) for g, d in enumerate(whole)]
        curvature = kernel.hessian(directions)
        first = np.array([float(np.sum(gamma[d.group] * d.d)) for d in directions])
        # Sums over the grouping factors: one parameter, log sigma.
        add = np.eye(len(directions))[:, :count]
        if self._with_sigma:
            add = np.column_stack([add, np.r_[np.zeros(count), np.ones(len(directions) - count)]])
        g = add.T @ first
        h = add.T @ curvature.hessian @ add
        start = 0
        for bend in bends:
            h[start : start + len(bend), start : start + len(bend)] += bend
            start += len(bend)
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

    def _direction(self, k: int, d: Array) -> Direction:
        term = self._problem.terms[k]
        width = self._widths[term.group]
        full = np.zeros((width, width))
        s = slice(term.offset, term.offset + term.q)
        full[s, s] = d
        return Direction(term.group, full)

    def _sizes(self, value: float, others: Array) -> Array:
        """Natural size of each local coordinate: of a standard deviation itself, or a hundredth of
        sigma for a column of unit size where it is smaller."""
        sigma = self._sigma(value, others)
        sizes = [
            term.sizes(value, own, sigma * unit)
            for term, own, unit in zip(self._terms, self._split(others), self._units, strict=True)
        ]
        return np.concatenate([*sizes, np.ones(int(self._with_sigma))])

    def _moved(self, value: float, others: Array, step: Array) -> Array:
        out, start = [], 0
        for term, own in zip(self._terms, self._split(others), strict=True):
            out.append(term.moved(value, own, step[start : start + term.free]))
            start += term.free
        return np.concatenate([*out, others[self._ends[-1] :] + step[start:]])

    # -- the search -----------------------------------------------------------------------------
    def at(self, value: float, starts: Sequence[Array]) -> Point:
        def deviance(others: Array) -> float:
            return self._evaluate(value, others)

        def search(start: Array) -> Lowest:
            return lowest(
                deviance,
                lambda x: self._derivatives(value, x),
                lambda x: self._sizes(value, x),
                start,
                self._bounded,
                lambda x, step: self._moved(value, x, step),
            )

        best: Lowest | None = None
        for start in sorted(starts, key=deviance):
            found = search(start)
            if best is None or found.deviance < best.deviance:
                best = found
            if found.certified:
                break
        if self._edges is None:
            self._edges = [self._edge(zeros, starts[0]) for zeros in self._without]
        for edge in self._edges:
            if best is None or deviance(edge) < best.deviance - GAIN:
                best = search(edge)
        inside = None if best is None else self._lifted(value, best.x)
        if best is not None and inside is not None:
            found = search(inside)
            if found.deviance < best.deviance - GAIN:
                best = found
        if best is None or not np.isfinite(best.deviance):
            raise broke_down(value)
        return Point(value, best.deviance, best.x, best.certified)

    def _lifted(self, value: float, others: Array) -> Array | None:
        """Others off the folds of structures, where slopes vanish; None where none is on one."""
        split = self._split(others)
        found = [term.lifted(value, own) for term, own in zip(self._terms, split, strict=True)]
        if all(own is None for own in found):
            return None
        own = [old if new is None else new for old, new in zip(split, found, strict=True)]
        return np.concatenate([*own, others[self._ends[-1] :]])

    def _edge(self, zeros: Sequence[int], start: Array) -> Array:
        """The others at their best with standard deviations of zero in some places.

        A correlation with an effect that does not vary has no bearing on the deviance: this is a
        point of the profile of every correlation, and a valley of its own.
        """
        at = np.array(zeros, dtype=np.intp)

        def derivatives(x: Array) -> tuple[Array, Array]:
            g, h = self._derivatives(0.0, x)
            g[at] = h[at] = h[:, at] = 0.0
            h[at, at] = 1.0  # they stay where they are
            return g, h

        edge = start.copy()
        edge[at] = 0.0
        found = lowest(
            lambda x: self._evaluate(0.0, x),
            derivatives,
            lambda x: self._sizes(0.0, x),
            edge,
            self._bounded,
            lambda x, step: self._moved(0.0, x, step),
        )
        return found.x
