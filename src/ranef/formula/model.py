"""The record that a formula becomes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from ranef.formula.functions import CATEGORY, CENTRING
from ranef.formula.grouping import expand_group
from ranef.formula.nodes import Call, Expr, Name, Span, children
from ranef.formula.terms import Model, Term

__all__ = ["Bar", "Formula", "Role", "Variable"]

Role = Literal["response", "fixed", "random part", "grouping factor", "offset"]


@dataclass(frozen=True, slots=True)
class Variable:
    """The first use of a column.

    Attributes
    ----------
    name : str
    span : (int, int)
        Where in the formula's text.
    role : {"response", "fixed", "random part", "grouping factor", "offset"}
    """

    name: str
    span: Span
    role: Role


@dataclass(frozen=True, slots=True)
class Bar:
    """One random part on one grouping factor, after expansion.

    Attributes
    ----------
    lhs : Expr
        Left of the bar, as written.
    model : Model
        The same expanded: intercept and terms.
    factors : tuple of str
        Columns whose observed combinations are the groups, slowest first.
    label : str
        Name of the grouping factor as lme4 prints it.
    correlated : bool
        Whether its columns make one term; False for ``||`` and ``diag()``, where each makes one.
    span : (int, int)
        The whole random part in the formula's text.
    text : str
        This part alone in canonical form, ``"(ses | b:a)"``.
    structure : str
        Covariance structure of the term, one of ``formula.structures.STRUCTURES``; never
        ``"diag"``, which is `correlated`.
    rank : int
        Rank of the structure ``"rr"``, else 0.
    """

    lhs: Expr
    model: Model
    factors: tuple[str, ...]
    label: str
    correlated: bool
    span: Span
    text: str
    group_names: tuple[Name, ...] = field(repr=False)
    structure: str = "us"
    rank: int = 0


@dataclass(frozen=True)
class Formula:
    """A mixed-model formula, read and expanded.

    Attributes
    ----------
    text : str
        As the user typed it.
    response : Expr
    fixed : tuple of Term
        Terms of the fixed part without the intercept, in R's order.
    intercept : bool
        Whether the fixed part has an intercept.
    bars : tuple of Bar
        Random parts in the order in which they are written, nested ones expanded.
    offsets : tuple of Expr
        Arguments of ``offset()`` terms.
    removed : tuple of Expr
        Factors that stand in subtracted terms alone.
    """

    text: str
    response: Expr
    fixed: tuple[Term, ...]
    intercept: bool
    bars: tuple[Bar, ...]
    offsets: tuple[Expr, ...]
    removed: tuple[Expr, ...] = ()

    def variables(self) -> dict[str, Variable]:
        """Columns the formula needs, in order of first use.

        Returns
        -------
        dict of str to Variable

        Examples
        --------
        >>> from ranef.formula import parse
        >>> list(parse("log(y) ~ x + (x | sch.id)").variables())
        ['y', 'x', 'sch.id']
        """
        return dict(self._first_uses)

    def predictors(self) -> tuple[str, ...]:
        """Columns that predictions need: all but those of the response alone."""
        return self._predictors

    def fixed_predictors(self) -> tuple[str, ...]:
        """Columns that population predictions need: those of the fixed part and offsets."""
        return self._fixed_predictors

    def removed_variables(self) -> dict[str, Variable]:
        """Columns that stand in subtracted terms alone: ``z`` of ``y ~ x - z + (1 | g)``."""
        known = self._first_uses
        uses = [use for factor in self.removed for use in _uses(factor, "fixed")]
        return {use.name: use for use in reversed(uses) if use.name not in known}

    @cached_property
    def _first_uses(self) -> dict[str, Variable]:
        found: dict[str, Variable] = {}
        for variable in self._uses():
            found.setdefault(variable.name, variable)
        return found

    @cached_property
    def _predictors(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(use.name for use in self._uses() if use.role != "response"))

    @cached_property
    def _fixed_predictors(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(use.name for use in self._fixed_uses()))

    def _fixed_uses(self) -> Iterator[Variable]:
        for term in self.fixed:
            for factor in term.factors:
                yield from _uses(factor, "fixed")
        for offset in self.offsets:
            yield from _uses(offset, "offset")

    def _uses(self) -> Iterator[Variable]:
        yield from _uses(self.response, "response")
        yield from self._fixed_uses()
        for bar in self.bars:
            for term in bar.model.terms:
                for factor in term.factors:
                    yield from _uses(factor, "random part")
            for name in bar.group_names:
                yield Variable(name.name, name.span, "grouping factor")


def _uses(expr: Expr, role: Role) -> Iterator[Variable]:
    if isinstance(expr, Name):
        yield Variable(expr.name, expr.span, role)
        return
    if isinstance(expr, Call):
        if expr.function in CENTRING:
            yield from _uses(expr.args[0], role)
            for name in expand_group(expr.args[1], "")[0].names:
                yield Variable(name.name, name.span, "grouping factor")
            return
        if expr.function in CATEGORY:
            yield from _uses(expr.args[0], role)
            return
    for child in children(expr):
        yield from _uses(child, role)
