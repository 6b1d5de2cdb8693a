"""Means averaged over normal random effects.

The random part of a row's linear predictor is a sum of normal numbers, so one normal number with
the variance v = sum of z'D z. The average over it is an integral in one dimension, whatever the
random part of the model is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ranef.family import Family, Psi
from ranef.inference.generalised.quantity import Quantity
from ranef.types import Array

__all__ = ["Averaged", "averaged", "normal_nodes"]

REACH = 8.5
"""Standard deviations on each side: what lies beyond has a probability of 2e-17."""
WIDEST = 0.4
NARROWEST = 0.02
FINE = 0.22
"""The step of the trapezoidal rule is at most this over the standard deviation of the predictor.
The error is exp(-2 pi a / step) if the integrand is analytic within a of the real line (Trefethen
and Weideman 2014, SIAM Review 56, theorem 5.1); inverse links are so within 1 (cauchit), pi/2
(cloglog) or pi (logit) of it, in units of eta."""
AT_ONCE = 1 << 20  # values of the integrand


class Averaged(NamedTuple):
    """An average over the groups, and its derivatives in eta and in v; shape (rows,)."""

    value: Array
    by_eta: Array
    by_variance: Array


def averaged(
    family: Family, quantity: Quantity, linked: bool, eta: Array, psi: Psi, variance: Array
) -> Averaged:
    """The average of a quantity over eta + sqrt(v) times a standard normal number.

    Parameters
    ----------
    family : Family
    quantity : Quantity
    linked : bool
        Whether it is the inverse link times a number that does not depend on eta. Then it has a
        closed form under the log, probit and identity links (Zeger, Liang and Albert 1988,
        Biometrics 44, 1049-1060).
    eta : ndarray, shape (rows,)
    psi : sequence of ndarray or float
    variance : ndarray, shape (rows,)
    """
    closed = _closed(family.link, eta, variance) if linked else None
    if closed is not None:
        at, in_eta, in_variance = closed
        slope = quantity.slope(at, psi)
        return Averaged(quantity.value(at, psi), slope * in_eta, slope * in_variance)
    by_row = [part != "thresholds" for part in family.parts]
    return _by_quadrature(quantity, eta, psi, by_row, variance, np.isinf(family.MEANS[1]))


def _closed(link: str, eta: Array, variance: Array) -> tuple[Array, Array, Array] | None:
    """The linear predictor whose mean is the average, and its derivatives in eta and v."""
    one = np.ones_like(eta)
    if link == "identity":
        return eta, one, 0.0 * one
    if link == "log":
        return eta + 0.5 * variance, one, 0.5 * one
    if link == "probit":
        root = np.sqrt(1.0 + variance)
        return eta / root, one / root, -0.5 * eta / root**3
    return None


def _by_quadrature(
    quantity: Quantity,
    eta: Array,
    psi: Psi,
    by_row: Sequence[bool],
    variance: Array,
    unbounded: bool,
) -> Averaged:
    out = Averaged(*np.full((3, eta.size), np.nan))
    sd = np.sqrt(variance)
    known = np.flatnonzero(np.isfinite(eta) & np.isfinite(sd))
    if not known.size:
        return out
    most = float(sd[known].max())
    # A mean that grows as exp(eta) moves the bulk of the integrand by sd standard deviations.
    reach = REACH + (most if unbounded else 0.0)
    nodes, weights = normal_nodes(max(min(WIDEST, FINE / max(most, 1e-8)), NARROWEST), reach)
    chunk = max(1, AT_ONCE // nodes.size)
    for start in range(0, known.size, chunk):
        rows = known[start : start + chunk]
        at = eta[rows, None] + sd[rows, None] * nodes
        own = tuple(
            np.asarray(value)[rows, None] if each and np.ndim(value) else value
            for each, value in zip(by_row, psi, strict=True)
        )
        out.value[rows] = quantity.value(at, own) @ weights
        slopes = quantity.slope(at, own)
        out.by_eta[rows] = slopes @ weights
        # d/dv by way of d/d sd; where v is 0 nothing moves it along the face of the covariances.
        moved = slopes @ (weights * nodes)
        scale = sd[rows]
        out.by_variance[rows] = np.where(
            scale > 0.0, 0.5 * moved / np.where(scale > 0.0, scale, 1.0), 0.0
        )
    return out


def normal_nodes(step: float, reach: float = REACH) -> tuple[Array, Array]:
    """Equally spaced nodes and weights for an average over a standard normal number."""
    count = int(np.ceil(reach / step))
    nodes = step * np.arange(-count, count + 1, dtype=np.float64)
    weights = np.exp(-0.5 * nodes**2)
    return nodes, np.asarray(weights / weights.sum())
