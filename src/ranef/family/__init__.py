"""Families of generalised models: their names and words, and what their distributions say.

Each family has a file here, and one in ``cpp/family`` for its log-density and the derivatives that
a fit needs. The two agree on psi, the predictors beside eta: log size of ``nbinom2``, log phi of
``nbinom1``, ``beta``, ``betabinomial`` and ``tweedie``, the log of the shape of ``gamma``, log
sigma^2 of ``gaussian`` and ``inverse_gaussian``, the logit of the probability of an extra zero.
"""

from ranef.family.base import Boundary, Family, Part, Psi
from ranef.family.beta import Beta
from ranef.family.betabinomial import BetaBinomial
from ranef.family.binomial import Binomial
from ranef.family.cumulative import Cumulative
from ranef.family.gamma import Gamma
from ranef.family.gaussian import Gaussian
from ranef.family.hurdle import Hurdle, HurdleNegativeBinomial, HurdlePoisson
from ranef.family.inverse_gaussian import InverseGaussian
from ranef.family.links import LINKS, Link
from ranef.family.nakagawa import distribution_variance, variance_methods
from ranef.family.negative_binomial import NegativeBinomial
from ranef.family.parse import parse_family
from ranef.family.poisson import Poisson
from ranef.family.registry import FAMILIES
from ranef.family.residuals import deviance_residuals, quantile_residuals
from ranef.family.truncated import TruncatedNegativeBinomial, TruncatedPoisson
from ranef.family.tweedie import Tweedie
from ranef.family.zero_inflated import ZeroInflated

__all__ = [
    "FAMILIES",
    "LINKS",
    "Beta",
    "BetaBinomial",
    "Binomial",
    "Boundary",
    "Cumulative",
    "Family",
    "Gamma",
    "Gaussian",
    "Hurdle",
    "HurdleNegativeBinomial",
    "HurdlePoisson",
    "InverseGaussian",
    "Link",
    "NegativeBinomial",
    "Part",
    "Poisson",
    "Psi",
    "TruncatedNegativeBinomial",
    "TruncatedPoisson",
    "Tweedie",
    "ZeroInflated",
    "deviance_residuals",
    "distribution_variance",
    "parse_family",
    "quantile_residuals",
    "variance_methods",
]
