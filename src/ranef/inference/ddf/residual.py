"""n - p degrees of freedom, as in a linear model without random effects."""

from __future__ import annotations

from ranef.inference.ddf.constant import Constant
from ranef.inference.ddf.method import Fitted

__all__ = ["method"]


def method(fitted: Fitted) -> Constant:
    """The method for a fit."""
    return Constant("residual", fitted.estimates.vcov, float(fitted.problem.n - fitted.design.p))
