"""Residuals of a generalised model, row by row, at the conditional modes."""

from __future__ import annotations

import numpy as np

from ranef.family import Family, Psi, deviance_residuals, quantile_residuals
from ranef.inference.simulate import draw_key
from ranef.options import one_of, shown
from ranef.types import Array

__all__ = ["RESIDUALS", "generalised_residuals"]

RESIDUALS = ("response", "pearson", "deviance", "working", "quantile")


def generalised_residuals(
    family: Family,
    y: Array,
    eta: Array,
    psi: Psi,
    weights: Array | None,
    kind: str,
    seed: int | None,
) -> Array:
    """Residuals of one kind, shape (n,).

    Parameters
    ----------
    family : Family
    y : ndarray, shape (n,)
        As the family takes it.
    eta : ndarray, shape (n,)
    psi : sequence of ndarray or float
    weights : ndarray, shape (n,), or None
    kind : str
        One of `RESIDUALS`.
    seed : int or None
        Of the draws of ``"quantile"``.

    Raises
    ------
    OptionError
        Another kind, or a seed that is not one.
    """
    one_of("kind", kind, RESIDUALS, what=f"unknown kind of residuals {shown(kind)}")
    if kind == "deviance":
        return deviance_residuals(family, y, eta, psi, weights)
    if kind == "quantile":
        bits = np.random.Philox(key=np.array([draw_key(seed), 0], dtype=np.uint64))
        rng = np.random.Generator(bits)
        return quantile_residuals(family, y, eta, psi, weights, rng=rng)
    raw = y - family.mean(eta, psi)
    if kind == "working":
        return _over(raw, family.mean_slope(eta, psi))
    if kind == "pearson":
        # Without dispersion if R leaves it out.
        own = (0.0,) if family.DISPERSION_APART else psi
        variance = family.variance(eta, own, _dividing(family, weights))
        raw = _over(raw, np.sqrt(variance))
        if family.WEIGHTS == "density" and weights is not None:
            raw = raw * np.sqrt(weights)
    return np.asarray(raw)


def _over(raw: Array, unit: Array) -> Array:
    """raw / unit, and 0 where raw is.

    Far out a mean rounds to the end of its range, and its slope and the variance to zero.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(raw == 0.0, 0.0, raw / unit)


def _dividing(family: Family, weights: Array | None) -> Array | None:
    """The weights that the variance of the response depends on."""
    return None if family.WEIGHTS == "density" else weights
