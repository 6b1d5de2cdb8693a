"""Derivatives without algebra: numbers that carry their Taylor coefficients.

A number is a polynomial in two small changes, s of eta and t of psi along a direction. The products
of such polynomials, cut off above degree four in all and above degree two in t, are the product
rule; a function of one is its own Taylor series with the polynomial put in, the chain rule. A
formula written with these numbers has exact derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import factorial
from typing import Any

import numpy as np
from scipy import special

Array = np.ndarray

KEPT = [(i, j) for i in range(5) for j in range(3) if i + j <= 4]
"""Powers of s and t."""


class Taylor:
    """Coefficients by powers of s and t, each an array over rows."""

    __array_ufunc__ = None  # arrays leave arithmetic to this class

    def __init__(self, coefficients: dict[tuple[int, int], Any]) -> None:
        self.c = coefficients

    @property
    def value(self) -> Array:
        return self.c[0, 0]

    def derivative(self, i: int, j: int = 0) -> Array:
        zero = np.zeros_like(self.value)
        return factorial(i) * factorial(j) * self.c.get((i, j), 0.0) + zero

    def __add__(self, other: Any) -> Taylor:
        other = constant(other)
        keys = self.c.keys() | other.c.keys()
        return Taylor({k: self.c.get(k, 0.0) + other.c.get(k, 0.0) for k in keys})

    def __mul__(self, other: Any) -> Taylor:
        out: dict[tuple[int, int], Any] = {}
        for (i, j), a in self.c.items():
            for (k, m), b in constant(other).c.items():
                if (i + k, j + m) in KEPT:
                    out[i + k, j + m] = out.get((i + k, j + m), 0.0) + a * b
        return Taylor(out)

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> Taylor:
        return self * -1.0

    def __sub__(self, other: Any) -> Taylor:
        return self + constant(other) * -1.0

    def __rsub__(self, other: Any) -> Taylor:
        return constant(other) - self

    def __truediv__(self, other: Any) -> Taylor:
        return self * constant(other) ** -1.0

    def __rtruediv__(self, other: Any) -> Taylor:
        return constant(other) * self**-1.0

    def __pow__(self, power: float) -> Taylor:
        a = self.value
        return compose(self, [_falling(power, k) * a ** (power - k) for k in range(5)])


def constant(value: Any) -> Taylor:
    return value if isinstance(value, Taylor) else Taylor({(0, 0): np.asarray(value, dtype=float)})


def variable(value: Array, eta: float = 0.0, psi: float = 0.0) -> Taylor:
    """A predictor that changes by eta s + psi t."""
    changes = {(1, 0): eta, (0, 1): psi}
    return Taylor({(0, 0): value, **{k: change for k, change in changes.items() if change}})


def compose(x: Taylor, derivatives: Sequence[Array]) -> Taylor:
    """f(x) from f and its first four derivatives at the value of x."""
    change = Taylor({k: v for k, v in x.c.items() if k != (0, 0)})
    out, power = constant(derivatives[0]), constant(1.0)
    for k in range(1, 5):
        power = power * change
        out = out + power * (derivatives[k] / factorial(k))
    return out


def _falling(power: float, k: int) -> float:
    return float(np.prod([power - i for i in range(k)]))


def where(condition: Array, a: Taylor, b: Taylor) -> Taylor:
    keys = a.c.keys() | b.c.keys()
    return Taylor({k: np.where(condition, a.c.get(k, 0.0), b.c.get(k, 0.0)) for k in keys})


def exp(x: Taylor) -> Taylor:
    return compose(x, [np.exp(x.value)] * 5)


def log(x: Taylor) -> Taylor:
    a = x.value
    return compose(x, [np.log(a), 1 / a, -1 / a**2, 2 / a**3, -6 / a**4])


def lgamma(x: Taylor) -> Taylor:
    a = x.value
    return compose(x, [special.gammaln(a), *(special.polygamma(k, a) for k in range(4))])


def softplus(x: Taylor) -> Taylor:
    """log(1 + e^x)."""
    a = x.value
    p, q = special.expit(a), special.expit(-a)
    return compose(x, [np.logaddexp(0, a), p, p * q, p * q * (q - p), p * q * (1 - 6 * p * q)])


def log1mexp(x: Taylor) -> Taylor:
    """log(1 - e^x) for x < 0: the first derivative v = -e^x / (1 - e^x) has v' = v (1 - v)."""
    v = -1 / np.expm1(-x.value)
    d2 = v * (1 - v)
    return compose(x, [np.log(-np.expm1(x.value)), v, d2, d2 * (1 - 2 * v), d2 * (1 - 6 * d2)])


def log_normal_cdf(x: Taylor) -> Taylor:
    """log Phi(x): r = phi/Phi has r' = -r (x + r), and so on by the product rule."""
    a = x.value
    value = special.log_ndtr(a)
    r = np.exp(-(a**2) / 2 - value) / np.sqrt(2 * np.pi)
    r1 = -r * (a + r)
    r2 = -r1 * (a + r) - r * (1 + r1)
    r3 = -r2 * (a + r) - 2 * r1 * (1 + r1) - r * r2
    return compose(x, [value, r, r1, r2, r3])


def log_cauchy_cdf(x: Taylor) -> Taylor:
    """log(1/2 + atan(x)/pi)."""
    a = x.value
    s = 1 + a**2
    slopes = [1 / s, -2 * a / s**2, (6 * a**2 - 2) / s**3, 24 * a * (1 - a**2) / s**4]
    p = compose(x, [np.arctan2(1, -a) / np.pi, *(d / np.pi for d in slopes)])
    return log(p)


Function = Callable[[Taylor], Taylor]
