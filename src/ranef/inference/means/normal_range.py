"""The range of several normal variables over a chi variable: Tukey's studentized range."""

from __future__ import annotations

import numpy as np

from ranef.types import Array

__all__ = ["StudentizedRange"]

_STEP = 0.05
_WIDEST = 37.0  # beyond it less than 1e-140 is left
_POINTS = 801


class StudentizedRange:
    """P(range of m independent normals / s > sqrt(2) t), s^2 chi-square over df, for any real df.

    ``scipy.stats.studentized_range`` gives the same numbers in 10 ms each; intervals of many
    pairs, each with its own df, need hundreds. Here the law of the range is tabulated once, as a
    cubic spline of its logarithm, and integrated over log s by the trapezoid rule, which converges
    faster than any power of the step for such functions.

    Parameters
    ----------
    means : int
        m.

    References
    ----------
    Lund and Lund (1983), Applied Statistics 32, 204-210 (algorithm AS 190), for the integrals.
    """

    __slots__ = ("_log_tail",)

    def __init__(self, means: int) -> None:
        from scipy import special
        from scipy.interpolate import CubicSpline

        w = np.arange(0.0, _WIDEST + _STEP, _STEP)
        z = np.arange(-9.0, 9.0001, 0.1)
        density = np.exp(-0.5 * z**2) / np.sqrt(2.0 * np.pi)
        # m int phi(z) {Phi(z)^(m-1) - [Phi(z) - Phi(z - w)]^(m-1)} dz: nothing cancels in the tail
        upper = special.ndtr(z)
        share = np.minimum(special.ndtr(z - w[:, None]) / upper, 1.0 - 1e-16)
        parts = density * upper ** (means - 1)
        tail = means * 0.1 * (-np.expm1((means - 1) * np.log1p(-share)) @ parts)
        self._log_tail = CubicSpline(w, np.log(np.minimum(tail, 1.0)))

    def tail(self, t: float, df: float) -> float:
        """P(range / s > sqrt(2) t), df possibly infinite."""
        if np.isinf(df):
            return float(self._beyond(np.array([np.sqrt(2.0) * t]))[0])
        from scipy import special

        spread = 1.0 / np.sqrt(2.0 * df)
        low, high = min(-12.0 * spread, -0.5), max(9.0 * spread, 0.3)
        if df < 30.0:
            low, high = np.log(1e-17) / df - 1.0, 3.0 + 3.0 / df
        log_s, step = np.linspace(low, high, _POINTS, retstep=True)
        s = np.exp(log_s)
        log_density = np.log(2.0) + 0.5 * df * np.log(0.5 * df) - special.gammaln(0.5 * df)
        log_density = log_density + df * (log_s - 0.5 * s**2)
        return float(np.exp(log_density) @ self._beyond(np.sqrt(2.0) * t * s) * step)

    def _beyond(self, w: Array) -> Array:
        tail = np.exp(self._log_tail(np.minimum(w, _WIDEST)))
        return np.asarray(np.where(w >= _WIDEST, 0.0, tail))
