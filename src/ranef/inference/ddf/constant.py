"""The same degrees of freedom for every hypothesis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ranef.inference.ddf.method import Joint
from ranef.inference.ddf.rows import independent_rows
from ranef.types import Array

__all__ = ["Constant"]


@dataclass(frozen=True, slots=True)
class Constant:
    """Wald tests on a fixed number of degrees of freedom."""

    name: str
    vcov: Array
    value: float
    normal: ClassVar[bool] = False

    def df(self, rows: Array) -> Array:
        return np.full(rows.shape[0], self.value)

    def joint(self, rows: Array, difference: Array) -> Joint:
        _, apart, variances = independent_rows(rows, difference, self.vcov)
        q = variances.size
        statistic = float(np.sum(apart**2 / variances)) / q if q else float("nan")
        return Joint(statistic, q, self.value)
