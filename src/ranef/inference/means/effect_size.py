"""Differences of means in units of a standard deviation."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ranef.inference.ddf import RowTests
from ranef.inference.ddf.rows import quantiles
from ranef.inference.inner_rows import Blocks
from ranef.inference.prediction_variance import PredictionVariance, RowVariances
from ranef.types import Array

__all__ = ["EffectSizes", "effect_sizes", "spread_of"]


class EffectSizes(NamedTuple):
    """One entry a contrast."""

    estimate: Array
    std_error: Array
    df: Array
    conf_low: Array
    conf_high: Array


def effect_sizes(plain: RowTests, sigma: float, edf: float, level: float) -> EffectSizes:
    """d = estimate / sigma, with a standard error that counts that sigma is estimated.

    Var(d) = SE^2 / sigma^2 + d^2 / (2 edf), by the delta method, with sigma independent of the
    estimate: what ``emmeans::eff_size`` does. `edf` are the degrees of freedom of sigma, infinite
    if it is known.
    """
    estimate = plain.estimate / sigma
    std_error = np.sqrt((plain.std_error / sigma) ** 2 + estimate**2 / (2.0 * edf))
    half = quantiles(plain.df, level) * std_error
    return EffectSizes(estimate, std_error, plain.df, estimate - half, estimate + half)


def spread_of(
    which: str, variances: RowVariances, blocks: Blocks, covariance: Array
) -> tuple[float, float]:
    """A standard deviation of the response given the fixed effects, and its degrees of freedom.

    Parameters
    ----------
    which : {"residual", "total"}
        The total variance is that of the residual and of the random effects, the latter averaged
        over the rows: the mean of the diagonal of Z Sigma Z' (Johnson 2014, Methods in Ecology and
        Evolution 5, 944-946).
    variances : RowVariances
    blocks : sequence of (codes, Z)
        Of the rows used.
    covariance : ndarray
        Asymptotic covariance matrix of the variance parameters.
    """
    variance = variances.residual(1)
    if which == "total":
        groups = variances.new_groups(blocks)
        mean = PredictionVariance(
            np.array([float(np.mean(groups.value))]),
            lambda: groups.gradient().mean(axis=0)[None, :],
        )
        variance = variance.plus(mean)
    return float(np.sqrt(variance.value[0])), float(variance.satterthwaite(covariance)[0])
