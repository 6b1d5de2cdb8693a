"""The kernel in plain NumPy: the oracle of the tests and the place to read the mathematics.

Everything is dense and nothing is clever. With A = [Z X y]'W[Z X y], V = I + Z D Z' in the metric
of W, and P = V^-1 - V^-1 X (X'V^-1 X)^-1 X'V^-1, all that is needed follows from

    Z'V^-1 B = Z'B - Z'Z Lambda M^-1 Lambda' Z'B,    M = Lambda' Z'Z Lambda + I,

for B any of Z, X, y (Woodbury). Derivatives along a change E of D (as V_E = Z E Z'):

    d log|V|  = tr(Z'V^-1 Z E),                d2 = -tr(Z'V^-1 Z E Z'V^-1 Z F),
    with REML P takes the place of V^-1 in both,
    d r2 = -e'E e,  e = Z'P y,                 d2 = 2 e'E (Z'P Z) F e.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from tests.oracle.penalty import add_gamma, add_hessian, total

from ranef.core.penalty import NO_PENALTY, Penalty
from ranef.core.protocol import NEWTON, Curvature, Direction, Layout, Optimum, TermBlock
from ranef.core.sums import CrossProducts
from ranef.problem import Problem
from ranef.types import Array

__all__ = ["ReferenceKernel", "kernel_of"]


def kernel_of(problem: Problem) -> ReferenceKernel:
    """A new dense workspace for the criterion of a problem on the data's scale."""
    constant = problem.scaling.criterion_constant(problem.nu, problem.reml)
    if problem.prior is not None:
        constant += problem.prior.fixed_constant()
    return ReferenceKernel(problem.products, problem.reml, constant, problem.penalty())


class ReferenceKernel:
    """One criterion with its working memory, dense (see :class:`~ranef.core.Kernel`)."""

    def __init__(
        self,
        products: CrossProducts,
        reml: bool,
        constant: float = 0.0,
        penalty: Penalty = NO_PENALTY,
    ) -> None:
        self._a = products.dense()
        self._penalty = penalty
        if penalty.fixed_rows is not None:
            fixed = slice(self._a.shape[0] - products.p - 1, None)
            self._a[fixed, fixed] += penalty.fixed_rows.T @ penalty.fixed_rows
        self._sizes = products.sizes
        self._p = products.p
        self._reml = reml
        self._constant = constant - products.sum_log_weights
        self.nu = float(products.n + penalty.n_fixed - (products.p if reml else 0))
        self.work = int(self._a.size)
        self._ends = np.cumsum([0, *(levels * q for levels, q in products.sizes)])

    @property
    def layout(self) -> Layout:
        size = int(self._ends[-1])
        return Layout((), tuple(range(len(self._sizes))), size, 0, "dense products")

    def evaluate(self, lambda_: Sequence[Array]) -> bool:
        size, p = int(self._ends[-1]), self._p
        z, xy = slice(0, size), slice(size, size + p + 1)
        a, big = self._a, self._spread(lambda_)
        m = big.T @ a[z, z] @ big + np.eye(size)
        try:
            chol = np.linalg.cholesky(m)
            half = np.linalg.solve(chol, big.T @ a[z, :])
            c = a - half.T @ half  # [Z X y]'V^-1[Z X y]
            chol_x = np.linalg.cholesky(c[xy, xy][:p, :p])
        except np.linalg.LinAlgError:
            return False
        self._c, self._big, self._m = c, big, m
        x, y = slice(size, size + p), size + p
        self.xx_inverse = np.linalg.inv(c[x, x])
        self.beta = self.xx_inverse @ c[x, y]
        self.r2 = float(c[y, y] - c[y, x] @ self.beta)
        self.log_determinant = 2.0 * float(np.log(np.diag(chol)).sum())
        self.log_determinant_x = 2.0 * float(np.log(np.diag(chol_x)).sum())
        self.value = (
            self.log_determinant
            + (self.log_determinant_x if self._reml else 0.0)
            + self.nu * (1.0 + np.log(2.0 * np.pi * self.r2 / self.nu))
            + self._constant
            + total(self._penalty, list(lambda_))
        )
        self._lambda = list(lambda_)
        zx = c[z, x]
        self._zpz = c[z, z] - zx @ self.xx_inverse @ zx.T  # Z'P Z
        self._trace = self._zpz if self._reml else c[z, z]
        self._e = c[z, y] - zx @ self.beta  # Z'P y
        return bool(np.isfinite(self.value) and self.r2 > 0.0)

    @property
    def rounding(self) -> float:
        share = min(float(self._a[-1, -1]) / self.r2, 1e12)
        levels = sum(n for n, _ in self._sizes)
        size = 32.0 * abs(self.value) + (4.0 + 2.0 * np.sqrt(levels)) * self.nu * share
        return float(np.finfo(float).eps * size)

    def gamma(self) -> list[Array]:
        full = self._trace - (self.nu / self.r2) * np.outer(self._e, self._e)
        out = [
            sum((full[s, s] for s in self._levels(g)), np.zeros((q, q)))
            for g, (_, q) in enumerate(self._sizes)
        ]
        add_gamma(self._penalty, out, self._lambda)
        return out

    def hessian(self, directions: Sequence[Direction]) -> Curvature:
        size, p, k = int(self._ends[-1]), self._p, len(directions)
        spread = [self._direction(d) for d in directions]
        zx = self._c[:size, size : size + p]
        scores = [s @ self._e for s in spread]
        r2 = np.array([-self._e @ score for score in scores])
        hessian = np.zeros((k, k))
        for s in range(k):
            for t in range(k):
                trace = np.sum((self._trace @ spread[s]) * (self._trace @ spread[t]).T)
                form = scores[s] @ self._zpz @ scores[t]
                hessian[s, t] = -trace + (2.0 * self.nu / self.r2) * form
        hessian -= (self.nu / self.r2**2) * np.outer(r2, r2)
        add_hessian(self._penalty, list(directions), hessian, self._lambda)
        xx = np.array([-(zx.T @ s @ zx) for s in spread]).reshape(k, p, p)
        return Curvature(hessian, r2, xx)

    def average_information(self, directions: Sequence[Direction]) -> Array:
        scores = np.array([self._direction(d) @ self._e for d in directions])
        d = -scores @ self._e
        out = np.asarray(
            (self.nu / self.r2) * (scores @ self._zpz @ scores.T)
            - (self.nu / self.r2**2) * np.outer(d, d)
        )
        add_hessian(self._penalty, list(directions), out, self._lambda)
        return out

    def modes(self) -> list[Array]:
        b = self._big @ (self._big.T @ self._e)
        return [
            b[self._ends[g] : self._ends[g + 1]].reshape(levels, q)
            for g, (levels, q) in enumerate(self._sizes)
        ]

    def conditional_variances(self) -> list[Array]:
        full = self._big @ np.linalg.solve(self._m, self._big.T)
        return [np.array([full[s, s] for s in self._levels(g)]) for g in range(len(self._sizes))]

    def moment_start(self, terms: Sequence[TermBlock]) -> Array:
        """Rao's (1971) MINQUE with no prior variances.

        Solves, for s2 and C = s2 D, sum e_j'Ee_j = s2 sum tr(A_jj E) + sum tr(E A_jk C_k A_kj) for
        E in a basis of each factor, and r2 = s2 nu + sum tr(A C); j and k are levels, k those of
        all factors, A = Z'WZ, under REML less what X explains of it (few levels there). Eigenvalues
        of D are kept within [0.0025, 25].
        """
        self.evaluate([np.zeros((q, q)) for _, q in self._sizes])
        size = self._e.shape[0]
        z = self._a[:size, :size]
        if self._reml and self.beta.size:
            zx, xx = self._a[:size, size:-1], self._a[size:-1, size:-1]
            z = z - zx @ np.linalg.solve(xx, zx.T)
        forms: list[Array] = []  # E of each unknown on all random effects
        units: list[tuple[int, Array]] = []
        for g, (_, q) in enumerate(self._sizes):
            for b in range(q):
                for a in range(b, q):
                    e = np.zeros((q, q))
                    e[a, b] += 0.5
                    e[b, a] += 0.5
                    whole = np.zeros_like(z)
                    for s in self._levels(g):
                        whole[s, s] = e
                    forms.append(whole)
                    units.append((g, e))
        k = len(forms)
        system = np.zeros((k + 1, k + 1))
        system[0, 0] = self.nu
        system[0, 1:] = system[1:, 0] = [np.sum(z * e) for e in forms]
        both_sides = [z @ e @ z for e in forms]
        system[1:, 1:] = [[np.sum(zez * f) for f in forms] for zez in both_sides]
        right = [self.r2, *(self._e @ e @ self._e for e in forms)]
        found = np.linalg.lstsq(system, np.array(right))[0]
        s2 = max(found[0], 0.05 * self.r2 / self.nu)
        estimates = [np.zeros((q, q)) for _, q in self._sizes]
        for (g, e), value in zip(units, found[1:], strict=True):
            estimates[g] += value / s2 * e
        out = []
        for term in terms:
            s = slice(term.offset, term.offset + term.q)
            values, vectors = np.linalg.eigh(estimates[term.group][s, s])
            root = np.linalg.cholesky((vectors * np.clip(values, 2.5e-3, 25.0)) @ vectors.T)
            out.append(root.T[np.triu_indices(term.q)])
        return np.concatenate(out)

    def optimise(
        self,
        terms: Sequence[TermBlock],
        start: Array,
        max_evaluations: int,
        gain: float,
        method: str = NEWTON,
    ) -> Optimum:
        """SciPy's searches with the exact gradient (and Hessian); no escapes."""
        from scipy.optimize import minimize

        entries = [
            (t.group, t.offset + a, t.offset + b)
            for t in terms
            for b in range(t.q)
            for a in range(b, t.q)
        ]
        count = 0

        def lambdas(theta: Array) -> list[Array]:
            out = [np.zeros((q, q)) for _, q in self._sizes]
            for value, (g, a, b) in zip(theta, entries, strict=True):
                out[g][a, b] = value
            return out

        def value(theta: Array) -> float:
            nonlocal count
            count += 1
            return self.value if self.evaluate(lambdas(theta)) else np.inf

        def gradient(theta: Array) -> Array:
            at = lambdas(theta)
            self.evaluate(at)
            product = [2.0 * g @ m for g, m in zip(self.gamma(), at, strict=True)]
            return np.array([product[g][a, b] for g, a, b in entries])

        def hessian(theta: Array) -> Array:
            at = lambdas(theta)
            self.evaluate(at)
            directions = []
            for g, a, b in entries:
                d = np.zeros_like(at[g])
                d[a] = at[g][:, b]
                directions.append(Direction(g, d + d.T))
            out = self.hessian(directions).hessian
            gamma = self.gamma()
            for s, (g, a, b) in enumerate(entries):
                for t, (h, c, d2) in enumerate(entries):
                    if g == h and b == d2:
                        out[s, t] += 2.0 * gamma[g][a, c]
            return out

        if max_evaluations <= 1:
            return Optimum(start, value(start), "evaluation limit", 1, 0, method, ())
        newton = method == NEWTON
        found = minimize(
            value,
            start,
            jac=gradient,
            hess=hessian if newton else None,
            method="trust-exact" if newton else "l-bfgs-b",
            options={"maxiter": max_evaluations, "gtol": 1e-9 * abs(value(start))},
        )
        self.evaluate(lambdas(found.x))
        return Optimum(found.x, self.value, "converged", count, 0, method, ())

    def _levels(self, group: int) -> list[slice]:
        levels, q = self._sizes[group]
        first = int(self._ends[group])
        return [slice(first + j * q, first + (j + 1) * q) for j in range(levels)]

    def _spread(self, blocks: Sequence[Array]) -> Array:
        out = np.zeros((self._ends[-1], self._ends[-1]))
        for g, block in enumerate(blocks):
            for s in self._levels(g):
                out[s, s] = block
        return out

    def _direction(self, direction: Direction) -> Array:
        zero = [np.zeros((q, q)) for _, q in self._sizes]
        zero[direction.group] = direction.d
        return self._spread(zero)
