"""The criterion from a QR decomposition, and the lowest point that SciPy finds of it.

Nothing here comes from the package. The rows of ``[Z Lambda, X, y; I, 0, 0]`` are sorted by size,
so that Householder's method is stable row by row (Higham 2002, section 19.4). Of the digits of the
residual sum of squares it loses half as many as cross-products do. `Oracle.precise` computes the
same in extended precision, eleven bits more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

__all__ = ["Oracle", "Term"]

Array = NDArray[np.float64]
Real = type[np.float64] | type[np.longdouble]

DECADES = 9
"""Either way of its natural size that a theta is looked for."""

STARTS = 4
"""Of the valleys that the scans show, how many are searched."""

SEARCH, POLISH = 400, 150
"""Evaluations of one search; of the last one, for each parameter."""


@dataclass(frozen=True)
class Term:
    """One random-effects term: level of each row, and its columns, shape (n, q)."""

    codes: NDArray[np.int64]
    columns: Array


@dataclass
class Oracle:
    """The profiled criterion of one problem as a function of theta.

    Theta holds the lower triangles of the relative covariance factors, column by column.
    """

    terms: Sequence[Term]
    x: Array
    y: Array
    weights: Array
    reml: bool

    def __post_init__(self) -> None:
        root = np.sqrt(self.weights)[:, None]
        diagonal, units, of_term = [], [], []
        for k, term in enumerate(self.terms):
            size = np.abs(term.columns * root)
            # Twice: weights of many decades have more than one size.
            unit = [1.0 / np.median(column[column > 0.0]) for column in size.T]
            for b, a in zip(*np.triu_indices(term.columns.shape[1]), strict=True):
                diagonal.append(a == b)
                units.append(unit[a])
                of_term.append(k)
        self.diagonal = np.array(diagonal)
        self.units = np.array(units)
        self.of_term = np.array(of_term)
        self.evaluations = 0
        self._set = self._columns(np.float64)

    def _columns(self, real: Real) -> tuple[list[list[NDArray]], NDArray, NDArray, NDArray]:
        w = self.weights.astype(real)
        root = np.sqrt(w)[:, None]
        blocks = []
        for term in self.terms:
            own = (term.codes[:, None] == np.unique(term.codes)).astype(real)
            blocks.append([own * (c.astype(real)[:, None] * root) for c in term.columns.T])
        return blocks, self.x.astype(real) * root, self.y.astype(real)[:, None] * root, np.log(w)

    def _stacked(self, theta: NDArray, real: Real) -> tuple[NDArray, int, NDArray]:
        blocks, x, y, log_w = self._set if real is np.float64 else self._columns(real)
        parts, left = [], iter(np.asarray(theta, dtype=real))
        for own in blocks:
            for b in range(len(own)):
                parts.append(sum(next(left) * own[a] for a in range(b, len(own))))
        z = np.hstack(parts)
        n, size = z.shape
        m = np.zeros((n + size, size + x.shape[1] + 1), dtype=real)
        m[:n, :size], m[:n, size:-1], m[:n, -1:] = z, x, y
        m[n:, :size] = np.eye(size)
        return m[np.argsort(-np.abs(m[:, :-1]).max(axis=1), kind="stable")], size, log_w

    def _value(self, r: NDArray, size: int, log_w: NDArray) -> float:
        n, p = self.x.shape
        nu = n - p if self.reml else n
        pi = r.dtype.type("3.14159265358979323846264338327950288")
        value = 2 * np.log(r[:size]).sum() + nu * (1 + np.log(2 * pi * r[-1] ** 2 / nu))
        if self.reml:
            value += 2 * np.log(r[size:-1]).sum()
        return value - log_w.sum()

    def __call__(self, theta: Array) -> float:
        self.evaluations += 1
        with np.errstate(all="ignore"):
            m, size, log_w = self._stacked(theta, np.float64)
            if not np.isfinite(m).all():
                return np.inf
            value = self._value(np.abs(np.diag(np.linalg.qr(m, mode="r"))), size, log_w)
        return float(value) if np.isfinite(value) else np.inf

    def precise(self, theta: Array) -> np.longdouble:
        """The criterion in extended precision."""
        m, size, log_w = self._stacked(theta, np.longdouble)
        return self._value(_householder(m), size, log_w)

    def blur(self, theta: Array) -> float:
        """How far the criterion moves when theta is rounded to double precision."""
        rng = np.random.default_rng(1)
        here, eps = self.precise(theta), np.finfo(float).eps
        near = [theta * (1.0 + eps * rng.choice([-1.0, 1.0], theta.size)) for _ in range(3)]
        return float(max(abs(self.precise(t) - here) for t in near))

    def lowest(self, theta: Array) -> tuple[float, Array]:
        """The lowest value found, and where: by searches from `theta` and from elsewhere."""
        theta = np.asarray(theta, dtype=float)
        found = [(self(theta), theta)]
        if theta.size == 1:
            found += self._scanned(lambda t: np.array([t]))
        else:
            starts = [theta, *self._starts(theta)]
            found += [self._searched(s) for s in starts]
            found.append(self._searched_in_logarithms(min(found, key=_first)[1]))
        best = min(found, key=_first)
        return min(best, self._polished(best[1]), key=_first)

    def hill_between(self, theta: Array, lower: Array, least: float) -> bool:
        """Whether `lower` lies beyond a hill: on the line to it, and for a simplex at `theta`."""
        if self(theta) - self._polished(theta)[0] > least:
            return False
        lower = self._turned(lower, theta)
        here = self.precise(theta)
        along = (self.precise(theta + s * (lower - theta)) for s in np.linspace(0.02, 0.98, 49))
        return bool(max(along) > here + least)

    def _turned(self, theta: Array, towards: Array) -> Array:
        """The same covariances, each column of a factor with the sign of that in `towards`."""
        out, at = theta.copy(), 0
        for term in self.terms:
            q = term.columns.shape[1]
            for b in range(q):
                column = slice(at, at + q - b)
                at += q - b
                units = self.units[column]
                if (out[column] / units) @ (towards[column] / units) < 0.0:
                    out[column] = -out[column]
        return out

    def _starts(self, theta: Array) -> list[Array]:
        """Valleys along the common size, and along the size of each term."""
        open_ = np.where(self.diagonal & (theta == 0.0), 0.1 * self.units, theta)
        starts = [0.1 * theta, 10.0 * theta, open_]
        grid = 10.0 ** np.arange(-DECADES, DECADES + 0.1, 0.5)
        plain = np.where(self.diagonal, self.units, 0.0)
        starts += _valleys([t * plain for t in grid], self)
        for k in range(len(self.terms)):
            own = self.of_term == k
            starts += _valleys([np.where(own, t * plain, open_) for t in grid[::2]], self)
        return sorted(starts, key=self)[:STARTS]

    def _scanned(self, place: Callable[[float], Array]) -> list[tuple[float, Array]]:
        """Every valley of one parameter, by Brent's method; and nil."""
        found = [(self(np.zeros(1)), np.zeros(1))]
        logs = np.log(self.units[0]) + np.log(10.0) * np.arange(-DECADES, DECADES + 0.1, 0.15)
        values = [self(place(np.exp(s))) for s in logs]
        for k in range(1, len(logs) - 1):
            if values[k] <= min(values[k - 1], values[k + 1]):
                end = optimize.minimize_scalar(
                    lambda s: self(place(np.exp(s))),
                    bounds=(logs[k - 1], logs[k + 1]),
                    method="bounded",
                    options={"xatol": 1e-9},
                )
                found.append((float(end.fun), place(float(np.exp(end.x)))))
        return [*found, (values[-1], place(np.exp(logs[-1])))]

    def _sizes(self, theta: Array) -> Array:
        return np.maximum(np.abs(theta), 1e-3 * self.units)

    def _searched(self, theta: Array) -> tuple[float, Array]:
        """A search by gradients in theta."""
        size = self._sizes(theta)
        end = optimize.minimize(
            lambda h: self(size * h),
            theta / size,
            method="L-BFGS-B",
            options={"maxfun": SEARCH, "ftol": 1e-14, "gtol": 1e-8},
        )
        return float(end.fun), size * end.x

    def _searched_in_logarithms(self, theta: Array) -> tuple[float, Array]:
        """A search whose pivots are exponentials, so that nil is far away."""
        size = np.where(self.diagonal, 1.0, self._sizes(theta))
        pivots = np.log(np.maximum(np.abs(theta), 1e-6 * self.units))

        def place(h: Array) -> Array:
            return np.where(self.diagonal, np.exp(np.clip(h, -200.0, 200.0)), size * h)

        end = optimize.minimize(
            lambda h: self(place(h)),
            np.where(self.diagonal, pivots, theta / size),
            method="L-BFGS-B",
            options={"maxfun": SEARCH, "ftol": 1e-14, "gtol": 1e-8},
        )
        return float(end.fun), place(end.x)

    def _polished(self, theta: Array) -> tuple[float, Array]:
        """A simplex, which needs no derivatives."""
        size = self._sizes(theta)
        simplex = np.vstack([np.zeros(theta.size), 0.05 * np.eye(theta.size)])
        end = optimize.minimize(
            lambda h: self(theta + size * h),
            np.zeros(theta.size),
            method="Nelder-Mead",
            options={
                "xatol": 1e-9,
                "fatol": 1e-11,
                "maxfev": POLISH * theta.size,
                "initial_simplex": simplex,
            },
        )
        return float(end.fun), theta + size * end.x


def _first(found: tuple[float, Array]) -> float:
    return found[0]


def _valleys(points: list[Array], value: Callable[[Array], float]) -> list[Array]:
    """Points that lie no higher than both neighbours."""
    values = [np.inf, *(value(p) for p in points), np.inf]
    return [p for k, p in enumerate(points, 1) if values[k] <= min(values[k - 1], values[k + 1])]


def _householder(m: NDArray) -> NDArray:
    """The moduli of the diagonal of R, in the precision of `m`, which is overwritten."""
    for k in range(m.shape[1]):
        v = m[k:, k].copy()
        length = np.sqrt((v * v).sum())
        if length == 0.0:
            continue
        v[0] += np.copysign(length, v[0])
        v /= np.sqrt((v * v).sum())
        m[k:, k:] -= 2 * np.outer(v, v @ m[k:, k:])
    return np.abs(np.diag(m))
