"""The formula as a small tree. Every node knows where in the text it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = [
    "Binary",
    "Call",
    "Constant",
    "Expr",
    "Name",
    "Negative",
    "Number",
    "RandomPart",
    "Span",
    "String",
    "Sum",
    "Vector",
    "children",
    "walk",
]

Span = tuple[int, int]
"""Start and end (exclusive) of a piece of the formula's text, in characters."""


@dataclass(frozen=True, slots=True)
class Name:
    """A variable, without backticks: ``ses``, ``sch.id``."""

    name: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Number:
    """A number literal."""

    value: float
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class String:
    """A quoted text."""

    value: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Constant:
    """``TRUE``, ``FALSE`` or ``NULL``, in R's or Python's spelling; ``pi`` or ``Inf`` in a call."""

    value: bool | float | None
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Vector:
    """``c(1, 2)`` or ``[1, 2]``: a list of literals in an argument."""

    items: tuple[Expr, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Negative:
    """Unary minus."""

    operand: Expr
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Binary:
    """An operator between two operands; ``operator`` is spelt as in R (``^``, ``%in%``)."""

    operator: str
    left: Expr
    right: Expr
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Sum:
    """A whole chain of ``+`` and ``-``: pairs of sign (+1 or -1) and operand.

    One flat node, so that a formula of thousands of terms is no deep tree.
    """

    items: tuple[tuple[int, Expr], ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """``function(args, keyword=value)``."""

    function: str
    args: tuple[Expr, ...]
    keywords: tuple[tuple[str, Expr], ...]
    span: Span = field(compare=False)
    function_span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class RandomPart:
    """``(lhs | group)``, ``(lhs || group)`` or ``cs(lhs | group)`` as written, not yet expanded.

    ``us(x | g)`` is ``(x | g)`` and ``diag(x | g)`` is ``(x || g)``. The rank is that of ``rr``.
    """

    lhs: Expr
    group: Expr
    correlated: bool
    span: Span = field(compare=False)
    structure: str = "us"
    rank: int = 0


Expr = Name | Number | String | Constant | Vector | Negative | Binary | Sum | Call | RandomPart


def children(expr: Expr) -> tuple[Expr, ...]:
    """The direct operands of a node, left to right."""
    match expr:
        case Negative():
            return (expr.operand,)
        case Binary():
            return (expr.left, expr.right)
        case Sum():
            return tuple(item for _, item in expr.items)
        case Call():
            return expr.args + tuple(value for _, value in expr.keywords)
        case Vector():
            return expr.items
        case RandomPart():
            return (expr.lhs, expr.group)
        case _:
            return ()


def walk(expr: Expr) -> Iterator[Expr]:
    """All nodes of a tree, parents first, left to right."""
    stack = [expr]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(children(node)))
