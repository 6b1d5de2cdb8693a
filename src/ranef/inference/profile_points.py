"""Points of a profile: the deviance left when one parameter is held at a value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from scipy.linalg import null_space

from ranef.errors import NumericalError
from ranef.kernel import CoreKernel, Direction, change_fixed
from ranef.problem import Problem
from ranef.problem.parameters import place, semidefinite_cholesky
from ranef.record import record
from ranef.types import Array

__all__ = ["FixedEffect", "Point", "Profiled", "VarianceParameter"]

MOST_STEPS = 60
GAIN = 1e-9  # deviance units left when a point counts as minimal


@record(frozen=True, slots=True)
class Point:
    """A value of the parameter, the smallest deviance there, and where the others stand."""

    value: float
    deviance: float
    others: Array


class Profiled(Protocol):
    """One parameter to hold; ML, on the data's scale."""

    def at(self, value: float, starts: Sequence[Array]) -> Point:
        """The point at `value`, searched for from values of the others, the likeliest first."""
        ...


class FixedEffect:
    """Coefficient `which` of the fixed part held at a value.

    With beta = beta_0 + N gamma on the line where the coefficient has its value, the model is one
    in the columns X N for the response y - X beta_0: a congruence of the cross-products.
    """

    def __init__(self, problem: Problem, which: int, gain: float) -> None:
        scaling = problem.scaling
        self._problem = problem
        self._row = scaling.y_scale * scaling.R[which]
        self._free = null_space(self._row[None, :])
        self._origin = scaling.y_shift if which == scaling.intercept else 0.0
        self._constant = scaling.criterion_constant(problem.nu, reml=False)
        self._gain = gain

    def at(self, value: float, starts: Sequence[Array]) -> Point:
        p = self._problem.p
        change = np.zeros((p + 1, p))
        change[:p, : p - 1] = self._free
        change[:p, p - 1] = -self._row * ((value - self._origin) / (self._row @ self._row))
        change[p, p - 1] = 1.0
        products = change_fixed(self._problem.products, change)
        kernel = CoreKernel(products, False, self._constant)
        found = kernel.optimise(self._problem.terms, starts[0], 500, self._gain)
        if found.status == "broke down":
            raise _broke_down(value)
        return Point(value, found.criterion, found.theta)


class VarianceParameter:
    """A standard deviation, a correlation or sigma held at a value, by Newton's method.

    The deviance as a function of D = Lambda Lambda' and sigma,

        F = log|V| + n log(2 pi sigma^2) + r2 / sigma^2,

    is minimised over the lower triangles T of the absolute covariances T T' and log sigma. The
    coefficients of the parameter's term are put first: the standard deviation of the first is
    T_11, the correlation of the first two r, where T_21 = b r and T_22 = b (1 - r^2)^(1/2). All
    derivatives are exact: with f the profiled criterion, d = dr2 and Q = d2r2 / 2 (which average
    information holds),

        d2F = d2f + (n / r2^2) d d' + 2 (1 / sigma^2 - n / r2) Q   along directions of D.
    """

    def __init__(self, problem: Problem, kind: str, term: int, i: int, j: int) -> None:
        kernel = problem.kernel()
        assert isinstance(kernel, CoreKernel)
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
        self._constant = -float(problem.products.sum_log_weights)

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
        """The others' values at the estimates; null directions are lifted a little."""
        values = []
        blocks = []
        for matrix, order in zip(covariances, self._orders, strict=True):
            own = matrix[np.ix_(order, order)]
            lifted = own + 1e-4 * np.diag(np.diag(own) + 1e-2 * sigma**2)
            t = semidefinite_cholesky(own)
            blocks.append(t if np.all(np.diag(t) > 0.0) else semidefinite_cholesky(lifted))
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
    def _second(self, others: Array) -> float:
        """Standard deviation, with a sign, of the second coefficient of a correlation."""
        return float(others[self._free.index((self._term, 1, 0))])

    def _inner(self, k: int, block: Array) -> Array:
        """A block of term k (own order of coefficients, data's scale) on the inner scale."""
        back = np.empty_like(block)
        back[self._orders[k]] = block
        scaling = self._problem.scaling
        return np.asarray(np.linalg.solve(scaling.B[k], back) / scaling.y_scale)

    def _evaluate(self, value: float, others: Array) -> float:
        """The deviance; infinite where the arithmetic breaks down or a correlation turns round."""
        blocks, _, log_sigma = self._blocks(value, others)
        if self._kind == "cor" and not blocks[self._term][0, 0] * self._second(others) > 0.0:
            return np.inf
        scaling = self._problem.scaling
        sigma = float(np.exp(log_sigma)) / scaling.y_scale
        lower = []
        for k, block in enumerate(blocks):
            root = self._inner(k, block) / sigma
            lower.append(np.asarray(np.linalg.qr(root.T, mode="r")).T)
        if not self._kernel.evaluate(place(self._problem.terms, lower, self._widths)):
            return np.inf
        n = self._problem.n
        return float(
            self._kernel.log_determinant
            + n * np.log(2.0 * np.pi * np.exp(2.0 * log_sigma))
            + self._kernel.r2 / sigma**2
            + self._constant
        )

    def _derivatives(self, value: float, others: Array) -> tuple[Array, Array]:
        """Gradient and Hessian at the point the kernel stands at."""
        blocks, slopes, log_sigma = self._blocks(value, others)
        kernel, problem, n = self._kernel, self._problem, self._problem.n
        s2 = float(np.exp(2.0 * log_sigma)) / problem.scaling.y_scale**2
        kappa, r2 = n / kernel.r2, kernel.r2
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
        slope_r2 = curvature.r2
        outer = np.outer(slope_r2, slope_r2)
        q = (kernel.average_information(directions) + kappa / r2 * outer) / kappa
        second = curvature.hessian + kappa / r2 * outer + 2.0 * (1.0 / s2 - kappa) * q
        gamma = kernel.gamma()
        first = np.array([float(np.sum(gamma[d.group] * d.d)) for d in directions])
        first += (1.0 / s2 - kappa) * slope_r2
        # Sums over the grouping factors: one parameter, log sigma.
        add = np.eye(len(directions))[:, :count]
        if with_sigma:
            add = np.column_stack([add, np.r_[np.zeros(count), np.ones(len(directions) - count)]])
        g = add.T @ first
        h = add.T @ second @ add
        # The bend of D in the free entries, and sigma's own part.
        score = self._score(gamma, kappa, s2)
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
            ratio = r2 / s2
            cross = -2.0 / s2 * (add.T @ slope_r2)
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

    def _score(self, gamma: list[Array], kappa: float, s2: float) -> list[Array]:
        """dF/dD of each term: Gamma with n / r2 replaced by 1 / sigma^2."""
        excess = [-(1.0 / s2 - kappa) * e.T @ e for e in self._kernel.residual_scores()]
        out = []
        for term in self._problem.terms:
            s = slice(term.offset, term.offset + term.q)
            out.append(gamma[term.group][s, s] + excess[term.group][s, s])
        return out

    def at(self, value: float, starts: Sequence[Array]) -> Point:
        deviance, others = min(
            ((self._evaluate(value, start), start) for start in starts), key=lambda pair: pair[0]
        )
        if not np.isfinite(deviance):
            raise _broke_down(value)
        self._evaluate(value, others)
        for _ in range(MOST_STEPS if others.size else 0):
            g, h = self._derivatives(value, others)
            eigenvalues, vectors = np.linalg.eigh(h)
            floor = 1e-10 * max(1.0, float(np.abs(eigenvalues).max()))
            step = -(vectors / np.maximum(np.abs(eigenvalues), floor)) @ (vectors.T @ g)
            gain = -0.5 * float(g @ step)
            length = 1.0
            while length > 1e-8:
                trial = self._evaluate(value, others + length * step)
                if trial <= deviance - 0.1 * length * gain or (gain < GAIN and trial <= deviance):
                    break
                length *= 0.25
            else:
                self._evaluate(value, others)
                break
            others, deviance = others + length * step, trial
            if gain < GAIN:
                break
        return Point(value, deviance, others)


def _broke_down(value: float) -> NumericalError:
    return NumericalError(
        "the deviance cannot be computed on a profile", found=f"the parameter at {value:.6g}"
    )
