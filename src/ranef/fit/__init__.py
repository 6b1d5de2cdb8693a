"""The fitted model: a frozen record and the facade that users see."""

from ranef.fit.facade import Fit
from ranef.fit.mixed_fit import MixedFit

__all__ = ["Fit", "MixedFit"]
