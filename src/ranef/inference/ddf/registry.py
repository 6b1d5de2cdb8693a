"""The methods by name."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from ranef.inference.ddf.method import Fitted, Method

__all__ = ["NAMES", "in_words", "method_of"]

# A method is a module here with a function ``method(fitted) -> Method``, and a line below.
_MODULES = {
    "auto": "ranef.inference.ddf.auto",
    "satterthwaite": "ranef.inference.ddf.satterthwaite",
    "kenward-roger": "ranef.inference.ddf.kenward_roger",
    "residual": "ranef.inference.ddf.residual",
    "asymptotic": "ranef.inference.ddf.asymptotic",
}

NAMES = tuple(_MODULES)


def in_words(name: str) -> str:
    """What a table says of its degrees of freedom.

    Examples
    --------
    >>> in_words("auto"), in_words("kenward-roger")
    ('Satterthwaite degrees of freedom', 'Kenward-Roger degrees of freedom')
    >>> in_words("residual")
    'residual degrees of freedom'
    """
    named = {"auto": "Satterthwaite", "residual": "residual", "asymptotic": "asymptotic"}
    return f"{named.get(name, name.title())} degrees of freedom"


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
