"""Priors: ``rn.lmm(..., prior=rn.priors.Wishart())``, and how much prior a fit needs."""

from ranef.prior import LKJ, Gamma, HalfNormal, HalfT, Normal, Wishart
from ranef.priors.sensitivity import Sensitivity, sensitivity
from ranef.priors.smallest import SmallestPrior, smallest

__all__ = [
    "LKJ",
    "Gamma",
    "HalfNormal",
    "HalfT",
    "Normal",
    "Sensitivity",
    "SmallestPrior",
    "Wishart",
    "sensitivity",
    "smallest",
]
