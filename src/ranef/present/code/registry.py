"""The programs by name: one file each, and a line here."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from ranef.errors import OptionError, suggestion
from ranef.options import shown, text
from ranef.present.code.plan import Plan, plan_of
from ranef.present.code.script import Script
from ranef.present.protocol import FittedModel
from ranef.present.request import Request

__all__ = ["PROGRAMS", "code"]

# A program is a module here with a function ``code(plan) -> Script``, and a line below.
_MODULES = {
    "lme4": "ranef.present.code.lme4",
    "glmmTMB": "ranef.present.code.glmmtmb",
    "nlme": "ranef.present.code.nlme",
    "MixedModels.jl": "ranef.present.code.julia",
    "Stata": "ranef.present.code.stata",
    "SPSS": "ranef.present.code.spss",
    "statsmodels": "ranef.present.code.statsmodels",
}
PROGRAMS = tuple(_MODULES)


def code(model: FittedModel, request: Request, program: Any, data: str = "data.csv") -> Script:
    """The model in the code of another program; see ``Fit.code``.

    Raises
    ------
    OptionError
        Another program, or a model that it cannot express.
    """
    known = {_plain(name): name for name in PROGRAMS}
    name = known.get(_plain(program)) if isinstance(program, str) else None
    if name is None:
        raise OptionError(
            f"unknown program {shown(program)}",
            found=f"program={shown(program)}",
            fix=(suggestion(program, PROGRAMS) if isinstance(program, str) else "")
            or f"use one of {', '.join(PROGRAMS)}",
        )
    write: Callable[[Plan], Script] = import_module(_MODULES[name]).code
    return write(plan_of(model, request, text("data", data)))


def _plain(name: str) -> str:
    """A name without case, points and blanks: ``"MixedModels.jl"`` and ``"mixedmodels jl"``."""
    return "".join(c for c in name.casefold() if c.isalnum()).removesuffix("jl")
