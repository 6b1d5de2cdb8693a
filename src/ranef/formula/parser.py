"""Tokens to a tree: recursive descent with binding powers (Pratt 1973).

Binding powers follow R's table of operators (``?Syntax``), weakest first: comparisons, ``+ -``,
``* /``, ``%in%``, ``:``, unary minus, ``^``.
"""

from __future__ import annotations

import math
import re

from ranef.errors import suggestion
from ranef.formula.cursor import BAR_FIX, Cursor
from ranef.formula.functions import KNOWN, hint
from ranef.formula.lexer import Token
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
from ranef.formula.structures import (
    STRUCTURES,
    elsewhere,
    no_bar,
    read_options,
    unknown_structure,
)

__all__ = ["parse_sides"]

_SUM = 20
_UNARY = 60
_POWER: dict[str, tuple[int, int]] = {
    **dict.fromkeys(("==", "!=", "<", ">", "<=", ">="), (10, 11)),
    **dict.fromkeys("*/", (30, 31)),
    "%in%": (40, 41),
    ":": (50, 51),
    "^": (71, 70),
}
_COMPARISONS = frozenset({"==", "!=", "<", ">", "<=", ">="})
_CONSTANTS: dict[str, bool | None] = {
    "TRUE": True,
    "True": True,
    "FALSE": False,
    "False": False,
    "NULL": None,
    "None": None,
}
_NUMBERS = {"pi": math.pi, "Inf": math.inf}
"""Within a call; a column of such a name stands between backticks there."""

_CALLABLE = KNOWN | {"Helmert", "Poly", "Sum", "Treatment"}


def parse_sides(text: str) -> tuple[Expr, Expr]:
    """Left and right side of the ``~`` as trees.

    Raises
    ------
    FormulaError
        The text is not a formula; the caret stands under the first thing that does not fit.
    """
    return _Parser(text).formula()


def parse_right_side(text: str) -> Expr:
    """The tree of a formula that has a right side alone, ``"~ x + z"``.

    Raises
    ------
    FormulaError
        The text is not such a formula.
    """
    return _Parser(text).right_side()


class _Parser(Cursor):
    """One pass over the tokens."""

    # -- the whole formula -------------------------------------------------------------

    def formula(self) -> tuple[Expr, Expr]:
        if self.peek().kind == "end":
            raise self.error(
                "the formula is empty", fix="write response ~ predictors + (1 | group)"
            )
        if all(token.kind != "~" for token in self.tokens):
            raise self.no_tilde()
        if self.peek().kind == "~":
            raise self.error(
                "nothing stands left of the ~",
                fix="write the response before the ~, as in y ~ x + (1 | group)",
            )
        response = self.expression(0)
        self.expect_end_of_side("~")
        tilde = self.take()
        if self.peek().kind == "end":
            raise self.error(
                "nothing stands right of the ~",
                span=(tilde.start, tilde.end),
                fix="write the predictors after the ~, as in y ~ x + (1 | group)",
            )
        right = self.expression(0)
        self.expect_end_of_side("end")
        return response, right

    def right_side(self) -> Expr:
        if self.peek().kind != "~":
            raise self.error(
                "this formula begins with ~",
                fix="write the predictors alone, as in ~ x; it is ~ 1 if there are none",
            )
        tilde = self.take()
        if self.peek().kind == "end":
            raise self.error(
                "nothing stands right of the ~",
                span=(tilde.start, tilde.end),
                fix="write the predictors after the ~, as in ~ x; it is ~ 1 if there are none",
            )
        right = self.expression(0)
        self.expect_end_of_side("end")
        return right

    def no_tilde(self) -> Exception:
        for token in self.tokens:
            if token.kind == "=":
                return self.error(
                    "a formula has ~ between its sides, not =",
                    span=(token.start, token.end),
                    fix="write ~ here",
                )
        return self.error(
            "the formula has no ~",
            span=(0, len(self.text)),
            fix="write response ~ predictors + (1 | group)",
        )

    def expect_end_of_side(self, kind: str) -> None:
        token = self.peek()
        if token.kind == kind:
            return
        if token.kind in ("|", "||"):
            raise self.error(f"{token.kind} outside of parentheses", fix=BAR_FIX)
        if token.kind == ")":
            raise self.error("this ) closes nothing", fix="remove it, or add a ( before")
        if token.kind == "~":
            raise self.error("a second ~", fix="a formula has one ~")
        if token.kind in ("name", "number", "string", "(", "["):
            raise self.no_operator()
        raise self.error(f"unexpected {self.quote(token)}", fix="remove it")

    # -- expressions -------------------------------------------------------------------

    def expression(self, binding: int) -> Expr:
        self.enter()
        left = self.operand()
        while True:
            kind = self.peek().kind
            if kind in ("+", "-") and binding <= _SUM:
                left = self.chain(left)
                continue
            if kind not in _POWER or _POWER[kind][0] < binding:
                break
            left = self.binary(left)
        self.depth -= 1
        return left

    def binary(self, left: Expr) -> Expr:
        operator = self.take()
        if operator.kind in _COMPARISONS and self.calls == 0:
            raise self.error(
                f"the comparison {operator.value} stands outside of a function",
                span=(operator.start, operator.end),
                fix="write it inside I(), as in I(age > 30)",
            )
        self.grow()
        self.need_operand(operator)
        right = self.expression(_POWER[operator.kind][1])
        return Binary(operator.kind, left, right, (left.span[0], right.span[1]))

    def chain(self, first: Expr) -> Expr:
        items: list[tuple[int, Expr]] = [(1, first)]
        while self.peek().kind in ("+", "-"):
            operator = self.take()
            self.need_operand(operator)
            if self.depth == 1:
                self.weight = 0
            items.append((1 if operator.kind == "+" else -1, self.expression(_SUM + 1)))
        return Sum(tuple(items), (items[0][1].span[0], items[-1][1].span[1]))

    def operand(self) -> Expr:
        token = self.take()
        match token.kind:
            case "name":
                if self.peek().kind == "(" and self.text[token.start] != "`":
                    return self.call(token)
                if token.value in _CONSTANTS and self.text[token.start] != "`":
                    return Constant(_CONSTANTS[token.value], (token.start, token.end))
                if self.calls and token.value in _NUMBERS and self.text[token.start] != "`":
                    return Constant(_NUMBERS[token.value], (token.start, token.end))
                return Name(token.value, (token.start, token.end))
            case "number":
                return self.number(token)
            case "string":
                return String(token.value, (token.start, token.end))
            case "(":
                return self.parenthesis(token)
            case "[":
                return self.vector(token, "]")
            case "-" | "+":
                return self.signed(token)
        self.at -= 1
        if token.kind in ("|", "||"):
            raise self.error(
                f"nothing stands left of the {token.kind}",
                fix="write 1 for a random intercept, as in (1 | group)",
            )
        if token.kind == ")":
            raise self.error("nothing stands before this )", fix="write a term before it")
        if token.kind == "end":
            raise self.error("the formula ends too early", fix="complete it")
        raise self.error(f"no term before {self.quote(token)}", fix="write a term before it")

    def signed(self, token: Token) -> Expr:
        self.need_operand(token)
        self.grow()
        operand = self.expression(_UNARY)
        if token.kind == "+":
            return operand
        return Negative(operand, (token.start, operand.span[1]))

    def number(self, token: Token) -> Expr:
        value = float(token.value.rstrip("L"))
        if not math.isfinite(value):
            raise self.error(
                "this number is too large",
                span=(token.start, token.end),
                fix="the largest number is about 1.8e308",
            )
        return Number(value, (token.start, token.end))

    def parenthesis(self, opening: Token) -> Expr:
        self.grow()
        inner = self.expression(0)
        token = self.peek()
        if token.kind in ("|", "||"):
            return self.random_part(opening, inner)
        self.close(opening, ")")
        return inner

    def random_part(self, opening: Token, lhs: Expr) -> Expr:
        bar, group = self.bar_and_group()
        closing = self.close(opening, ")")
        return RandomPart(lhs, group, bar.kind == "|", (opening.start, closing.end))

    def bar_and_group(self) -> tuple[Token, Expr]:
        bar = self.take()
        if self.calls:
            raise self.error(
                f"{bar.value} inside a function",
                span=(bar.start, bar.end),
                fix="a random part stands by itself, as in y ~ x + (1 | group)",
            )
        if self.peek().kind == ")":
            raise self.error(
                f"no grouping factor after the {bar.value}",
                span=(bar.start, bar.end),
                fix="name the groups, as in (1 | school)",
            )
        group = self.expression(0)
        if self.peek().kind in ("|", "||"):
            raise self.error(
                "a second bar in one random part",
                fix="one random part has one bar: (1 | g1) + (1 | g2)",
            )
        return bar, group

    def tagged(self, tag: Token) -> Expr:
        """``cs(lhs | group)``: a random part whose covariance matrix has a structure."""
        span = (tag.start, tag.end)
        if tag.value not in STRUCTURES:
            raise unknown_structure(tag.value, self.text, span)
        opening = self.take()
        lhs = self.expression(0)
        if self.peek().kind == "||":
            raise self.error(
                f"|| inside {tag.value}()",
                found=f"'{tag.value}' already says how the effects are correlated",
                fix=f"write {tag.value}(x | group), or (x || group) for independent effects",
            )
        if self.peek().kind != "|":
            raise self.error(
                f"the bar of {tag.value}() does not come first",
                fix=f"write {tag.value}(x | group) and put options behind the group",
            )
        _, group = self.bar_and_group()
        more = self.comma(opening, ")")
        args, keywords = self.arguments(opening) if more else ((), ())
        whole = (tag.start, self.close(opening, ")").end)
        structure, rank = read_options(tag.value, args, keywords, self.text)
        if structure == "diag":
            return RandomPart(lhs, group, False, whole)
        return RandomPart(lhs, group, True, whole, structure, rank)

    def holds_bar(self) -> bool:
        """Whether a bar stands directly in the parentheses that open here, not in others inside."""
        depth = 0
        for at in range(self.at, len(self.tokens)):
            kind = self.tokens[at].kind
            depth += (kind in ("(", "[")) - (kind in (")", "]"))
            if depth == 0:
                return False
            if depth == 1 and kind in ("|", "||"):
                return True
        return False

    # -- calls -------------------------------------------------------------------------

    def call(self, function: Token) -> Expr:
        self.grow()
        # Inside a function | may be the "or" of a condition, unless a tag says otherwise.
        if (self.calls == 0 or function.value in STRUCTURES) and self.holds_bar():
            return self.tagged(function)
        if function.value == "c":
            return self.vector(self.take(), ")")
        if function.value not in _CALLABLE and not function.value.startswith("contr."):
            raise self.unknown_function(function)
        opening = self.take()
        args, keywords = self.arguments(opening)
        closing = self.close(opening, ")")
        span = (function.start, closing.end)
        name_span = (function.start, function.end)
        return Call(function.value, args, keywords, span, name_span)

    def arguments(self, opening: Token) -> tuple[tuple[Expr, ...], tuple[tuple[str, Expr], ...]]:
        self.calls += 1
        args: list[Expr] = []
        keywords: list[tuple[str, Expr]] = []
        while self.peek().kind != ")":
            keyword = self.keyword()
            if keyword is not None:
                keywords.append((keyword, self.expression(0)))
            elif keywords:
                raise self.error(
                    "an argument without a name after one with a name",
                    fix="put arguments without a name first",
                )
            else:
                args.append(self.expression(0))
            if not self.comma(opening, ")"):
                break
        self.calls -= 1
        return tuple(args), tuple(keywords)

    def keyword(self) -> str | None:
        token, after = self.peek(), self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        if token.kind != "name" or after.kind != "=":
            return None
        self.at += 2
        if self.peek().kind in (")", ",", "end"):
            raise self.error(
                f"no value for {token.value}=", span=(token.start, after.end), fix="add the value"
            )
        return token.value

    def vector(self, opening: Token, closing_kind: str) -> Expr:
        if self.calls == 0:
            raise self.error(
                "a list of values stands outside of a function",
                span=(opening.start, opening.end),
                fix="lists are arguments, as in bs(x, knots=c(1, 2))",
            )
        self.grow()
        items: list[Expr] = []
        while self.peek().kind != closing_kind:
            items.append(self.expression(0))
            if not self.comma(opening, closing_kind):
                break
        closing = self.close(opening, closing_kind)
        return Vector(tuple(items), (opening.start, closing.end))

    def comma(self, opening: Token, closing_kind: str) -> bool:
        """Whether another argument follows."""
        if self.peek().kind != ",":
            return False
        comma = self.take()
        if self.peek().kind == closing_kind:
            raise self.error(
                "nothing stands after this comma", span=(comma.start, comma.end), fix="remove it"
            )
        return True

    def unknown_function(self, function: Token) -> Exception:
        if function.value in STRUCTURES:
            return no_bar(function.value, self.text, (function.start, function.end))
        fix = hint(function.value) or elsewhere(function.value)
        fix = fix or suggestion(function.value, sorted(KNOWN))
        whole = re.match(r"[^()`]*\([^()`]*\)", self.text[function.start :])
        if whole and self.text[function.end].isspace():
            fix = f"if '{whole[0]}' is one column, write `{whole[0]}`" + (f"; {fix}" if fix else "")
        return self.error(
            f"unknown function '{function.value}'",
            span=(function.start, function.end),
            found="functions " + ", ".join(sorted(KNOWN, key=str.lower)),
            fix=fix or "compute this column before fitting and use its name here",
        )
