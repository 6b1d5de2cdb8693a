"""Priors: ``rn.lmm(..., prior=rn.priors.Wishart())``, and how much prior a fit needs.

Priors of covariances and of fixed effects are penalties of the criterion. They are relative to the
residual standard deviation sigma, as in blme with ``common.scale = TRUE``: a covariance prior is a
density of the covariance matrix of the random effects divided by sigma^2, a prior of fixed effects
one of beta / sigma. The units are those of the data.
"""

from typing import TYPE_CHECKING, Any

from ranef.priors.covariance import LKJ, Gamma, HalfNormal, HalfT, Wishart
from ranef.priors.fixed import Normal

if TYPE_CHECKING:
    from ranef.fit.prior_sensitivity import Sensitivity, sensitivity
    from ranef.fit.smallest_prior import SmallestPrior, smallest

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

# Questions to a fit, far above the densities: loaded when first asked for.
_OF_FITS = ("Sensitivity", "SmallestPrior", "sensitivity", "smallest")


def __getattr__(name: str) -> Any:
    if name not in _OF_FITS:
        raise AttributeError(f"module 'ranef.priors' has no attribute {name!r}")
    from ranef.fit import prior_sensitivity, smallest_prior

    home = smallest_prior if name in smallest_prior.__all__ else prior_sensitivity
    return getattr(home, name)


def __dir__() -> list[str]:
    return sorted(__all__)
