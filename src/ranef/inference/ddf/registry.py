"""The methods by name."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from ranef.inference.ddf.method import Fitted, Method

__all__ = ["NAMES", "method_of"]

# A method is a module here with a function ``method(fitted) -> Method``, and a line below.
_MODULES = {
    "satterthwaite": "ranef.inference.ddf.satterthwaite",
    "satterthwaite-face": "ranef.inference.ddf.satterthwaite_face",
    "kenward-roger": "ranef.inference.ddf.kenward_roger",
    "residual": "ranef.inference.ddf.residual",
    "asymptotic": "ranef.inference.ddf.asymptotic",
}

NAMES = tuple(_MODULES)


def method_of(name: str, fitted: Fitted) -> Method:
    """The method of that name for a fit.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    fitted : Fitted

    Raises
    ------
    OptionError
        The method does not apply to the fit.
    """
    make: Callable[[Fitted], Method] = import_module(_MODULES[name]).method
    return make(fitted)
