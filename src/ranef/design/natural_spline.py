"""Natural cubic splines: the basis of R's ``splines::ns``.

B-splines of order four on the knots, restricted to those combinations whose second derivative is
zero at both ends: with C the two second derivatives of each B-spline there and C' = QR, the basis
is B Q without the first two columns. Beyond the ends a spline goes on as a line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ranef.types import Array

__all__ = ["NaturalSpline"]


@dataclass(frozen=True, slots=True)
class NaturalSpline:
    """A basis that has learned its knots.

    Attributes
    ----------
    knots : ndarray
        All knots, those at the ends four times.
    directions : ndarray, shape (B-splines, columns)
        Combinations of B-splines that are the columns.
    """

    knots: Array
    directions: Array

    @classmethod
    def learn(cls, values: Array, df: Any, knots: Any, intercept: Any, boundary: Any) -> Self:
        """Knots at quantiles of the values, as R chooses them (Hastie 1992, section 7.6).

        Parameters
        ----------
        values : ndarray, shape (n,)
        df : int, optional
            Columns of the basis; one more than inner knots, or two with an intercept.
        knots : number or list of numbers, optional
            Inner knots.
        intercept : bool
            Whether the basis contains the constant.
        boundary : list of two numbers, optional
            Where the spline becomes a line; the extremes by default.

        Raises
        ------
        ValueError
            Arguments that make no basis.
        """
        known = values[~np.isnan(values)]
        ends = np.array([known.min(), known.max()] if boundary is None else boundary, dtype=float)
        if ends.shape != (2,) or not np.isfinite(ends).all() or not ends[0] < ends[1]:
            raise ValueError("the boundary knots are two different numbers in order")
        if knots is None:
            if df is not None and (isinstance(df, bool) or int(df) != df or not 1 <= df <= 1000):
                raise ValueError("df is a whole number from 1")
            count = (1 if df is None else int(df)) - 1 - bool(intercept)
            if count < 0:
                raise ValueError(f"df is at least {1 + bool(intercept)}")
            between = known[(known >= ends[0]) & (known <= ends[1])]
            inner = np.quantile(between, np.linspace(0.0, 1.0, count + 2)[1:-1])
        else:
            inner = np.sort(np.atleast_1d(np.array(knots, dtype=np.float64)))
        if inner.ndim != 1 or not np.all((inner > ends[0]) & (inner < ends[1])):
            raise ValueError("the inner knots lie between the boundary knots")
        if np.any(np.diff(inner) == 0.0):
            raise ValueError("inner knots coincide: the column has many equal values")
        every = np.concatenate([np.repeat(ends[0], 4), inner, np.repeat(ends[1], 4)])
        bent = _splines(every, ends, 2)
        first = 0 if intercept else 1
        q, _ = np.linalg.qr(bent[:, first:].T, mode="complete")
        directions = np.zeros((every.size - 4, q.shape[0] - 2))
        directions[first:] = q[:, 2:]
        return cls(every, directions)

    def basis(self, values: Array) -> Array:
        """The columns at some values, shape (n, columns); NaN where a value is."""
        low, high = self.knots[0], self.knots[-1]
        out = _splines(self.knots, np.clip(values, low, high), 0)
        for end, beyond in ((low, values < low), (high, values > high)):
            if beyond.any():
                slope = _splines(self.knots, np.array([end]), 1)
                out[beyond] += np.outer(values[beyond] - end, slope[0])
        return np.asarray(out @ self.directions)


def _splines(knots: Array, values: Array, derivative: int) -> Array:
    """All B-splines of order four, or a derivative of theirs, shape (n, B-splines)."""
    from scipy.interpolate import BSpline

    made = BSpline(knots, np.eye(knots.size - 4), 3)
    return np.asarray(made(values, nu=derivative), dtype=np.float64)
