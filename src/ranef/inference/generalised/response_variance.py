"""The variance of the response around its mean, on the scale of the linear predictor."""

from __future__ import annotations

import numpy as np

from ranef.family import Family, Psi
from ranef.family.nakagawa import distribution_variance, variance_methods
from ranef.family.root import increasing_root
from ranef.options import one_of, shown
from ranef.types import Array

__all__ = ["OBSERVATION", "checked_method", "response_variance"]

OBSERVATION = "observation"
"""The observation-level variance of binary responses: the other name of their delta method."""


def checked_method(family: Family, method: str | None) -> str:
    """One of the methods that the family has; the first if None.

    Raises
    ------
    OptionError
        Another method.
    """
    known = variance_methods(family)
    if method is None and known:
        return known[0]
    also = (OBSERVATION,) if family.RESPONSE == "binary" else ()
    if known:
        what = f"{family.words} has no variance by the method {shown(method)}"
        one_of("method", method, (*known, *also), what=what)
    return "delta" if method == OBSERVATION else str(method)


def response_variance(
    family: Family, y: Array, psi: Psi, weights: Array | None, method: str
) -> float:
    """The distribution-specific variance of Nakagawa, Johnson and Schielzeth (2017).

    Parameters
    ----------
    family : Family
    y : ndarray, shape (n,)
        As the family takes it.
    psi : sequence of ndarray or float
        Of the rows.
    weights : ndarray, shape (n,), or None
    method : str
        One of :func:`~ranef.family.nakagawa.variance_methods`.

    Returns
    -------
    float
        The mean over the rows, at the linear predictor at which the model's mean is that of the
        response.
    """
    eta = np.zeros(1)
    if method != "theoretical":
        eta = np.atleast_1d(_common_predictor(family, y, psi, weights))
    return float(np.mean(distribution_variance(family, eta, psi, weights, method=method)))


def _common_predictor(family: Family, y: Array, psi: Psi, weights: Array | None) -> Array:
    """The linear predictor, the same for all rows, with which the mean of the rows is that of y."""
    trials = weights if family.WEIGHTS == "trials" else None
    mean = float(np.average(y, weights=trials))
    if family.MEAN_IS_LINKED:
        # The mean is the inverse link times a number that eta does not change.
        at = np.ones(1)
        share = np.mean(family.mean(at, psi)) / family.link_function.inverse(at)
        return family.link_function.function(mean / share)

    def short(eta: Array) -> tuple[Array, Array]:
        value = np.mean(family.mean(eta, psi)) - mean
        return np.atleast_1d(value), np.atleast_1d(np.mean(family.mean_slope(eta, psi)))

    return increasing_root(short, np.log([max(mean, 1.0)]))
