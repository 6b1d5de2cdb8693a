"""Wald intervals of coefficients that are known by their estimates and standard errors."""

from __future__ import annotations

import numpy as np

from ranef.inference.ddf.rows import quantiles
from ranef.options import confidence
from ranef.types import Array

__all__ = ["wald_intervals"]


def wald_intervals(
    estimates: Array, std_errors: Array, df: Array, level: float, ratios: bool = False
) -> tuple[Array, Array]:
    """Lower and upper limits, shape (m,) each; NaN where there is no standard error.

    Parameters
    ----------
    estimates, std_errors : ndarray, shape (m,)
        Of coefficients, or of exp of coefficients with errors by the delta method.
    df : ndarray, shape (m,)
        Degrees of freedom; NaN and infinity stand for the normal distribution.
    level : float
    ratios : bool
        Whether they are exp of coefficients: the interval is one of the logarithm.

    Examples
    --------
    >>> low, high = wald_intervals(np.ones(1), np.ones(1), np.full(1, np.inf), 0.95)
    >>> low.round(2), high.round(2)
    (array([-0.96]), array([2.96]))
    """
    confidence("level", level)
    reach = quantiles(np.where(np.isnan(df), np.inf, df), level)
    if ratios:
        half = reach * std_errors / estimates
        return estimates * np.exp(-half), estimates * np.exp(half)
    return estimates - reach * std_errors, estimates + reach * std_errors
