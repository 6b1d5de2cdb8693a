"""The families: one line for each, and the names that other programs have for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ranef.family.base import Family
from ranef.family.beta import Beta
from ranef.family.betabinomial import BetaBinomial
from ranef.family.binomial import Binomial
from ranef.family.cumulative import Cumulative
from ranef.family.gamma import Gamma
from ranef.family.gaussian import Gaussian
from ranef.family.hurdle import HurdleNegativeBinomial, HurdlePoisson
from ranef.family.inverse_gaussian import InverseGaussian
from ranef.family.negative_binomial import NegativeBinomial
from ranef.family.poisson import Poisson
from ranef.family.truncated import TruncatedNegativeBinomial, TruncatedPoisson
from ranef.family.tweedie import Tweedie

__all__ = ["ALIASES", "ELSEWHERE", "FAMILIES"]

FAMILIES: dict[str, Callable[..., Family]] = {
    "binomial": Binomial,
    "poisson": Poisson,
    "gamma": Gamma,
    "gaussian": Gaussian,
    "inverse_gaussian": InverseGaussian,
    "nbinom2": NegativeBinomial,
    "nbinom1": partial(NegativeBinomial, 1),
    "beta": Beta,
    "betabinomial": BetaBinomial,
    "tweedie": Tweedie,
    "cumulative": Cumulative,
    "truncated_poisson": TruncatedPoisson,
    "truncated_nbinom2": TruncatedNegativeBinomial,
    "hurdle_poisson": HurdlePoisson,
    "hurdle_nbinom2": HurdleNegativeBinomial,
}
"""By name."""

ALIASES = {
    "bernoulli": "binomial",
    "logistic": "binomial",
    "normal": "gaussian",
    "negativebinomial": "nbinom2",
    "negativebinomial2": "nbinom2",
    "negativebinomial1": "nbinom1",
    "negbinomial": "nbinom2",
    "negbin": "nbinom2",
    "nbinom": "nbinom2",
    "nb": "nbinom2",
    "nb2": "nbinom2",
    "nb1": "nbinom1",
    "betafamily": "beta",
    "ordinal": "cumulative",
    "ordered": "cumulative",
    "clmm": "cumulative",
    "clm": "cumulative",
    "truncatednbinom": "truncated_nbinom2",
    "truncatednegativebinomial": "truncated_nbinom2",
    "hurdlenbinom": "hurdle_nbinom2",
    "hurdlenegativebinomial": "hurdle_nbinom2",
}
"""Names without spaces and marks, in lower case."""

_ZERO = 'extra zeros are zero_inflation="~ 1", beside family="{}"'
ELSEWHERE = {
    "quasi": "a likelihood is needed: families with a dispersion are nbinom1, nbinom2, "
    "betabinomial, gamma and tweedie",
    "quasibinomial": "betabinomial has more variance than binomial",
    "quasipoisson": "nbinom1 has a variance proportional to the mean",
    **dict.fromkeys(("zip", "zeroinflatedpoisson", "zipoisson"), _ZERO.format("poisson")),
    **dict.fromkeys(("zinb", "zeroinflatednbinom2"), _ZERO.format("nbinom2")),
    "zigamma": "tweedie has amounts of which some are zero",
    "lognormal": "take the logarithm in the formula, log(y) ~ ..., with rn.lmm",
    "student": "ranef has no t distribution of responses",
    "tfamily": "ranef has no t distribution of responses",
    "multinomial": "ranef has no family of categories without an order; cumulative is for ordered "
    "ones",
    "compois": "ranef has no Conway-Maxwell-Poisson family; nbinom2 and nbinom1 are its neighbours",
    "genpois": "ranef has no generalised Poisson family; nbinom2 and nbinom1 are its neighbours",
    "truncatednbinom1": "truncated_nbinom2 is the family of counts without zeros",
    "exponential": "gamma contains it: its sigma is then near 1",
    "logit": "it is a link: binomial(logit)",
    "probit": "it is a link: binomial(probit)",
    "cloglog": "it is a link: binomial(cloglog)",
}
"""Names that ranef has no family of, and what to use."""
