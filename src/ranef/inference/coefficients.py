"""Tests and intervals of the fixed effects."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ranef.errors import OptionError
from ranef.inference.satterthwaite import VarianceDerivatives, satterthwaite_df
from ranef.types import Array

__all__ = ["DDF", "CoefficientTests", "check_level", "coefficient_tests"]

DDF = ("satterthwaite", "residual", "asymptotic")


class CoefficientTests(NamedTuple):
    """One entry for each coefficient."""

    estimate: Array
    std_error: Array
    df: Array
    statistic: Array
    p_value: Array
    conf_low: Array
    conf_high: Array


def coefficient_tests(
    beta: Array,
    vcov: Array,
    residual_df: float,
    derivatives: Callable[[], VarianceDerivatives],
    ddf: str = "satterthwaite",
    level: float = 0.95,
) -> CoefficientTests:
    """t tests (z with ``ddf="asymptotic"``) against zero, and Wald intervals.

    Parameters
    ----------
    beta, vcov : ndarray, shapes (p,) and (p, p)
    residual_df : float
        n - p, used with ``ddf="residual"``.
    derivatives : callable
        Called only for Satterthwaite's degrees of freedom.
    ddf : {"satterthwaite", "residual", "asymptotic"}
    level : float
    """
    from scipy import special

    check_level(level)
    std_error = np.sqrt(np.diag(vcov))
    p = beta.size
    if ddf == "satterthwaite":
        df = satterthwaite_df(derivatives(), np.eye(p)) if p else np.zeros(0)
    elif ddf == "residual":
        df = np.full(p, float(residual_df))
    elif ddf == "asymptotic":
        df = np.full(p, np.inf)
    else:
        raise OptionError(
            f"unknown method '{ddf}' for degrees of freedom",
            found=f"ddf='{ddf}'",
            fix="use one of " + ", ".join(f"'{name}'" for name in DDF),
        )
    statistic = beta / std_error
    if ddf == "asymptotic":
        p_value = 2.0 * special.ndtr(-np.abs(statistic))
        quantile = np.full(p, float(special.ndtri(0.5 + 0.5 * level)))
    else:
        p_value = 2.0 * special.stdtr(df, -np.abs(statistic))
        quantile = np.asarray(special.stdtrit(df, 0.5 + 0.5 * level), dtype=np.float64)
    half = quantile * std_error
    return CoefficientTests(beta, std_error, df, statistic, p_value, beta - half, beta + half)


def check_level(level: float) -> None:
    """Raise unless 0 < level < 1."""
    if not 0.0 < level < 1.0:
        raise OptionError(
            "a confidence level lies between 0 and 1", found=f"level={level}", fix="use 0.95"
        )
