"""Satterthwaite's degrees of freedom where a variance of zero is taken as known, as in lmerTest."""

from __future__ import annotations

from ranef.inference.ddf.method import Fitted
from ranef.inference.ddf.satterthwaite import Satterthwaite

__all__ = ["method"]


def method(fitted: Fitted) -> Satterthwaite:
    """The method for a fit; that of :mod:`~ranef.inference.ddf.satterthwaite` if none is zero."""
    return Satterthwaite(fitted.estimates.vcov, fitted.derivatives(), "satterthwaite-face")
