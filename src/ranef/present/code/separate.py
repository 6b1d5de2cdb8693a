"""Independent random effects of categories, column by column.

``(f || g)`` has one independent effect for each column of the model matrix. Other programs either
keep the columns of a category together or read the formula otherwise, so that the columns are made.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ranef.formula import Bar, naming
from ranef.formula.naming import factors, without_level
from ranef.formula.nodes import Expr, Name
from ranef.formula.parser import parse_right_side
from ranef.formula.render import number_text, to_text
from ranef.present.code.dialect import written
from ranef.present.code.plan import Coded, Plan, refusal
from ranef.types import INTERCEPT

__all__ = ["Column", "Separate", "column_of", "effects_of", "separate_columns"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a model matrix as a product.

    Attributes
    ----------
    name : str
        For the column.
    levels : tuple of (Coded, tuple of float)
        Categories, with the value of the column for each level.
    numbers : tuple of Expr
        What they are multiplied by.
    """

    name: str
    levels: tuple[tuple[Coded, tuple[float, ...]], ...]
    numbers: tuple[Expr, ...]

    def in_r(self) -> str:
        """The product in R."""
        from ranef.present.code.r import name_in_r, r_dialect, text_in_r

        parts = [written(number, r_dialect("R")) for number in self.numbers]
        for coded, values in self.levels:
            column = name_in_r(coded.column)
            terms = [
                f"({column} == {text_in_r(level)})"
                if value == 1.0
                else f"{number_text(value)} * ({column} == {text_in_r(level)})"
                for level, value in zip(coded.levels, values, strict=True)
                if value != 0.0
            ]
            parts.append(terms[0] if len(terms) == 1 else f"({' + '.join(terms)})")
        return " * ".join(parts) if len(parts) > 1 else f"as.numeric({parts[0]})"


@dataclass(frozen=True, slots=True)
class Separate:
    """The columns, and by the place of a random part its terms: ``1``, ``0 + f_B``."""

    columns: tuple[Column, ...]
    by_span: dict[tuple[int, int], list[tuple[Bar, list[str]]]]


def separate_columns(plan: Plan) -> Separate:
    """Columns for the random parts of independent effects that hold categories."""
    columns: dict[str, Column] = {}
    by_span: dict[tuple[int, int], list[tuple[Bar, list[str]]]] = {}
    names = effects_of(plan)
    for bar, own in zip(plan.formula.bars, names, strict=True):
        exprs = [factor for term in bar.model.terms for factor in term.factors]
        if bar.correlated or not any(plan.is_category(expr) for expr in exprs):
            if not bar.correlated and len(own) > bar.model.intercept + len(bar.model.terms):
                what = "independent effects of a term of several columns"
                raise refusal("this program", what, bar.text, "glmmTMB")
            continue
        terms = []
        for name in own:
            if name == INTERCEPT:
                terms.append("1")
                continue
            column = columns.setdefault(name, column_of(name, plan))
            terms.append(f"0 + {column.name}")
        by_span.setdefault(bar.span, []).append((bar, terms))
    return Separate(tuple(columns.values()), by_span)


def effects_of(plan: Plan) -> list[tuple[str, ...]]:
    """The effects of each random part, from the terms that the fit made of them.

    The fit has its terms in an order of its own, and independent effects one by one.
    """
    left = list(plan.model._covariances)
    out = []
    for bar in plan.formula.bars:
        wanted = {tuple(sorted(map(to_text, term.factors))) for term in bar.model.terms}
        wanted |= {()} if bar.model.intercept else set()
        own: list[str] = []
        for term in [t for t in left if t.label.factor == bar.label]:
            kinds = {_variables(name) for name in term.label.names}
            if kinds == wanted or (not bar.correlated and kinds <= wanted):
                own += term.label.names
                left.remove(term)
                if bar.correlated:
                    break
        out.append(tuple(own))
    return out


def _variables(name: str) -> tuple[str, ...]:
    if name == INTERCEPT:
        return ()
    return tuple(sorted(without_level(factor) for factor in factors(name)))


def column_of(name: str, plan: Plan) -> Column:
    """The column of a coefficient as a product."""
    levels, numbers, words = [], [], []
    for part in factors(name):
        variable = without_level(part)
        code = part[len(variable) + 1 : -1]
        coded = plan.category(variable)
        if coded is None:
            own = naming.column_of(variable)
            expr = parse_right_side(f"~ {variable}") if own is None else Name(own, (0, 0))
            numbers.append(expr)
            words.append(to_text(expr))
            continue
        if code in coded.labels:
            values = tuple(float(x) for x in coded.matrix[:, coded.labels.index(code)])
        else:
            values = tuple(float(level == code) for level in coded.levels)
        levels.append((coded, values))
        words += [coded.column, code.removeprefix("T.")]
    text = "_".join(words)
    return Column(_clean(text, plan), tuple(levels), tuple(numbers))


def _clean(text: str, plan: Plan) -> str:
    name = re.sub(r"\W+", "_", text).strip("_") or "column"
    while name in plan.columns:
        name += "_"
    return name
