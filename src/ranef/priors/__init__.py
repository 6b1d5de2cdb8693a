"""Priors: ``rn.lmm(..., prior=rn.priors.Wishart())``, and how much prior a fit needs."""

from ranef.prior import LKJ, Gamma, HalfNormal, HalfT, Normal, Wishart

__all__ = ["LKJ", "Gamma", "HalfNormal", "HalfT", "Normal", "Wishart"]
