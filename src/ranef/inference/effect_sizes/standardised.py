"""The design with every number standardised: what is fitted for standardised coefficients."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ranef.design import Design, build
from ranef.design.contrasts import to_argument
from ranef.errors import OptionError
from ranef.formula import Formula
from ranef.formula.functions import CATEGORY, CENTRING
from ranef.formula.nodes import Call, Expr, Name, children
from ranef.frame import Table

__all__ = ["standardised_design"]

# Functions that follow a change of origin and unit, or are meant for the new one.
FOLLOWING = CENTRING | {"I", "poly", "scale", "center", "standardize"}


def standardised_design(
    formula: Formula, table: Table, design: Design, left_out: Table | None
) -> tuple[Design, float]:
    """Predictors that are numbers, and the response, less their means over their SDs.

    Squares and products are made of the standardised numbers; categories, truth values and grouping
    factors stay.

    Returns
    -------
    design : Design
    scale : float
        The standard deviation of the response, by which offsets have to be divided.

    Raises
    ------
    OptionError
        A number inside of a function, as in ``log(x)``.
    """
    moved, missing = table, left_out
    for name in _numbers(formula, table):
        values = table[name].values
        mean, spread = float(np.mean(values)), float(np.std(values, ddof=1))
        if spread > 0.0:
            moved = moved.with_numbers(name, (values - mean) / spread)
            if missing is not None and name in missing:
                missing = missing.with_numbers(name, (missing[name].values - mean) / spread)
    contrasts = to_argument(design.encoding.state, formula.variables())
    made = build(formula, moved, contrasts, left_out=missing)
    scale = float(np.std(design.y, ddof=1))
    return replace(made, y=(design.y - design.y.mean()) / scale), scale


def _numbers(formula: Formula, table: Table) -> list[str]:
    """The variables to standardise, in order of appearance."""
    found: dict[str, None] = {}
    groups = {name for bar in formula.bars for name in bar.factors}
    fixed = [factor for term in formula.fixed for factor in term.factors]
    random = [factor for bar in formula.bars for t in bar.model.terms for factor in t.factors]
    for expr in (*fixed, *random):
        _collect(expr, found)
    response = _names(formula.response)
    offsets = {name for expr in formula.offsets for name in _names(expr)}
    out = [name for name in found if table[name].kind == "number" and not table[name].holds_truth]
    for name in out:
        if name in groups or name in response or name in offsets:
            where = "a grouping factor" if name in groups else "the response or the offset"
            raise _refused(f"'{name}' is both a predictor and part of {where}")
    return out


def _collect(expr: Expr, found: dict[str, None]) -> None:
    """Names of numbers as they stand in a term."""
    match expr:
        case Name():
            found[expr.name] = None
        case Call(function=function) if function in CATEGORY:
            return
        case Call(function=function) if function in CENTRING:
            _collect(expr.args[0], found)
        case Call(function=function) if function not in FOLLOWING:
            names = ", ".join(sorted(_names(expr)))
            raise _refused(f"{function}() of {names}")
        case _:
            for part in children(expr):
                _collect(part, found)


def _names(expr: Expr) -> set[str]:
    if isinstance(expr, Name):
        return {expr.name}
    return {name for part in children(expr) for name in _names(part)}


def _refused(found: str) -> OptionError:
    return OptionError(
        "this model has no refit with standardised numbers",
        found=found,
        fix="make a column of it before fitting, or use standardize='basic'",
    )
