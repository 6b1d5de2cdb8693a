"""Priors: what a user may say about covariances and fixed effects, as penalties of the criterion.

Everything is relative to the residual standard deviation sigma, as in blme with
``common.scale = TRUE``: a covariance prior speaks of the covariance matrix of the random effects
over sigma^2, a prior of fixed effects of beta / sigma. The units are those of the data.
"""

from ranef.prior.assign import Assigned, assign
from ranef.prior.covariance import LKJ, CovariancePrior, Gamma, HalfNormal, HalfT, Wishart
from ranef.prior.fixed import Normal

__all__ = [
    "LKJ",
    "Assigned",
    "CovariancePrior",
    "Gamma",
    "HalfNormal",
    "HalfT",
    "Normal",
    "Wishart",
    "assign",
]
