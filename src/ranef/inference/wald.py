"""Wald intervals of standard deviations and correlations, on scales where they are unbounded."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from ranef.inference.parameters import Parameter
from ranef.types import Array

__all__ = ["wald_limits"]


def wald_limits(
    parameters: Sequence[Parameter], values: Array, errors: Array, level: float
) -> tuple[Array, Array]:
    """Lower and upper limits, shape (m,) each.

    Of logarithms for standard deviations, sigma and a dispersion, of Fisher's z (inverse hyperbolic
    tangent) of the place between their bounds for correlations, of the estimate itself for
    coefficients; standard errors by the delta method.
    """
    z = NormalDist().inv_cdf(0.5 + level / 2)
    low, high = np.full(values.size, np.nan), np.full(values.size, np.nan)
    for k, parameter in enumerate(parameters):
        value, reach = values[k], z * errors[k]
        if not np.isfinite(reach):
            continue
        if parameter.kind in ("fixed", "other"):
            low[k], high[k] = value - reach, value + reach
        elif parameter.kind == "cor":
            centre, scale = 0.5 * (1.0 + parameter.lowest), 0.5 * (1.0 - parameter.lowest)
            share = (value - centre) / scale
            middle, half = np.arctanh(share), reach / scale / (1.0 - share**2)
            low[k] = centre + scale * np.tanh(middle - half)
            high[k] = centre + scale * np.tanh(middle + half)
        else:
            ratio = np.exp(reach / value)
            low[k], high[k] = value / ratio, value * ratio
    return low, high
