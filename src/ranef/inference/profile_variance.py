"""A variance parameter held at a value: points of its profile."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ranef.core import Direction
from ranef.covariance import semidefinite_cholesky
from ranef.inference.profile_points import Point, broke_down
from ranef.inference.profile_search import GAIN, Lowest, lowest
from ranef.problem import Problem
from ranef.problem.parameters import place
from ranef.types import Array

__all__ = ["VarianceParameter"]


class VarianceParameter:
    """A standard deviation, a correlation or sigma held at a value, by Newton's method.

    The deviance as a function of D = Lambda Lambda' and sigma,

        F = log|V| + n log(2 pi sigma^2) + r2 / sigma^2,

    is minimised over the lower triangles T of the absolute covariances T T' and log sigma. The
    coefficients of the parameter's term are put first: the standard deviation of the first is
    T_11, the correlation of the first two r, where T_21 = b r and T_22 = b (1 - r^2)^(1/2). All
    derivatives are exact: the kernel has those of F with respect to D at a fixed sigma. Sigma
    moves D, which shrinks as sigma grows, and beside D

        dF / dlog(sigma) = 2 n - 2 r2 / sigma^2.
    """

    def __init__(self, problem: Problem, kind: str, term: int, i: int, j: int) -> None:
        kernel = problem.kernel()
        self._kernel = kernel
        self._problem = problem
        self._kind, self._term = kind, term
        self._widths = [q for _, q in problem.products.sizes]
        self._orders = [np.arange(t.q) for t in problem.terms]
        if term >= 0:
            first = [k for k in (i, j) if k >= 0]
            rest = [k for k in range(problem.terms[term].q) if k not in first]
            self._orders[term] = np.array([*first, *rest])
        self._free = self._free_entries()
        # T_11 and b of a correlation are standard deviations.
        self._bounded = [self._free.index((term, a, 0)) for a in (0, 1)] if kind == "cor" else []
        self._edges: list[Array] | None = None

    def _free_entries(self) -> list[tuple[int, int, int]]:
        """(term, row, column) of the entries of T that are searched over."""
        entries = []
        for k, term in enumerate(self._problem.terms):
            for b in range(term.q):
                for a in range(b, term.q):
                    held = k == self._term and (
                        (self._kind == "sd" and (a, b) == (0, 0))
                        or (self._kind == "cor" and (a, b) == (1, 1))
                    )
                    if not held:
                        entries.append((k, a, b))
        return entries

    # -- from and to the parameters of the model ------------------------------------------------
    def start(self, covariances: list[Array], sigma: float) -> Array:
        """The others' values at the estimates."""
        values = []
        blocks = [
            semidefinite_cholesky(matrix[np.ix_(order, order)])
            for matrix, order in zip(covariances, self._orders, strict=True)
        ]
        for k, a, b in self._free:
            if self._kind == "cor" and k == self._term and (a, b) == (1, 0):
                values.append(float(np.hypot(blocks[k][1, 0], blocks[k][1, 1])))
            else:
                values.append(blocks[k][a, b])
        if self._kind != "sigma":
            values.append(float(np.log(sigma)))
        return np.array(values)

    def _blocks(self, value: float, others: Array) -> tuple[list[Array], list[Array], float]:
        """T of each term, its derivatives along the free entries, and log sigma."""
        blocks = [np.zeros((t.q, t.q)) for t in self._problem.terms]
        slopes = []
        for entry, x in zip(self._free, others, strict=False):
            k, a, b = entry
            slope = np.zeros_like(blocks[k])
            if self._kind == "cor" and k == self._term and (a, b) == (1, 0):
                slope[1, 0] = value
                slope[1, 1] = np.sqrt(max(0.0, 1.0 - value**2))
            else:
                slope[a, b] = 1.0
            blocks[k] += x * slope
            slopes.append(slope)
        if self._kind == "sd":
            blocks[self._term][0, 0] = value
        log_sigma = float(np.log(value) if self._kind == "sigma" else others[-1])
        return blocks, slopes, log_sigma

    # -- the deviance and its derivatives -------------------------------------------------------
    def _inner(self, k: int, block: Array) -> Array:
        """A block of term k (own order of coefficients, data's scale) on the inner scale."""
        back = np.empty_like(block)
        back[self._orders[k]] = block
        scaling = self._problem.scaling
        return np.asarray(np.linalg.solve(scaling.B[k], back) / scaling.y_scale)

    def _evaluate(self, value: float, others: Array) -> float:
        """The deviance; infinite where the arithmetic breaks down."""
        blocks, _, log_sigma = self._blocks(value, others)
        scaling = self._problem.scaling
        sigma = float(np.exp(log_sigma)) / scaling.y_scale
        lower = []
        for k, block in enumerate(blocks):
            root = self._inner(k, block) / sigma
            lower.append(np.asarray(np.linalg.qr(root.T, mode="r")).T)
        self._kernel.at_sigma(sigma)
        if not self._kernel.evaluate(place(self._problem.terms, lower, self._widths)):
            return np.inf
        return self._kernel.value

    def _derivatives(self, value: float, others: Array) -> tuple[Array, Array]:
        """Gradient and Hessian at the point the kernel stands at."""
        blocks, slopes, log_sigma = self._blocks(value, others)
        kernel, problem, n = self._kernel, self._problem, self._problem.n
        s2 = float(np.exp(2.0 * log_sigma)) / problem.scaling.y_scale**2
        inner = [self._inner(k, block) for k, block in enumerate(blocks)]
        changes = [self._inner(k, s) for (k, _, _), s in zip(self._free, slopes, strict=True)]
        directions = []
        for (k, _, _), c in zip(self._free, changes, strict=True):
            d = (c @ inner[k].T + inner[k] @ c.T) / s2
            directions.append(self._direction(k, d))
        with_sigma = self._kind != "sigma"
        scale = [t @ t.T / s2 for t in inner]  # D of each term
        count = len(directions)
        if with_sigma:  # D shrinks as sigma grows; one direction a grouping factor
            total = place(problem.terms, scale, self._widths)
            shrink = [Direction(g, -2.0 * d) for g, d in enumerate(total)]
            directions += shrink
        curvature = kernel.hessian(directions)
        gamma = kernel.gamma()
        first = np.array([float(np.sum(gamma[d.group] * d.d)) for d in directions])
        # Sums over the grouping factors: one parameter, log sigma.
        add = np.eye(len(directions))[:, :count]
        if with_sigma:
            add = np.column_stack([add, np.r_[np.zeros(count), np.ones(len(directions) - count)]])
        g = add.T @ first
        h = add.T @ curvature.hessian @ add
        # The bend of D in the free entries, and sigma's own part.
        score = self._score(gamma)
        for s, ((k, _, _), c) in enumerate(zip(self._free, changes, strict=True)):
            for t, ((other, _, _), e) in enumerate(zip(self._free, changes, strict=True)):
                if k == other:
                    h[s, t] += 2.0 * float(np.sum(score[k] * (c @ e.T))) / s2
        if with_sigma:
            slope = first[:count]
            shrinking = float(first[count:].sum())
            h[:count, -1] += -2.0 * slope
            h[-1, :count] += -2.0 * slope
            h[-1, -1] += -2.0 * shrinking
            # r2 / sigma^2 depends on sigma beside D, too.
            ratio = kernel.r2 / s2
            cross = -2.0 / s2 * (add.T @ curvature.r2)
            g[-1] += 2.0 * n - 2.0 * ratio
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

    def _score(self, gamma: list[Array]) -> list[Array]:
        """dF/dD of each term."""
        spans = [slice(t.offset, t.offset + t.q) for t in self._problem.terms]
        return [gamma[term.group][s, s] for term, s in zip(self._problem.terms, spans, strict=True)]

    def _sizes(self, value: float, others: Array) -> Array:
        """Natural size of each of the others: of a standard deviation itself, or a hundredth of
        sigma for a column of unit size where it is smaller."""
        blocks, _, log_sigma = self._blocks(value, others)
        sigma = float(np.exp(log_sigma))
        rows = []
        for block, order, base in zip(blocks, self._orders, self._problem.scaling.B, strict=True):
            unit = np.linalg.norm(base, axis=1)[order]
            rows.append(np.maximum(np.linalg.norm(block, axis=1), 1e-2 * sigma * unit))
        sizes = [rows[k][a] for k, a, _ in self._free]
        return np.array([*sizes, 1.0] if self._kind != "sigma" else sizes)

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
            )

        best: Lowest | None = None
        for start in sorted(starts, key=deviance):
            found = search(start)
            if best is None or found.deviance < best.deviance:
                best = found
            if found.certified:
                break
        if self._bounded and self._edges is None:
            self._edges = [self._edge(k, starts[0]) for k in self._bounded]
        for edge in self._edges or ():
            if best is None or deviance(edge) < best.deviance - GAIN:
                best = search(edge)
        if best is None or not np.isfinite(best.deviance):
            raise broke_down(value)
        return Point(value, best.deviance, best.x, best.certified)

    def _edge(self, k: int, start: Array) -> Array:
        """The others at their best with a standard deviation of zero in place k.

        A correlation with an effect that does not vary has no bearing on the deviance: this is a
        point of the profile of every correlation, and a valley of its own.
        """
        rest = np.delete(np.arange(start.size), k)

        def whole(x: Array) -> Array:
            return np.insert(x, k, 0.0)

        def derivatives(x: Array) -> tuple[Array, Array]:
            g, h = self._derivatives(0.0, whole(x))
            return g[rest], h[np.ix_(rest, rest)]

        found = lowest(
            lambda x: self._evaluate(0.0, whole(x)),
            derivatives,
            lambda x: self._sizes(0.0, whole(x))[rest],
            start[rest],
            [j - (j > k) for j in self._bounded if j != k],
        )
        return whole(found.x)
