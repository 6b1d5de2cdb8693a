"""The text of a structure, token by token."""

from __future__ import annotations

from ranef.formula.cursor import Cursor
from ranef.formula.lexer import Token
from ranef.formula.nodes import Name

__all__ = ["Reader"]


class Reader(Cursor):
    """Reads names and separators; every error has a caret under the wrong token."""

    def name(self, what: str, fix: str) -> Name:
        """A column.

        Raises
        ------
        FormulaError
            Something else stands here.
        """
        token = self.peek()
        if token.kind != "name":
            raise self.error(f"{what} is the name of a column", found=self.quote(token), fix=fix)
        self.take()
        if self.peek().kind == "(" and self.text[token.start] != "`":
            raise self.error(
                f"{what} is a column as it is",
                span=(token.start, self.peek().end),
                found=f"the function {token.value}()",
                fix="compute the column before fitting and use its name here",
            )
        return Name(token.value, (token.start, token.end))

    def joined(self, separator: str, what: str, fix: str) -> tuple[Name, ...]:
        """Names with a separator between them, each once."""
        names = [self.name(what, fix)]
        while self.peek().kind == separator:
            self.take()
            names.append(self.name(what, fix))
        for k, name in enumerate(names):
            if name in names[:k]:
                raise self.error(f"'{name.name}' appears twice", span=name.span, fix="name it once")
        return tuple(names)

    def finish(self, opening: Token, fix: str) -> None:
        """The closing parenthesis, and nothing behind it."""
        token = self.peek()
        if token.kind not in (")", "end"):
            raise self.error(f"unexpected {self.quote(token)}", fix=fix)
        self.close(opening, ")")
        token = self.peek()
        if token.kind == "+":
            raise self.error(
                "a model has one residual structure",
                fix="leave out one of them: variances by stratum and correlations in time are not "
                "fitted together",
            )
        if token.kind != "end":
            raise self.error(f"unexpected {self.quote(token)}", fix=fix)
