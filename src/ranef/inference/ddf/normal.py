"""Wald tests by the normal distribution, for fits whose errors have no degrees of freedom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ranef.inference.ddf.method import Joint
from ranef.inference.ddf.rows import independent_rows, row_covariance
from ranef.types import Array

__all__ = ["Normal"]


@dataclass(frozen=True, slots=True)
class Normal:
    """z tests of single rows, chi-squared tests of several.

    Unlike ``ddf="asymptotic"`` of a linear model, which keeps F on infinitely many denominator
    degrees of freedom, the statistic of several rows is not divided by their number.
    """

    vcov: Array
    name: str = "asymptotic"
    normal: ClassVar[bool] = True

    def df(self, rows: Array) -> Array:
        return np.full(rows.shape[0], np.inf)

    def joint(self, rows: Array, difference: Array) -> Joint:
        if np.isnan(self.vcov).any():
            if np.isnan(row_covariance(rows, self.vcov)).any():
                return Joint(float("nan"), rows.shape[0], float("inf"), chi_squared=True)
            known = np.isfinite(np.diag(self.vcov))
            return Normal(self.vcov[np.ix_(known, known)]).joint(rows[:, known], difference)
        _, apart, variances = independent_rows(rows, difference, self.vcov)
        q = variances.size
        statistic = float(np.sum(apart**2 / variances)) if q else float("nan")
        return Joint(statistic, q, float("inf"), chi_squared=True)
