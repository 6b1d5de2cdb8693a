"""Where which function may stand, and with what arguments."""

from __future__ import annotations

from ranef.formula.functions import ARITHMETIC, CATEGORY, CENTRING, INDICATOR, TRANSFORMS
from ranef.formula.grouping import expand_group
from ranef.formula.naming import in_formula
from ranef.formula.nodes import (
    Binary,
    Call,
    Constant,
    Expr,
    Name,
    Negative,
    Number,
    RandomPart,
    String,
    Sum,
    Vector,
)
from ranef.formula.position import formula_error
from ranef.formula.render import to_text

__all__ = ["check_factor", "check_numeric"]

_OF_A_COLUMN = {
    "cut": (6, 2, "cut(x, breaks=c(0, 5, 10))"),
    "relevel": (2, 2, "relevel(f, ref='level')"),
    "ordered": (2, 1, "ordered(f) or ordered(f, levels=c('low', 'high'))"),
    INDICATOR: (2, 2, "dummy(f, 'level')"),
}
_COMPARISONS = ("==", "!=", "<", ">", "<=", ">=")


def check_factor(expr: Expr, text: str) -> None:
    """A factor of a term: a column, a category or something numeric.

    Raises
    ------
    FormulaError
    """
    if isinstance(expr, Call) and expr.function in _OF_A_COLUMN:
        _check_of_column(expr, text)
        return
    if isinstance(expr, Call) and expr.function in CATEGORY:
        if len(expr.args) not in (1, 2) or not isinstance(expr.args[0], Name):
            raise formula_error(
                f"{expr.function}() takes a column and, if you like, contrasts",
                text,
                expr.span,
                fix="write C(f) or C(f, contr.sum)",
            )
        for _, value in expr.keywords:
            _check_literal(value, text)
        return
    check_numeric(expr, text)


def _check_of_column(call: Call, text: str) -> None:
    """A column and values: ``cut(x, c(0, 5, 10))``, ``relevel(f, 'b')``, ``ordered(f)``."""
    most, least, example = _OF_A_COLUMN[call.function]
    given = len(call.args) + len(call.keywords)
    if not call.args or not isinstance(call.args[0], Name) or not least <= given <= most:
        raise formula_error(
            f"{call.function}() takes a column first"
            + (", and one level" if call.function in ("relevel", INDICATOR) else ""),
            text,
            call.span,
            fix=f"write {example}",
        )
    for value in (*call.args[1:], *(value for _, value in call.keywords)):
        _check_literal(value, text)


def check_numeric(expr: Expr, text: str) -> None:
    """An expression that gives one number a row (or a basis of several columns).

    Raises
    ------
    FormulaError
    """
    match expr:
        case Name() if expr.name != ".":
            return
        case Number() | Constant():
            return
        case Negative():
            check_numeric(expr.operand, text)
        case Sum():
            for _, item in expr.items:
                check_numeric(item, text)
        case Binary(operator="+" | "-" | "*" | "/" | "^"):
            check_numeric(expr.left, text)
            check_numeric(expr.right, text)
        case Binary() if expr.operator in _COMPARISONS:
            _check_comparison(expr, text)
        case Call():
            _check_call(expr, text)
        case _:
            raise _not_numeric(expr, text)


def _check_comparison(expr: Binary, text: str) -> None:
    for side, other in ((expr.left, expr.right), (expr.right, expr.left)):
        if isinstance(side, String):
            if not isinstance(other, Name):
                raise _not_numeric(side, text)
            if expr.operator not in ("==", "!="):
                raise formula_error(
                    "a text is equal to another or not; it is not smaller or larger",
                    text,
                    expr.span,
                    fix="use == or !=",
                )
        else:
            check_numeric(side, text)


def _check_call(call: Call, text: str) -> None:
    if call.function in ARITHMETIC:
        if len(call.args) != 1 or call.keywords:
            raise formula_error(
                f"{call.function}() takes one argument",
                text,
                call.span,
                fix=f"write {call.function}(x)",
            )
        check_numeric(call.args[0], text)
    elif call.function == INDICATOR:
        _check_of_column(call, text)
    elif call.function in TRANSFORMS:
        if not call.args:
            raise formula_error(
                f"{call.function}() needs a column",
                text,
                call.span,
                fix=f"write {call.function}(x)",
            )
        check_numeric(call.args[0], text)
        for value in (*call.args[1:], *(value for _, value in call.keywords)):
            _check_literal(value, text)
    elif call.function in CENTRING:
        if len(call.args) != 2 or call.keywords:
            raise formula_error(
                f"{call.function}() takes a column and a grouping factor",
                text,
                call.span,
                fix=f"write {call.function}(x, group)",
            )
        check_numeric(call.args[0], text)
        if len(expand_group(call.args[1], text)) != 1:
            raise formula_error(
                f"{call.function}() takes one grouping factor",
                text,
                call.args[1].span,
                fix="write a column or a:b",
            )
    elif call.function == "cbind":
        raise formula_error(
            "cbind() cannot be used inside of an expression",
            text,
            call.span,
            fix="write cbind(hits, misses) ~ ..., with nothing around it",
        )
    else:
        raise formula_error(
            f"{call.function}() cannot be used inside of an expression",
            text,
            call.span,
            fix="make it a term of its own, or compute this column before fitting",
        )


def _check_literal(expr: Expr, text: str) -> None:
    match expr:
        case Number() | String() | Constant():
            return
        case Negative(operand=Number() | Constant(value=float())):
            return
        case Vector():
            for item in expr.items:
                _check_literal(item, text)
        case _:
            raise formula_error(
                f"{to_text(expr)} must be a number, a text, TRUE or FALSE, or a list of them",
                text,
                expr.span,
                fix="write the value itself",
            )


def _not_numeric(expr: Expr, text: str) -> Exception:
    if isinstance(expr, RandomPart):
        return formula_error(
            "a random part stands by itself",
            text,
            expr.span,
            fix="join it with +, as in y ~ x + (1 | group)",
        )
    what = f"{to_text(expr)} is not a number"
    fix = "compute this column before fitting and use its name here"
    if isinstance(expr, String):
        fix = f"write the name of a column, without quotes: {in_formula(expr.value)}"
    if isinstance(expr, Name):
        what, fix = "'.' does not stand for a column", "name the column"
    return formula_error(what, text, expr.span, fix=fix)
