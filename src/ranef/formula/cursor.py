"""A place in the tokens: looking, taking, refusing, and limits on size."""

from __future__ import annotations

from ranef.formula.lexer import Token, tokenize
from ranef.formula.nodes import Span
from ranef.formula.position import formula_error

__all__ = ["BAR_FIX", "Cursor"]

BAR_FIX = "put the random part in parentheses, as in (1 | group)"
_DEEPEST = 40
_LARGEST = 100


class Cursor:
    """The tokens of a formula and how far they are read.

    `depth` counts open expressions and `weight` the nodes of the present summand, so that no tree
    is too high for the functions that walk it.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokenize(text)
        self.at = 0
        self.depth = 0
        self.calls = 0
        self.weight = 0

    def peek(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.tokens[self.at]
        if token.kind != "end":
            self.at += 1
        else:
            self.at += 1
            self.tokens.append(token)
        return token

    def close(self, opening: Token, kind: str) -> Token:
        token = self.peek()
        if token.kind == kind:
            return self.take()
        if token.kind in ("end", "~"):
            raise self.error(
                f"this {opening.value} is never closed",
                span=(opening.start, opening.end),
                fix=f"add the matching {kind}",
            )
        if token.kind in ("|", "||"):
            raise self.error(f"unexpected {token.value}", fix=BAR_FIX)
        if token.kind in ("name", "number", "string", "(", "["):
            raise self.no_operator()
        raise self.error(f"unexpected {self.quote(token)}", fix=f"close the {opening.value} first")

    def no_operator(self) -> Exception:
        """The error for a token that stands beside another one."""
        token = self.peek()
        fix = "put +, :, * or another operator between the two"
        if token.kind == "[":
            fix = "write the name of the column alone, without the data frame and brackets"
        elif token.kind in ("name", "number") and self.text[token.start] != "`":
            words = self._words_around()
            if words:
                fix = f"if '{words}' is one column, write `{words}`; otherwise {fix}"
        return self.error(f"no operator before {self.quote(token)}", fix=fix)

    def _words_around(self) -> str:
        """The names and numbers in a row that the token is one of; empty where it is alone."""
        words = [
            token.kind in ("name", "number") and self.text[token.start] != "`"
            for token in self.tokens
        ]
        first = last = self.at
        while first > 0 and words[first - 1]:
            first -= 1
        while words[last + 1]:
            last += 1
        span = slice(self.tokens[first].start, self.tokens[last].end)
        return self.text[span] if first < last else ""

    def need_operand(self, operator: Token) -> None:
        kind = self.peek().kind
        if kind in ("end", ")", "~", "|", "||", ",", "*", "/", ":", "^", "%in%", "="):
            raise self.error(
                f"nothing stands after this {operator.value}",
                span=(operator.start, operator.end),
                fix="add a term after it, or remove it",
            )

    def enter(self) -> None:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.error("the formula is nested too deeply", fix="remove parentheses")

    def grow(self) -> None:
        self.weight += 1
        if self.weight > _LARGEST:
            raise self.error(
                "one term of the formula is too large", fix="split it into several terms"
            )

    def quote(self, token: Token) -> str:
        return "the end" if token.kind == "end" else f"'{self.text[token.start : token.end]}'"

    def error(
        self, what: str, *, span: Span | None = None, found: str = "", fix: str = ""
    ) -> Exception:
        token = self.peek()
        return formula_error(
            what, self.text, span or (token.start, token.end), found=found, fix=fix
        )
