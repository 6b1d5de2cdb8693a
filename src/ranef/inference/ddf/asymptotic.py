"""The normal law: degrees of freedom are infinite."""

from __future__ import annotations

from ranef.inference.ddf.constant import Constant
from ranef.inference.ddf.method import Fitted

__all__ = ["method"]


def method(fitted: Fitted) -> Constant:
    """The method for a fit."""
    return Constant("asymptotic", fitted.estimates.vcov, float("inf"))
