"""Divergences of a response from its mean that keep their digits where the two are close."""

from __future__ import annotations

import numpy as np

from ranef.types import Array

__all__ = ["of_counts", "of_positive"]

_NEAR = 0.05  # |r| below which a series of twelve terms is exact to rounding


def of_counts(y: Array, mu: Array) -> Array:
    """y log(y / mu) - (y - mu), for y >= 0 and mu >= 0."""
    from scipy.special import xlogy

    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        r = (y - mu) / mu
        near = np.abs(r) < _NEAR
        far = np.where(y == 0.0, mu, xlogy(y, y / mu) - (y - mu))  # also where mu is 0
    return np.asarray(np.where(near, mu * _series(np.where(near, r, 0.0), 0), far))


def of_positive(y: Array, mu: Array) -> Array:
    """(y - mu) / mu - log(y / mu), for y > 0 and mu > 0."""
    r = (y - mu) / mu
    near = np.abs(r) < _NEAR
    far = r - np.log(y / mu)
    return np.asarray(np.where(near, _series(np.where(near, r, 0.0), 1), far))


def _series(r: Array, kind: int) -> Array:
    """(1 + r) log(1 + r) - r (kind 0) or r - log(1 + r) (kind 1), for small r."""
    total = np.zeros_like(r)
    for k in range(13, 1, -1):
        total = 1.0 / (k if kind else k * (k - 1)) - r * total
    return np.asarray(r * r * total)
