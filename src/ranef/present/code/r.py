"""What the programs in R have in common: names, data, categories, and the formula."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ranef.formula import Bar
from ranef.formula.condition import Condition, Joined, parse_condition
from ranef.formula.naming import typed
from ranef.formula.nodes import Call, Expr, RandomPart
from ranef.formula.parser import parse_sides
from ranef.formula.render import number_text
from ranef.present.code.dialect import Dialect, written
from ranef.present.code.plan import Coded, Plan, refusal
from ranef.types import Array

__all__ = [
    "R_FUNCTIONS",
    "family_in_r",
    "formula_in_r",
    "name_in_r",
    "part_formula",
    "prelude",
    "r_dialect",
    "random_part",
    "text_in_r",
    "time_column",
]

_SYNTACTIC = re.compile(r"(?:[^\W\d_]|\.(?!\d))[\w.]*\Z")
_RESERVED = {
    *("if", "else", "repeat", "while", "function", "for", "next", "break", "TRUE", "FALSE"),
    *("NULL", "Inf", "NaN", "NA", "in"),
}
_MOST_LISTED = 12  # levels that a line lists

R_FUNCTIONS = {
    **{name: name for name in ("I", "abs", "ceiling", "cos", "exp", "expm1", "floor", "log")},
    **{name: name for name in ("log10", "log1p", "log2", "round", "sign", "sin", "sqrt", "tan")},
    **{name: name for name in ("poly", "scale", "offset", "cbind")},
    "factor": "factor({})",
    "as.factor": "factor({})",
    "C": "factor({})",
    "exp2": "I(2^({}))",
    "center": "scale({}, scale = FALSE)",
    "standardize": "scale({})",
    "bs": "splines::bs",
    "ns": "splines::ns",
}
_KEYWORDS = {"include_intercept": "intercept", "boundary_knots": "Boundary.knots"}


def name_in_r(name: str) -> str:
    """A column, in backticks if R needs them.

    >>> name_in_r("sch.id"), name_in_r("reading score")
    ('sch.id', '`reading score`')
    """
    plain = _SYNTACTIC.match(name) and name not in _RESERVED
    return name if plain else "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def text_in_r(text: str) -> str:
    """A quoted text."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def r_dialect(
    program: str, random: Callable[[RandomPart, Callable[[Expr], str]], str] | None = None
) -> Dialect:
    """R's way of writing expressions."""
    return Dialect(program, name_in_r, text_in_r, R_FUNCTIONS, call=_r_call(program), random=random)


def _r_call(program: str) -> Callable[[Call, Callable[[Expr], str]], str | None]:
    def call(expr: Call, inside: Callable[[Expr], str]) -> str | None:
        if expr.function == "dummy" and len(expr.args) == 2:
            left, right = map(inside, expr.args)
            return f"I(as.numeric({left} == {right}))"
        renamed = tuple((_KEYWORDS.get(key, key), value) for key, value in expr.keywords)
        if renamed != expr.keywords:
            return written(replace(expr, keywords=renamed), r_dialect(program))
        return None

    return call


def formula_in_r(
    plan: Plan,
    program: str,
    random: Callable[[RandomPart, Callable[[Expr], str]], str],
    response: str = "",
) -> str:
    """The formula as it was written, in R's functions and with the columns that were made."""
    left, right = parse_sides(plan.formula.text)
    dialect = r_dialect(program, random)
    said = response or written(left, dialect, plan.made)
    return f"{said} ~ {written(right, dialect, plan.made)}"


def part_formula(plan: Plan, part: str, program: str) -> str:
    """The one-sided formula of the zero part or the dispersion; empty if it is a constant."""
    formula = plan.request.parts.get(part)
    if formula is None or not formula.fixed:
        return ""
    dialect = r_dialect(program)
    terms = [
        ":".join(written(factor, dialect, plan.made) for factor in term.factors)
        for term in formula.fixed
    ]
    return f"~ {' + '.join(([] if formula.intercept else ['0']) + terms)}"


def prelude(plan: Plan, program: str, libraries: Sequence[str]) -> list[str]:
    """Libraries, data, the subset, categories with their contrasts, and group means."""
    lines = [f"library({library})" for library in libraries]
    lines.append(
        f'd <- read.csv({text_in_r(plan.data)}, check.names = FALSE, na.strings = c("NA", ""))'
    )
    if plan.request.subset:
        condition = _condition(parse_condition(plan.request.subset), r_dialect(program))
        lines.append(f"d <- subset(d, {condition})")
    answers = plan.request.answers
    for column, levels in answers.items():
        lines.append(_factor(column, column, levels))
    for coded in plan.categories:
        lines += _category(coded)
    if plan.centred:
        lines.append(
            "group_mean <- function(x, ...) ave(x, ..., FUN = function(v) mean(v, na.rm = TRUE))"
        )
    for one in plan.centred:
        x = written(one.x, r_dialect(program), plan.made)
        groups = ", ".join(map(name_in_r, one.groups))
        mean = f"group_mean({x}, {groups})"
        value = f"{x} - {mean}" if one.within else mean
        lines.append(f"d${name_in_r(one.column)} <- with(d, {value})")
    return lines


def _category(coded: Coded) -> list[str]:
    """A factor with its levels in order, and contrasts other than those of treatments."""
    own, contrast = coded.own, coded.own.contrast
    column = name_in_r(coded.column)
    if own.cuts is not None:
        cuts = own.cuts
        breaks = ", ".join(map(number_text, cuts.breaks))
        ends = f"right = {_logical(cuts.right)}, include.lowest = {_logical(cuts.lowest)}"
        lines = [f"d${column} <- droplevels(cut(d${name_in_r(own.column)}, c({breaks}), {ends}))"]
    else:
        lines = [_factor(coded.column, own.column, coded.levels)]
    k = len(coded.levels)
    if coded.base is not None:
        if coded.base != coded.levels[0]:
            lines.append(f"d${column} <- relevel(d${column}, ref = {text_in_r(coded.base)})")
    elif contrast.kind in ("sum", "poly", "helmert"):
        lines.append(f"contrasts(d${column}) <- contr.{contrast.kind}({k})")
    else:
        lines.append(f"contrasts(d${column}) <- {_matrix(coded.matrix, coded.labels)}")
    return lines


def _logical(value: bool) -> str:
    return "TRUE" if value else "FALSE"


def _factor(name: str, column: str, levels: Sequence[str]) -> str:
    source = f"d${name_in_r(column)}"
    if set(levels) == {"False", "True"}:
        source, levels = f"tolower(as.character({source}))", [level.lower() for level in levels]
    listed = ", ".join(map(text_in_r, levels))
    if len(levels) > _MOST_LISTED:
        lines = [listed[i : i + 70] for i in range(0, len(listed), 70)]
        listed = "".join(lines)
    return f"d${name_in_r(name)} <- factor({source}, levels = c({listed}))"


def _matrix(matrix: Array, labels: Sequence[str]) -> str:
    values = ", ".join(number_text(float(np.round(x, 15))) for x in matrix.T.ravel())
    names = ", ".join(map(text_in_r, labels))
    return f"matrix(c({values}), ncol = {matrix.shape[1]}, dimnames = list(NULL, c({names})))"


def _condition(condition: Condition, dialect: Dialect) -> str:
    if not isinstance(condition, Joined):
        return written(condition, dialect)
    if condition.word == "not":
        return f"!({_condition(condition.parts[0], dialect)})"
    sign = " & " if condition.word == "and" else " | "
    return sign.join(f"({_condition(part, dialect)})" for part in condition.parts)


_FAMILIES = {
    "binomial": "binomial",
    "poisson": "poisson",
    "gamma": "Gamma",
    "gaussian": "gaussian",
    "inverse_gaussian": "inverse.gaussian",
}


def family_in_r(plan: Plan, program: str, others: str, more: Mapping[str, str] = {}) -> str:
    """The family with its link, ``binomial(link = "logit")``."""
    known = {**_FAMILIES, **more}
    if plan.family not in known:
        family = plan.request.family
        raise refusal(program, f"the family {family.title if family else ''}", plan.text, others)
    return f'{known[plan.family]}(link = "{plan.link}")'


def random_part(
    separate: Mapping[tuple[int, int], list[tuple[Bar, list[str]]]],
) -> Callable[[RandomPart, Callable[[Expr], str]], str]:
    """Writes ``(x | g)`` and ``(x || g)``; independent effects of a category by their columns."""

    def random(part: RandomPart, inside: Callable[[Expr], str]) -> str:
        if part.span in separate:
            return " + ".join(
                f"({term} | {typed(bar.label)})"
                for bar, terms in separate[part.span]
                for term in terms
            )
        bar = "|" if part.correlated else "||"
        return f"({inside(part.lhs)} {bar} {inside(part.group)})"

    return random


def time_column(plan: Plan, program: str) -> tuple[str, str]:
    """A column of times in whole steps from the first one of each group, and what makes it."""
    spec = plan.request.residual
    assert spec is not None
    name = spec.variables[0].name
    column = f"{name}_step"
    while column in plan.columns:
        column += "_"
    t = name_in_r(name)
    if plan.request.times:
        levels = ", ".join(map(text_in_r, plan.request.times))
        t = f"as.integer(factor({t}, levels = c({levels})))"
    groups = ", ".join(name_in_r(group.name) for group in spec.group)
    first = f"ave({t}, {groups}, FUN = function(v) min(v, na.rm = TRUE))"
    step = "" if plan.request.step == 1 else f" / {plan.request.step}"
    value = f"({t} - {first}){step}" if step else f"{t} - {first}"
    return column, f"d${name_in_r(column)} <- with(d, {value})"
