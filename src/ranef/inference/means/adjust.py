"""P values and intervals of a family of tests, adjusted for their number.

Every row keeps its own degrees of freedom. A row that the data do not determine counts in the
family and has no result.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ranef.inference.ddf.rows import quantiles, two_sided
from ranef.inference.means.multivariate_t import MaximumOfT
from ranef.inference.means.normal_range import StudentizedRange
from ranef.types import Array

__all__ = ["ADJUSTMENTS", "Adjusted", "Family", "adjusted"]

ADJUSTMENTS = ("tukey", "sidak", "holm", "bonferroni", "scheffe", "mvt", "none")


class Family(NamedTuple):
    """The tests that are adjusted together.

    Attributes
    ----------
    statistic, df : ndarray, shape (k,)
    covariance : ndarray, shape (k, k)
        Of the estimates; only ``"mvt"`` reads it.
    rank : int
        Independent contrasts among them; only ``"scheffe"`` reads it.
    means : int
        Means whose pairs they are; 0 if they are not all pairs of a set.
    """

    statistic: Array
    df: Array
    covariance: Array
    rank: int
    means: int


class Adjusted(NamedTuple):
    """P values and half widths of intervals in standard errors, shape (k,).

    Attributes
    ----------
    method : str
        What was done: Tukey's method is for all pairs, and Sidak's takes its place elsewhere.
    """

    p_value: Array
    critical: Array
    method: str


def adjusted(family: Family, method: str, level: float) -> Adjusted:
    """Adjust a family.

    Parameters
    ----------
    family : Family
    method : str
        One of `ADJUSTMENTS`.
    level : float
        Of the intervals, simultaneously.

    References
    ----------
    Tukey (1953), The problem of multiple comparisons; Kramer (1956), Biometrics 12, 307-310.
    Sidak (1967), Journal of the American Statistical Association 62, 626-633. Holm (1979),
    Scandinavian Journal of Statistics 6, 65-70. Scheffe (1953), Biometrika 40, 87-110.
    Hothorn, Bretz and Westfall (2008), Biometrical Journal 50, 346-363 (multivariate t).
    """
    if method == "tukey" and not family.means:
        method = "sidak"
    t, df = np.abs(family.statistic), family.df
    k = t.size
    p = two_sided(t, df)
    if k == 1 or method == "none":
        return Adjusted(p, quantiles(df, level), method)
    if method == "bonferroni":
        return Adjusted(np.minimum(1.0, k * p), quantiles(df, 1.0 - (1.0 - level) / k), method)
    if method == "holm":  # a method of steps has no intervals: Bonferroni's cover
        return Adjusted(_holm(p), quantiles(df, 1.0 - (1.0 - level) / k), method)
    if method == "sidak":
        with np.errstate(divide="ignore"):  # p = 1
            any_below = -np.expm1(k * np.log1p(-p))
        return Adjusted(any_below, quantiles(df, level ** (1.0 / k)), method)
    if method == "scheffe":
        return Adjusted(*_scheffe(t, df, family.rank, level), method)
    if method == "tukey":
        return Adjusted(*_by_tail(t, df, level, StudentizedRange(family.means).tail), method)
    return Adjusted(*_by_tail(t, df, level, _maximum_tail(family)), method)


def _holm(p: Array) -> Array:
    out, largest = np.full(p.size, np.nan), 0.0
    for step, i in enumerate(np.argsort(p)):
        if not np.isnan(p[i]):
            largest = max(largest, min(1.0, (p.size - step) * float(p[i])))
            out[i] = largest
    return out


def _scheffe(t: Array, df: Array, rank: int, level: float) -> tuple[Array, Array]:
    from scipy import special

    endless = np.isinf(df)
    finite = np.where(endless, 1.0, df)
    p = np.where(endless, special.chdtrc(rank, t**2), special.fdtrc(rank, finite, t**2 / rank))
    critical = np.where(
        endless,
        special.chdtri(rank, 1.0 - level),
        rank * special.fdtri(rank, finite, level),
    )
    return p, np.sqrt(critical)


Tail = Callable[[float, float], float]


def _maximum_tail(family: Family) -> Tail:
    good = np.isfinite(family.statistic) & np.isfinite(np.diag(family.covariance))
    maximum = MaximumOfT(family.covariance[np.ix_(good, good)])
    return maximum.tail


def _by_tail(t: Array, df: Array, level: float, tail: Tail) -> tuple[Array, Array]:
    """P values and critical values from the tail of a law, once for each different df."""
    p, critical = np.full(t.size, np.nan), np.full(t.size, np.nan)
    known: dict[float, float] = {}
    found = 0.0
    good = np.flatnonzero(~np.isnan(t) & ~np.isnan(df))
    for i in good[np.argsort(df[good], kind="stable")].tolist():
        own = float(df[i])
        p[i] = 1.0 if t[i] == 0.0 else 0.0 if np.isinf(t[i]) else tail(float(t[i]), own)
        key = float(f"{own:.10g}")
        if key not in known:
            known[key] = _critical(tail, own, level, found)
        critical[i] = found = known[key]
    return np.clip(p, 0.0, 1.0), critical


def _critical(tail: Tail, df: float, level: float, near: float) -> float:
    """Where the tail is 1 - level.

    Its logarithm is nearly straight in log t, so that a few secants from a value that belongs to
    almost the same df find the root; where they do not, it is bracketed.
    """
    goal = np.log(1.0 - level)

    def above(log_t: float) -> float:
        return float(np.log(max(tail(float(np.exp(log_t)), df), 1e-300)) - goal)

    least = float(np.log(quantiles(np.array([df]), level)[0]))  # that of a single test
    old, new = (float(np.log(near)), float(np.log(near)) + 1e-3) if near else (least, least + 0.1)
    value = above(old)
    for _ in range(12):
        next_value = above(new)
        if next_value == value:
            break
        step = -next_value * (new - old) / (next_value - value)
        old, value, new = new, next_value, new + step
        if abs(step) < 1e-9:
            return float(np.exp(new))
        if not least - 1.0 < new < least + 10.0:
            break
    from scipy.optimize import brentq

    low, high = least - 1e-6, least + 0.3
    while above(high) > 0.0:
        low, high = high, high + 0.6
    return float(np.exp(brentq(above, low, high, xtol=1e-9) if above(low) > 0.0 else low))
