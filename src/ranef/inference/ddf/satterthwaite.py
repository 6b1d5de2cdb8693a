"""Satterthwaite's degrees of freedom, for one row and for several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ranef.inference.ddf.method import Fitted, Joint
from ranef.inference.ddf.rows import independent_rows
from ranef.inference.satterthwaite import VarianceDerivatives, satterthwaite_df
from ranef.types import Array

__all__ = ["Satterthwaite", "joint_df", "method"]


@dataclass(frozen=True, slots=True)
class Satterthwaite:
    """The moments of each row's variance are matched with those of a scaled chi-square.

    Several rows are turned into orthogonal ones, whose degrees of freedom are combined.

    References
    ----------
    Fai and Cornelius (1996), Approximate F-tests of multiple degree of freedom hypotheses in
    generalized least squares analyses of unbalanced split-plot experiments, Journal of Statistical
    Computation and Simulation 54, 363-378.
    Kuznetsova, Brockhoff and Christensen (2017), lmerTest package, Journal of Statistical
    Software 82(13), section 2.
    """

    vcov: Array
    derivatives: VarianceDerivatives
    name: str = "satterthwaite"
    normal: ClassVar[bool] = False

    def df(self, rows: Array) -> Array:
        return satterthwaite_df(self.derivatives, rows)

    def joint(self, rows: Array, difference: Array) -> Joint:
        turned, apart, variances = independent_rows(rows, difference, self.vcov)
        q = variances.size
        statistic = float(np.sum(apart**2 / variances)) / q if q else float("nan")
        return Joint(statistic, q, joint_df(self.df(turned)))


def joint_df(df: Array) -> float:
    """Denominator degrees of freedom of an F statistic from those of its orthogonal rows.

    With E = sum of df / (df - 2) the result is 2 E / (E - q) (Fai and Cornelius 1996, method 2 of
    ``lmerTest``). E - q is computed as the sum of 2 / (df - 2), in which nothing cancels.

    Examples
    --------
    >>> import numpy as np
    >>> round(joint_df(np.array([14.0, 14.0])), 6), joint_df(np.array([5.0, 1.5]))
    (14.0, 2.0)
    """
    if df.size == 0:
        return float("nan")
    if df.size == 1:
        return float(df[0])
    if np.any(df <= 2.0):
        return 2.0
    excess = float(np.sum(2.0 / (df - 2.0)))
    return float(2.0 * (df.size + excess) / excess) if excess > 0.0 else float("inf")


def method(fitted: Fitted) -> Satterthwaite:
    """The method for a fit; a variance estimated as zero is taken as known, as in lmerTest."""
    return Satterthwaite(fitted.estimates.vcov, fitted.derivatives())
