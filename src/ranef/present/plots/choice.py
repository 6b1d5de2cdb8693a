"""Which group, term or variable a plot shows when the user names none, and when they do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ranef.errors import OptionError, UnknownColumnError, suggestion
from ranef.formula import parse
from ranef.formula.naming import column_of, columns_of, factors, find, without_level
from ranef.formula.nodes import Name, walk
from ranef.formula.parser import parse_right_side
from ranef.inference.nesting import nested_in
from ranef.options import name as name_option
from ranef.present.protocol import FittedModel
from ranef.types import INTERCEPT, Codes

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "around",
    "check_column",
    "choose_group",
    "choose_term",
    "codes_of",
    "is_number",
    "predictors",
    "slope_variable",
    "variables_in",
]


def choose_group(model: FittedModel, group: str | None) -> str:
    """`group`, which must have random effects; by default the first that is not within another.

    Of pupils in classes in schools these are the schools: they are the fewest, and their picture
    shows what pupils of one school share.
    """
    groups = list(model.ranef(condvar=False))
    if not groups:
        raise OptionError(
            "this model has no random effects to draw",
            found=f"rn.lm({model.formula!r}, data)",
            fix="fit.plot.residuals(), qq() and effects() are there without them",
        )
    if group is None:
        return _outer(model, groups)
    found = find(name_option("group", group, of="grouping factor"), groups)
    if found is None:
        raise OptionError(
            f"no random effects for {group!r}",
            found=", ".join(groups),
            fix=suggestion(group, groups),
        )
    return found


def _outer(model: FittedModel, groups: list[str]) -> str:
    """The first group that is not nested in another one."""
    if len(groups) == 1:
        return groups[0]
    sums = getattr(model, "_elsewhere", None)
    if sums is not None:
        return sums.outermost if sums.outermost in groups else groups[0]
    data = model.model_frame()
    coded = {label: codes_of(data, label) for label in groups}
    return next((label for label in groups if _around(coded, label) == [label]), groups[0])


def around(model: FittedModel, group: str) -> list[str]:
    """The grouping factors in each of whose levels whole levels of `group` lie, and itself."""
    groups = list(model.ranef(condvar=False))
    if groups == [group]:
        return groups
    data = model.model_frame()
    return _around({label: codes_of(data, label) for label in groups}, group)


def _around(coded: dict[str, tuple[Codes, list[str]]], group: str) -> list[str]:
    inner, levels = coded[group]
    return [
        label
        for label, (outer, fewer) in coded.items()
        if label == group or (len(fewer) < len(levels) and nested_in(inner, outer, len(levels)))
    ]


def codes_of(data: pd.DataFrame, group: str) -> tuple[Codes, list[str]]:
    """The level of each row, and what the levels are called, in the order in which they appear."""
    columns = list(columns_of(group))
    grouped = data.groupby(columns, sort=False, observed=True)
    codes: Codes = np.asarray(grouped.ngroup(), dtype=np.int32)
    _, first = np.unique(codes, return_index=True)
    names = data[columns].iloc[first].astype(str)
    return codes, list(names[columns[0]] if len(columns) == 1 else names.agg(":".join, axis=1))


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
    """The variable to draw along x.

    That of a random slope of the group, whether it is a number or a category; otherwise the first
    number, or the first category, among the predictors.

    Raises
    ------
    OptionError
        The model has no predictor.
    """
    data = model.model_frame()
    slopes = [str(t) for t in model.ranef(condvar=False)[group].columns]
    varying = [
        name
        for slope in slopes
        if slope != INTERCEPT and len(factors(slope)) == 1
        for name in variables_in(without_level(slope))
    ]
    others = predictors(model)
    numbers = [name for name in others if name in data and is_number(data[name])]
    grouping = {column for factor in model.ngroups for column in columns_of(factor)}
    for name in (*varying, *numbers, *others):
        if name in data and name not in grouping:
            return name
    raise OptionError(
        "the model has no predictor to draw along x",
        where=model.formula,
        fix="fit.plot.caterpillar() draws the effects of the groups",
    )


def predictors(model: FittedModel) -> list[str]:
    """The columns that the fixed part reads, in the order in which it does."""
    formula = parse(model.formula, random=bool(model.ngroups))
    read = [factor for term in formula.fixed for factor in term.factors]
    names = [node.name for expr in read for node in walk(expr) if isinstance(node, Name)]
    return list(dict.fromkeys(names))


def variables_in(text: str) -> list[str]:
    """The columns that a coefficient's factor reads, first that which it is about.

    >>> variables_in("within(ses, sch.id)"), variables_in("`a b`"), variables_in("log(x)")
    (['ses', 'sch.id'], ['a b'], ['x'])
    """
    column = column_of(text)
    if column is not None:
        return [column]
    return [node.name for node in walk(parse_right_side(f"~ {text}")) if isinstance(node, Name)]
