"""Multilevel (mixed-effects) models: fast, exact, certified, explained, published."""

from ranef import datasets, priors
from ranef._version import __version__
from ranef.api import compare, lmm
from ranef.errors import (
    DataError,
    DesignError,
    FormulaError,
    MissingLibraryError,
    NumericalError,
    OptionError,
    RanefError,
    TooLargeError,
    UnknownColumnError,
)
from ranef.fit import Fit
from ranef.frame import center, structure
from ranef.solve import Certificate, Control
from ranef.types import Finding, MissingRows

__all__ = [
    "Certificate",
    "Control",
    "DataError",
    "DesignError",
    "Finding",
    "Fit",
    "FormulaError",
    "MissingLibraryError",
    "MissingRows",
    "NumericalError",
    "OptionError",
    "RanefError",
    "TooLargeError",
    "UnknownColumnError",
    "__version__",
    "center",
    "compare",
    "datasets",
    "lmm",
    "priors",
    "structure",
]
