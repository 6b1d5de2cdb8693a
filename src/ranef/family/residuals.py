"""Residuals of single rows given their linear predictors."""

from __future__ import annotations

import numpy as np

from ranef.family.base import Family, Psi
from ranef.types import Array

__all__ = ["deviance_residuals", "quantile_residuals"]

_TINY = np.finfo(np.float64).tiny


def deviance_residuals(
    family: Family, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None
) -> Array:
    """The signed roots of the unit deviances, positive where `y` is above the mean.

    Examples
    --------
    >>> import numpy as np
    >>> import ranef as rn
    >>> deviance_residuals(rn.Poisson(), np.array([0.0, 3.0]), np.log(1.5)).round(3)
    array([-1.732,  1.077])
    """
    apart = np.asarray(y) - family.mean(eta, psi)
    return np.sign(apart) * np.sqrt(family.unit_deviance(y, eta, psi, weights))


def quantile_residuals(
    family: Family,
    y: Array,
    eta: Array,
    psi: Psi = (),
    weights: Array | None = None,
    *,
    rng: np.random.Generator,
) -> Array:
    """Randomised quantile residuals: standard normal if the model holds.

    A response that jumps from F(y-) to F(y) is drawn uniformly between the two. Both tails are
    computed by themselves, so that residuals beyond 8 keep their digits.

    Parameters
    ----------
    family : Family
    y, eta : ndarray, shape (n,)
    psi : sequence of ndarray or float
    weights : ndarray, shape (n,), optional
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (n,)

    References
    ----------
    Dunn and Smyth (1996), Randomized quantile residuals, Journal of Computational and Graphical
    Statistics 5(3).

    Examples
    --------
    >>> import numpy as np
    >>> import ranef as rn
    >>> rng = np.random.default_rng(1)
    >>> quantile_residuals(rn.Poisson(), np.array([0.0, 9.0]), np.zeros(2), rng=rng).round(2)
    array([-0.88,  5.11])
    """
    from scipy.special import ndtri

    u = rng.random(np.shape(y))
    low, high = family.cdf_below(y, eta, psi, weights), family.cdf(y, eta, psi, weights)
    upper, lower = family.survival(y, eta, psi, weights), family.at_least(y, eta, psi, weights)
    left = low + u * (high - low)
    right = upper + (1.0 - u) * (lower - upper)
    smaller = np.maximum(np.minimum(left, right), _TINY)
    return np.asarray(np.where(left <= right, 1.0, -1.0) * ndtri(smaller))
