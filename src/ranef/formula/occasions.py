"""The left side of a structure whose columns stand in an order, such as ``ar1(0 + time | g)``."""

from __future__ import annotations

from dataclasses import replace

from ranef.formula.functions import CATEGORY
from ranef.formula.nodes import Call, Expr, Name, Span
from ranef.formula.position import formula_error
from ranef.formula.render import to_source, to_text
from ranef.formula.structures import tagged
from ranef.formula.terms import Model, Term

__all__ = ["of_occasions"]


def of_occasions(structure: str, model: Model, group: str, text: str, span: Span) -> Model:
    """The left side as a model, with its one variable as a category: a column for each value.

    Parameters
    ----------
    structure : str
    model : Model
        The left side of the bar.
    group : str
        The right side, as typed.
    text : str
        The formula.
    span : (int, int)
        The left side in the formula.

    Raises
    ------
    FormulaError
        An intercept, several terms, or a term that is not one column or category.

    Examples
    --------
    >>> from ranef.formula.parse import parse
    >>> parse("y ~ ar1(0 + time | g)").bars[0].model.terms[0].name
    'C(time)'
    """
    factor = _only_factor(model)
    if factor is None or model.intercept:
        shown = "time" if factor is None else to_source(factor)
        raise formula_error(
            f"{structure}() takes the levels of one factor, without an intercept",
            text,
            span,
            found=_found(model),
            fix=f"write {tagged(structure, f'0 + {shown} | {group}', 0)}"
            + (", where time numbers the occasions" if factor is None else ""),
        )
    if isinstance(factor, Call):
        return model
    category = Call("factor", (factor,), (), factor.span, factor.span)
    return replace(model, terms=(Term((category,), to_text(category)),))


def _only_factor(model: Model) -> Name | Call | None:
    """The column or category, if it is the only term."""
    factors: list[Expr] = [factor for term in model.terms for factor in term.factors]
    if len(factors) != 1:
        return None
    factor = factors[0]
    if isinstance(factor, Name):
        return factor
    return factor if isinstance(factor, Call) and factor.function in CATEGORY else None


def _found(model: Model) -> str:
    words = ["an intercept"] if model.intercept else []
    words += [f"'{term.name}'" for term in model.terms]
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]
