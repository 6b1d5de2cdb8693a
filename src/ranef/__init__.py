"""Multilevel (mixed-effects) models: fast, exact, certified, explained, published.

==================================  ============================================================
`lmm(formula, data)`                fits a linear mixed model and returns a `Fit`
`glmm(formula, data, family=)`      fits a generalised linear mixed model
`lm(formula, data)`                 fits a linear model without random effects, as a baseline
`load(path)`                        reads a fit that `fit.save(path)` has written
`scan(files)`                       names data that are summed where they are, for `lmm`
`moments(formula, data)`            sums rows; those of months and sites add up
`load_moments(path)`                reads moments that `moments.save(path)` has written
`compare(m1, m2, ...)`              sets fits side by side in a publication table
`anova(m1, m2, ...)`                tests fits against each other, one nested in the next
`center(data, x, by=g)`             adds centred copies of variables to a data frame
`structure(data, groups)`           says what level each variable lives on
`power(formula, design, ...)`       says what a planned study can find
`datasets.load(name)`               loads a bundled data set; `datasets.names()` lists them
`priors`                            priors, for `lmm(..., prior=)`
`Binomial`, `Poisson`, `Gamma` ...  families of generalised models
`Control`                           settings of the search, for `lmm(..., control=)`
`RanefError` and its subclasses     every error that ranef raises on purpose
==================================  ============================================================

A fit says the rest itself: `fit.summary()`, `fit.certificate`, `fit.diagnose()`, `help(fit)`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ranef import errors
from ranef.errors import (
    ApproximationWarning,
    DataError,
    DesignError,
    FormulaError,
    MissingLibraryError,
    NotEstimableWarning,
    NumericalError,
    OptionError,
    RanefError,
    TooLargeError,
    UnknownColumnError,
    UnknownNameError,
    UsageError,
)
from ranef.types import Finding, MissingRows

if TYPE_CHECKING:
    from ranef import datasets, priors
    from ranef._version import __version__
    from ranef.api import anova, compare, glmm, lm, lmm, load_moments, moments, scan
    from ranef.explore.center import center
    from ranef.explore.structure import structure
    from ranef.family import (
        Beta,
        BetaBinomial,
        Binomial,
        Cumulative,
        Gamma,
        Gaussian,
        HurdleNegativeBinomial,
        HurdlePoisson,
        InverseGaussian,
        NegativeBinomial,
        Poisson,
        TruncatedNegativeBinomial,
        TruncatedPoisson,
        Tweedie,
    )
    from ranef.fit import Fit
    from ranef.fit.generalised import GeneralisedFit
    from ranef.fit.stored import load
    from ranef.planning import power
    from ranef.solve import Certificate, Control

__all__ = [
    "ApproximationWarning",
    "Beta",
    "BetaBinomial",
    "Binomial",
    "Certificate",
    "Control",
    "Cumulative",
    "DataError",
    "DesignError",
    "Finding",
    "Fit",
    "FormulaError",
    "Gamma",
    "Gaussian",
    "GeneralisedFit",
    "HurdleNegativeBinomial",
    "HurdlePoisson",
    "InverseGaussian",
    "MissingLibraryError",
    "MissingRows",
    "NegativeBinomial",
    "NotEstimableWarning",
    "NumericalError",
    "OptionError",
    "Poisson",
    "RanefError",
    "TooLargeError",
    "TruncatedNegativeBinomial",
    "TruncatedPoisson",
    "Tweedie",
    "UnknownColumnError",
    "UnknownNameError",
    "UsageError",
    "__version__",
    "anova",
    "center",
    "compare",
    "datasets",
    "errors",
    "glmm",
    "lm",
    "lmm",
    "load",
    "load_moments",
    "moments",
    "power",
    "priors",
    "scan",
    "structure",
]

# Loaded when first asked for: a module, or a name of one.
_LATER = {
    "Certificate": "ranef.solve",
    "Control": "ranef.solve",
    "Fit": "ranef.fit",
    "GeneralisedFit": "ranef.fit.generalised",
    "__version__": "ranef._version",
    "anova": "ranef.api",
    "center": "ranef.explore.center",
    "compare": "ranef.api",
    "datasets": "ranef.datasets",
    "glmm": "ranef.api",
    "lm": "ranef.api",
    "lmm": "ranef.api",
    "power": "ranef.planning",
    "load": "ranef.fit.stored",
    "load_moments": "ranef.api",
    "moments": "ranef.api",
    "scan": "ranef.api",
    "priors": "ranef.priors",
    "structure": "ranef.explore.structure",
    **dict.fromkeys(
        (
            "Beta",
            "BetaBinomial",
            "Binomial",
            "Cumulative",
            "Gamma",
            "Gaussian",
            "HurdleNegativeBinomial",
            "HurdlePoisson",
            "InverseGaussian",
            "NegativeBinomial",
            "Poisson",
            "TruncatedNegativeBinomial",
            "TruncatedPoisson",
            "Tweedie",
        ),
        "ranef.family",
    ),
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        from ranef.answers import unknown_in_ranef

        unknown_in_ranef(name, __all__)
    module = import_module(_LATER[name])
    value = globals()[name] = getattr(module, name, module)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
