"""The fitted model: a frozen record and the facade that users see."""

from ranef.fit.facade import Fit

__all__ = ["Fit"]
