"""Multilevel (mixed-effects) models: fast, exact, certified, explained, published."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ranef.api import compare, lmm
from ranef.errors import (
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
)
from ranef.fit import Fit
from ranef.solve import Certificate, Control
from ranef.types import Finding, MissingRows

if TYPE_CHECKING:
    from ranef import datasets, priors
    from ranef._version import __version__
    from ranef.frame.center import center
    from ranef.frame.structure import structure

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
    "NotEstimableWarning",
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

# Not needed for a fit, so loaded when first asked for: a module, or a name of one.
_LATER = {
    "__version__": "ranef._version",
    "center": "ranef.frame.center",
    "datasets": "ranef.datasets",
    "priors": "ranef.priors",
    "structure": "ranef.frame.structure",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'ranef' has no attribute '{name}'")
    module = import_module(_LATER[name])
    return getattr(module, name, module)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
