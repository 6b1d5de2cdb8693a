"""Which group, term or variable a plot shows when the user names none, and when they do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ranef.errors import OptionError, UnknownColumnError, suggestion
from ranef.formula.naming import column_of, columns_of, factors, find
from ranef.options import name as name_option
from ranef.present.protocol import FittedModel
from ranef.present.text.names import response_of
from ranef.types import INTERCEPT, OFFSET

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["check_column", "choose_group", "choose_term", "is_number", "slope_variable"]


def choose_group(model: FittedModel, group: str | None) -> str:
    """`group`, or the first one; it must have random effects."""
    groups = list(model.ranef(condvar=False))
    if not groups:
        raise OptionError(
            "this model has no random effects to draw",
            found=f"rn.lm({model.formula!r}, data)",
            fix="fit.plot.residuals(), qq() and effects() are there without them",
        )
    if group is None:
        return groups[0]
    found = find(name_option("group", group, of="grouping factor"), groups)
    if found is None:
        raise OptionError(
            f"no random effects for {group!r}",
            found=", ".join(groups),
            fix=suggestion(group, groups),
        )
    return found


def choose_term(model: FittedModel, group: str, term: str | None) -> str:
    """`term` of `group`, or the first one. ``"(Intercept)"`` is understood."""
    terms = [str(t) for t in model.ranef(condvar=False)[group].columns]
    if term is None:
        return terms[0]
    name_option("term", term, of="random effect")
    name = INTERCEPT if term == f"({INTERCEPT})" else term
    found = find(name, terms)
    if found is None:
        raise OptionError(
            f"no random effect {term!r} for {group!r}",
            found=", ".join(terms),
            fix=suggestion(name, terms),
        )
    return found


def check_column(data: pd.DataFrame, name: str) -> str:
    """`name`, if the model has that variable.

    Raises
    ------
    UnknownColumnError
    """
    names = [str(c) for c in data.columns]
    if name_option("x or by", name, of="variable of the model") not in names:
        raise UnknownColumnError(
            f"{name!r} is not a variable of the model",
            found=", ".join(names),
            fix=suggestion(name, names),
        )
    return name


def is_number(values: pd.Series[float]) -> bool:
    """Whether `values` are numbers with more than two distinct values."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    return is_numeric_dtype(values) and not is_bool_dtype(values) and values.nunique() > 2


def slope_variable(model: FittedModel, group: str) -> str:
    """The variable to draw along x: that of a random slope, else the first number.

    Raises
    ------
    OptionError
        The model has no numeric predictor.
    """
    data = model.model_frame().drop(columns=OFFSET, errors="ignore")
    slopes = [str(t) for t in model.ranef(condvar=False)[group].columns]
    single = [column_of(name) for name in slopes if len(factors(name)) == 1 and name != INTERCEPT]
    grouping = {column for factor in model.ngroups for column in columns_of(factor)}
    response = response_of(model.formula)
    others = [str(c) for c in data.columns if c != response and c not in grouping]
    for name in (*single, *others):
        if name is not None and name in data.columns and is_number(data[name]):
            return name
    raise OptionError(
        "the model has no numeric predictor to draw along x",
        where=model.formula,
        fix="name one of its variables: x='...'",
    )
