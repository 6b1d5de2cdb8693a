r"""The mathematics that equations are written in, as a tree: a small part of LaTeX.

Equations are made as LaTeX. Their width and their MathML are read off this tree, so that the three
always say the same. It knows what the builders of this package write and nothing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ranef.present.equation.upright import ESCAPES, IN_MATHS

__all__ = ["Fence", "Node", "Over", "Root", "Row", "Scripts", "Space", "Symbol", "Table", "parse"]


@dataclass(frozen=True, slots=True)
class Symbol:
    """A letter, number, operator or text.

    Attributes
    ----------
    kind : {"letter", "upright", "number", "operator", "relation", "binary", "text", "big"}
    shown : str
        In Unicode.
    """

    kind: str
    shown: str


@dataclass(frozen=True, slots=True)
class Space:
    """A horizontal space, in em."""

    em: float


@dataclass(frozen=True, slots=True)
class Row:
    """Nodes side by side."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Scripts:
    """A node with a subscript, a superscript, or both."""

    base: Node
    sub: Node | None
    sup: Node | None


@dataclass(frozen=True, slots=True)
class Root:
    """A square root."""

    inside: Node


@dataclass(frozen=True, slots=True)
class Over:
    """A node under a bar."""

    inside: Node


@dataclass(frozen=True, slots=True)
class Fence:
    """A node between brackets that grow with it."""

    left: str
    inside: Node
    right: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, in parentheses or behind a brace."""

    name: str
    rows: tuple[tuple[Node, ...], ...]


Node = Symbol | Space | Row | Scripts | Root | Over | Fence | Table

_TOKEN = re.compile(r"\\[A-Za-z]+\s*|\\.|[{}^_&']|\d+(?:\.\d+)?|\s+|.", re.DOTALL)
_SPACES = {",": 1 / 6, ";": 5 / 18, " ": 1 / 3, "quad": 1.0, "qquad": 2.0}
_LETTERS = {name[1:]: c for c, name in IN_MATHS.items() if name[1:].isalpha() and c != "µ"}
_LETTERS |= {"dots": "…", "in": "∈"}
_RELATIONS = {"sim": "∼", "le": "≤", "ge": "≥", "ne": "≠", "in": "∈", "approx": "≈"}
_BINARY = {"times": "×", "cdot": "·", "pm": "±"}
_OPERATORS = {"log": "log", "exp": "exp", "sin": "sin", "cos": "cos", "tan": "tan", "sum": "∑"}
_BLACKBOARD = {"R": "ℝ"}
_SCRIPT = {"N": "𝒩"}


def parse(latex: str) -> Row:
    r"""The tree of a formula.

    >>> parse(r"\text{ses}").items
    (Symbol(kind='text', shown='ses'),)
    """
    return _Reader(_TOKEN.findall(latex)).row(())


class _Reader:
    """Reads tokens from the left."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at].strip() if self.at < len(self.tokens) else ""

    def next(self) -> str:
        token = self.tokens[self.at]
        self.at += 1
        return token.strip() or " "

    def row(self, ends: tuple[str, ...]) -> Row:
        """Nodes up to one of the tokens `ends`, which is not read."""
        items: list[Node] = []
        while self.at < len(self.tokens) and self.peek() not in ends:
            if not self.peek():
                self.at += 1
            elif self.peek() in ("^", "_", "'"):
                base = items.pop() if items else Row(())
                items.append(self.scripts(base))
            else:
                items.append(self.node())
        return Row(tuple(items))

    def scripts(self, base: Node) -> Node:
        sub: Node | None = None
        sup: Node | None = None
        match base:
            case Scripts(base=inner, sub=sub, sup=sup):
                base = inner
        mark = self.next()
        if mark == "'":
            sup = Symbol("operator", "′")
        elif mark == "_":
            sub = self.node()
        else:
            sup = self.node()
        return Scripts(base, sub, sup)

    def group(self) -> Row:
        """What stands between braces."""
        self.next()
        inside = self.row(("}",))
        self.next()
        return inside

    def node(self) -> Node:
        token = self.next()
        if token == "{":
            self.at -= 1
            return self.group()
        if token.startswith("\\"):
            return self.command(token[1:])
        if token[0].isdigit():
            return Symbol("number", token)
        if token.isalpha():
            return Symbol("letter", token)
        if token in "=<>":
            return Symbol("relation", token)
        if token in "+-":
            return Symbol("binary", "−" if token == "-" else token)
        return Symbol("operator", token)

    def command(self, name: str) -> Node:
        if name in _SPACES:
            return Space(_SPACES[name])
        if name == "text":
            return Symbol("text", self.text())
        if name in ("mathrm", "operatorname"):
            return Symbol("upright", _letters(self.group()))
        if name == "mathbb":
            return Symbol("upright", _BLACKBOARD[_letters(self.group())])
        if name == "mathcal":
            return Symbol("upright", _SCRIPT[_letters(self.group())])
        if name == "sqrt":
            return Root(self.group())
        if name == "overline":
            return Over(self.group())
        if name == "left":
            left = self.next()
            inside = self.row((r"\right",))
            self.next()
            return Fence(left, inside, self.next())
        if name == "begin":
            return self.table()
        if name == "sum":
            return Symbol("big", "∑")
        if name in _OPERATORS:
            return Symbol("upright", _OPERATORS[name])
        if name in _RELATIONS:
            return Symbol("relation", _RELATIONS[name])
        if name in _BINARY:
            return Symbol("binary", _BINARY[name])
        # LaTeX sets Greek capitals upright.
        return Symbol("upright" if name[0].isupper() else "letter", _LETTERS[name])

    def table(self) -> Table:
        name = _letters(self.group())
        rows: list[tuple[Node, ...]] = []
        cells: list[Node] = []
        while True:
            cells.append(self.row(("&", "\\\\", r"\end")))
            mark = self.next()
            if mark == "&":
                continue
            rows.append(tuple(cells))
            cells = []
            if mark == r"\end":
                self.group()
                return Table(name, tuple(rows))

    def text(self) -> str:
        """The characters of ``\\text{...}``."""
        self.next()
        raw, depth = "", 1
        while True:
            token = self.tokens[self.at]
            self.at += 1
            depth += (token == "{") - (token == "}")
            if not depth:
                return unescaped(raw)
            raw += token


_ESCAPED = {latex: c for c, latex in ESCAPES.items()}
_ESCAPED |= {f"${latex}$": c for c, latex in IN_MATHS.items() if c != "µ"}
_UNESCAPE = re.compile("|".join(map(re.escape, sorted(_ESCAPED, key=len, reverse=True))))


def unescaped(text: str) -> str:
    r"""The characters behind LaTeX's text mode.

    >>> unescaped(r"cwc\_ses \textasciicircum{} $\beta$")
    'cwc_ses ^ β'
    """
    return _UNESCAPE.sub(lambda match: _ESCAPED[match[0]], text)


def _letters(row: Node) -> str:
    """Letters in a row as one word."""
    assert isinstance(row, Row)
    return "".join(item.shown for item in row.items if isinstance(item, Symbol))
