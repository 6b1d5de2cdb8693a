"""The methods by name."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from ranef.errors import OptionError
from ranef.inference.ddf.method import Fitted, Method

__all__ = ["NAMES", "method_of"]

# A method is a module here with a function ``method(fitted) -> Method``, and a line below.
_MODULES = {
    "satterthwaite": "ranef.inference.ddf.satterthwaite",
    "residual": "ranef.inference.ddf.residual",
    "asymptotic": "ranef.inference.ddf.asymptotic",
}

NAMES = tuple(_MODULES)


def method_of(name: str, fitted: Fitted) -> Method:
    """The method of that name for a fit.

    Raises
    ------
    OptionError
        There is no such method, or it does not apply to the fit.
    """
    if not isinstance(name, str) or name not in _MODULES:
        raise OptionError(
            f"unknown method {name!r} for degrees of freedom",
            found=f"ddf={name!r}",
            fix="use one of " + ", ".join(f"'{known}'" for known in NAMES),
        )
    make: Callable[[Fitted], Method] = import_module(_MODULES[name]).method
    return make(fitted)
