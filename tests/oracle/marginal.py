"""The marginal likelihood of a generalised model, dense and from its definition.

Rows have log-densities l_i(eta_i, psi_i) with eta = o + X beta + Z b and b = Lambda u, u ~ N(0, I).
Lambda repeats the Lambda of a factor for every level; Z has the columns of all levels. Laplace's
method replaces the integral over u by that of the Gaussian with the same peak and curvature:

    h(u) = sum l - u'u / 2,   u^ = argmax h,   M = -h''(u^) = I + Lambda'Z'WZ Lambda,   W = -l'',
    F    = -2 sum l + u^'u^ + log|M|.

`laplace` and `gradient` evaluate this, `quadrature` the integral by a product rule about the peak,
`integral` by a sum over a fixed grid that knows no peak. Coefficients are beta, and then those of
each channel of psi.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np
from scipy.linalg import block_diag, cho_factor, cho_solve, solve_triangular
from tests.oracle.families import Family
from tests.oracle.taylor import Array, Taylor


@dataclass(frozen=True)
class Term:
    """Random effects of one grouping factor: q columns by row, and the level of each row."""

    columns: Array
    codes: Array

    @property
    def levels(self) -> int:
        return int(self.codes.max()) + 1

    def Z(self) -> Array:
        n, q = self.columns.shape
        z = np.zeros((n, self.levels, q))
        z[np.arange(n), self.codes] = self.columns
        return z.reshape(n, -1)


@dataclass(frozen=True)
class Model:
    """`channels` holds the columns that make up psi of each channel, by default a constant."""

    family: Family
    y: Array
    X: Array
    terms: tuple[Term, ...]
    weights: Array
    offset: Array
    channels: tuple[Array, ...]

    def Z(self) -> Array:
        return np.hstack([term.Z() for term in self.terms])

    def Lambda(self, blocks: Sequence[Array]) -> Array:
        pairs = zip(self.terms, blocks, strict=True)
        return block_diag(*(np.kron(np.eye(term.levels), block) for term, block in pairs))

    def split(self, coefficients: Array) -> tuple[Array, list[Array]]:
        """o + X beta, and psi of every channel."""
        widths = [self.X.shape[1], *(c.shape[1] for c in self.channels)]
        beta, *rest = np.split(np.asarray(coefficients, dtype=float), np.cumsum(widths)[:-1])
        psi = [columns @ part for columns, part in zip(self.channels, rest, strict=True)]
        return self.offset + self.X @ beta, psi

    def loglik(self, eta: Array, psi: Sequence[Array]) -> Array:
        return self.family.loglik(self.y, self.weights, eta, psi)

    def rows(self, eta: Array, psi: Sequence[Array], direction: Array | None = None) -> Taylor:
        way = np.zeros(len(psi)) if direction is None else direction
        return self.family.derivatives(self.y, self.weights, eta, psi, way)


def make_model(
    family: Family,
    y: Array,
    X: Array,
    terms: Sequence[Term],
    weights: Array | None = None,
    offset: Array | None = None,
    channels: Sequence[Array] | None = None,
) -> Model:
    n = len(y)
    ones = tuple(np.ones((n, 1)) for _ in range(family.channels))
    return Model(
        family,
        np.asarray(y, dtype=float),
        np.asarray(X, dtype=float),
        tuple(terms),
        np.ones(n) if weights is None else np.asarray(weights, dtype=float),
        np.zeros(n) if offset is None else np.asarray(offset, dtype=float),
        ones if channels is None else tuple(channels),
    )


@dataclass(frozen=True)
class Modes:
    """u^, and Z Lambda, eta, psi and -h'' there."""

    u: Array
    C: Array
    eta: Array
    psi: list[Array]
    M: Array


def modes(model: Model, blocks: Sequence[Array], coefficients: Array) -> Modes:
    """Newton's method for u; a step is halved until h rises."""
    fixed, psi = model.split(coefficients)
    C = model.Z() @ model.Lambda(blocks)
    u = np.zeros(C.shape[1])

    def h(u: Array) -> float:
        value = np.sum(model.loglik(fixed + C @ u, psi)) - u @ u / 2
        return float(value) if np.isfinite(value) else -np.inf

    for _ in range(200):
        rows = model.rows(fixed + C @ u, psi)
        M = np.eye(u.size) - (C.T * rows.derivative(2)) @ C
        slope = C.T @ rows.derivative(1) - u
        step = np.linalg.solve(_positive(M), slope)
        if slope @ step < 1e-24 * (1 + u @ u):
            return Modes(u, C, fixed + C @ u, psi, M)
        here, size = h(u), 1.0
        while h(u + size * step) < here - 1e-12 * abs(here) and size > 1e-12:
            size /= 2
        u = u + size * step
    raise ArithmeticError("the modes were not found in 200 steps")


def _positive(M: Array) -> Array:
    """M, or where h is not concave a matrix whose steps still lead uphill."""
    values, vectors = np.linalg.eigh(M)
    return M if values[0] > 1e-8 else (vectors * np.maximum(np.abs(values), 1e-3)) @ vectors.T


def laplace(
    model: Model, blocks: Sequence[Array], coefficients: Array, expected: bool = False
) -> float:
    """F. With `expected` the determinant has the expected information in the place of W."""
    at = modes(model, blocks, coefficients)
    M = at.M
    if expected:
        assert model.family.information is not None
        W = model.family.information(model.weights, at.eta, *at.psi)
        M = np.eye(at.u.size) + (at.C.T * W) @ at.C
    loglik = model.loglik(at.eta, at.psi).sum()
    return float(-2 * loglik + at.u @ at.u + np.linalg.slogdet(M)[1])


@dataclass(frozen=True)
class Gradient:
    """dF/dD of each factor, symmetric, and dF by the coefficients."""

    gamma: list[Array]
    slopes: Array


def gradient(model: Model, blocks: Sequence[Array], coefficients: Array) -> Gradient:
    """F depends on the parameters directly and through u^, where h' = 0: du^ = M^-1 (dh')."""
    at = modes(model, blocks, coefficients)
    rows = model.rows(at.eta, at.psi)
    g, W, T = rows.derivative(1), -rows.derivative(2), -rows.derivative(3)
    Z, Lambda = model.Z(), model.Lambda(blocks)
    P = Lambda @ np.linalg.solve(at.M, Lambda.T)  # conditional covariance of b
    ZP = Z @ P
    leverage = np.einsum("ij,ij->i", ZP, Z)
    a = T * leverage  # dlog|M|/d eta
    r = ZP @ (Z.T @ a)  # what a brings about through the modes
    slopes = [model.X.T @ (a - W * r - 2 * g)]
    for channel, columns in enumerate(model.channels):
        way = np.eye(len(model.channels))[channel]
        d = model.rows(at.eta, at.psi, way)
        change = -2 * d.derivative(0, 1) - leverage * d.derivative(2, 1) + r * d.derivative(1, 1)
        slopes.append(columns.T @ change)
    A = (Z.T * W) @ Z
    D = Lambda @ Lambda.T
    K = np.linalg.inv(np.eye(len(A)) + A @ D)
    e, t = Z.T @ g, K @ (Z.T @ a)
    full = K @ A - np.outer(e, e) + (np.outer(t, e) + np.outer(e, t)) / 2
    gamma, start = [], 0
    for term in model.terms:
        q = term.columns.shape[1]
        ends = start + q * np.arange(term.levels + 1)
        gamma.append(sum(full[i:j, i:j] for i, j in pairwise(ends)))
        start = int(ends[-1])
    return Gradient(gamma, np.concatenate(slopes))


def joint_modes(model: Model, blocks: Sequence[Array], start: Array) -> Array:
    """Coefficients beta that together with u maximise h: where lme4's nAGQ = 0 ends."""
    C = model.Z() @ model.Lambda(blocks)
    p = model.X.shape[1]
    design = np.hstack([model.X, C])
    at = np.concatenate([start[:p], np.zeros(C.shape[1])])
    penalty = np.r_[np.zeros(p), np.ones(C.shape[1])]
    _, psi = model.split(start)
    for _ in range(100):
        rows = model.rows(model.offset + design @ at, psi)
        slope = design.T @ rows.derivative(1) - penalty * at
        step = np.linalg.solve(np.diag(penalty) - (design.T * rows.derivative(2)) @ design, slope)
        at = at + step
        if slope @ step < 1e-24:
            break
    return np.concatenate([at[:p], start[p:]])


def quadrature(model: Model, blocks: Sequence[Array], coefficients: Array, nodes: int) -> float:
    """Adaptive Gauss-Hermite quadrature for one factor, by the product of `nodes` points an axis.

    For every level, u = u^ + R z with R R' = M^-1 and I = |R| sum w exp(z'z/2 - h(u)).
    """
    (term,) = model.terms
    q = term.columns.shape[1]
    at = modes(model, blocks, coefficients)
    fixed, _ = model.split(coefficients)
    points, weights = np.polynomial.hermite_e.hermegauss(nodes)
    weights = weights / np.sqrt(2 * np.pi)
    logs = []
    for index in product(range(nodes), repeat=q):
        z = points[list(index)]
        u = at.u.copy().reshape(-1, q)
        for j in range(term.levels):
            own = slice(j * q, (j + 1) * q)
            u[j] += solve_triangular(np.linalg.cholesky(at.M[own, own]), z, lower=True, trans=1)
        h = model.loglik(fixed + at.C @ u.ravel(), at.psi)
        by_level = np.bincount(term.codes, h, term.levels) - np.sum(u**2, axis=1) / 2
        logs.append(by_level + z @ z / 2 + np.log(weights[list(index)]).sum())
    sizes = [np.linalg.slogdet(at.M[j : j + q, j : j + q])[1] for j in range(0, at.u.size, q)]
    return float(-2 * np.sum(np.logaddexp.reduce(logs, axis=0)) + np.sum(sizes))


def integral(
    model: Model, blocks: Sequence[Array], coefficients: Array, points: int = 400, reach: float = 12
) -> float:
    """-2 log of the integral over u, one factor, by the trapezoidal rule on [-reach, reach]^q.

    For integrands that are smooth and vanish at the ends the rule's error falls faster than any
    power of the spacing.
    """
    (term,) = model.terms
    q = term.columns.shape[1]
    axis = np.linspace(-reach, reach, points)
    grid = np.stack(np.meshgrid(*([axis] * q), indexing="ij"), axis=-1).reshape(-1, q)
    fixed, psi = model.split(coefficients)
    log_density = -np.sum(grid**2, axis=1) / 2 - q / 2 * np.log(2 * np.pi)
    total = 0.0
    for j in range(term.levels):
        sums = log_density.copy()
        for i in np.flatnonzero(term.codes == j):
            eta = fixed[i] + grid @ (blocks[0].T @ term.columns[i])
            y, w = np.full(len(eta), model.y[i]), np.full(len(eta), model.weights[i])
            sums += model.family.loglik(y, w, eta, [np.full(len(eta), p[i]) for p in psi])
        total += np.logaddexp.reduce(sums) + q * np.log(axis[1] - axis[0])
    return float(-2 * total)


def richardson(f: Callable[[Array], Array | float], x: Array, step: float = 1e-2) -> Array:
    """The derivatives of f by central differences of four spacings, extrapolated to none.

    The last axis is that of x.
    """
    x = np.asarray(x, dtype=float)
    out = []
    for k in range(x.size):
        way = np.eye(x.size)[k] * max(1.0, abs(x[k]))
        scale = max(1.0, abs(x[k]))
        table = []
        for level in range(4):
            s = step / 2**level
            slope = (np.asarray(f(x + s * way)) - np.asarray(f(x - s * way))) / (2 * s * scale)
            table.append(slope)
        for order in range(1, 4):
            ratio = 4.0**order
            pairs = zip(table[1:], table[:-1], strict=True)
            table = [(ratio * fine - coarse) / (ratio - 1) for fine, coarse in pairs]
        out.append(table[0])
    return np.stack(out, axis=-1)


def covariance(hessian: Array) -> Array:
    """Of the estimates, from the second derivatives of F = -2 log L."""
    return 2 * np.asarray(cho_solve(cho_factor(hessian), np.eye(len(hessian))))
