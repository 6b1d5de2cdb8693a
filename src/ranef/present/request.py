"""What a fit was asked for, as far as words and code about it need to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ranef.design.state import State
from ranef.family import Family
from ranef.formula import Formula
from ranef.residual import ResidualSpec
from ranef.types import OFFSET

__all__ = ["Request"]


@dataclass(frozen=True, slots=True)
class Request:
    """The model and the options of a fit.

    Attributes
    ----------
    formula : Formula
    reml : bool
    states : tuple of State
        What the formulas of the mean and of the family's other predictors have learnt.
    weights : str or None
        The column of the weights; empty if they are an array or the column is not known, None
        without weights.
    offset : str or None
        The column of the argument ``offset=``, likewise. ``offset()`` terms are in the formula.
    family : Family or None
        None for linear models.
    parts : mapping of str to Formula
        Formulas of the family's ``"dispersion"`` and ``"zero"``, if they were given.
    n_agq : int
        1 for Laplace's method, otherwise nodes of adaptive quadrature.
    residual : ResidualSpec or None
    prior : mapping or None
        As `prior=` takes them.
    subset : str
        The condition of ``subset=``, empty without one.
    step : int
        The unit of time of ``residual="ar1(...)"``: what its correlation is between neighbours.
    times : tuple of str
        The levels of that time in order, if it is a category.
    answers : mapping of str to tuple of str
        By column: the categories of a response, of two the failure first.
    """

    formula: Formula
    reml: bool
    states: tuple[State, ...]
    weights: str | None = None
    offset: str | None = None
    family: Family | None = None
    parts: Mapping[str, Formula] = field(default_factory=dict)
    n_agq: int = 1
    residual: ResidualSpec | None = None
    prior: Mapping[str, Any] | None = None
    subset: str = ""
    step: int = 1
    times: tuple[str, ...] = ()
    answers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def formulas(self) -> tuple[Formula, ...]:
        """That of the mean first."""
        return (self.formula, *self.parts.values())

    @property
    def offset_column(self) -> str:
        """The column of the argument ``offset=``, empty if it has no name."""
        return "" if self.offset in (None, OFFSET) else str(self.offset)
