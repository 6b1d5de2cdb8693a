"""Linear functions of the coefficients as rows of the whole X, and what the fit says of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ranef.design import Encoding
from ranef.inference.ddf import Method
from ranef.inference.ddf.rows import RowTests, quantiles, row_covariance, row_errors, two_sided
from ranef.inference.means.response import IDENTITY, ResponseScale
from ranef.types import Array

__all__ = ["Basis", "MeanRows"]


@dataclass(frozen=True, slots=True, eq=False)
class MeanRows:
    """Combinations of rows of the whole X.

    Attributes
    ----------
    full : ndarray, shape (m, columns)
        Also of the columns that the fit left out. NaN in a row that is not defined.
    shift : ndarray, shape (m,)
        The part of each mean that no coefficient has: offsets.
    sums : ndarray, shape (m,)
        The weights of the rows, added up: 1 for means, 0 for differences and slopes.
    """

    full: Array
    shift: Array
    sums: Array

    def combined(self, coefficients: Array) -> MeanRows:
        """Linear combinations, shape (k, m), of these rows; those with weight 0 do not count."""
        zero = coefficients == 0.0

        def product(values: Array) -> Array:
            if np.isfinite(values).all():
                return np.asarray(coefficients @ values)
            return np.array(
                [c[~none] @ values[~none] for c, none in zip(coefficients, zero, strict=True)]
            ).reshape(coefficients.shape[0], *values.shape[1:])

        return MeanRows(product(self.full), product(self.shift), product(self.sums))

    def as_differences(self) -> MeanRows:
        """The same rows as slopes or differences, whose weights add up to 0."""
        return MeanRows(self.full, self.shift, np.zeros_like(self.sums))

    def taken(self, places: NDArray[np.intp]) -> MeanRows:
        """Some of the rows."""
        return MeanRows(self.full[places], self.shift[places], self.sums[places])


@dataclass(frozen=True, slots=True, eq=False)
class Basis:
    """What a fit says of linear functions of its coefficients.

    Attributes
    ----------
    spread : callable
        From ``"residual"`` or ``"total"`` to a standard deviation and its degrees of freedom.
    scale : ResponseScale
        From these functions to means of the response.
    """

    encoding: Encoding
    beta: Array
    method: Method
    spread: Callable[[str], tuple[float, float]]
    scale: ResponseScale = IDENTITY

    def kept(self, rows: MeanRows) -> Array:
        """The rows in the columns that the fit has, shape (m, p)."""
        return rows.full[:, list(self.encoding.kept)]

    def estimable(self, rows: MeanRows) -> NDArray[np.bool_]:
        """Which rows the data of the fit determine."""
        good: NDArray[np.bool_] = np.asarray(np.isfinite(rows.full).all(axis=1))
        aliases = self.encoding.aliases
        if aliases is None or not good.any():
            return good
        good[good] = ~aliases.undetermined(rows.full[good], rows.sums[good])
        return good

    def covariance(self, rows: MeanRows) -> Array:
        """Of the estimates, shape (m, m)."""
        own = self.kept(rows)
        return row_covariance(own, self.method.vcov)

    def estimates(self, rows: MeanRows, level: float) -> RowTests:
        """Estimates, tests against zero and unadjusted intervals."""
        good = self.estimable(rows)
        own = self.kept(rows)[good]
        estimate = np.full(good.size, np.nan)
        estimate[good] = own @ self.beta + rows.shift[good]
        return self._tests(estimate, own, good, level)

    def estimates_at(self, estimate: Array, gradients: Array, level: float) -> RowTests:
        """The same of functions of the coefficients, by the delta method.

        Parameters
        ----------
        estimate : ndarray, shape (m,)
            NaN if it is not determined.
        gradients : ndarray, shape (m, p)
            Derivatives in the coefficients that the fit has.
        level : float
        """
        good: NDArray[np.bool_] = ~np.isnan(estimate)
        return self._tests(estimate, gradients[good], good, level)

    def _tests(
        self, estimate: Array, own: Array, good: NDArray[np.bool_], level: float
    ) -> RowTests:
        """`own` are the gradients of the good ones."""
        std_error, df = (np.full(good.size, np.nan) for _ in range(2))
        std_error[good] = row_errors(own, self.method.vcov)
        with np.errstate(divide="ignore", invalid="ignore"):
            df[good] = self.method.df(own) if own.shape[0] else np.zeros(0)
            statistic = estimate / std_error
        half = np.where(std_error == 0.0, 0.0, quantiles(df, level) * std_error)
        return RowTests(
            estimate,
            std_error,
            df,
            statistic,
            two_sided(statistic, df),
            estimate - half,
            estimate + half,
        )
