"""A generalised fit taken apart, and the means to fit a variant of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ranef.design import Design
from ranef.design.generalised_data import GeneralisedData
from ranef.diagnose.subject import SAME
from ranef.family import Family
from ranef.formula import Formula
from ranef.frame import Table
from ranef.inference.generalised.estimates import GeneralisedEstimates
from ranef.problem.generalised import GeneralisedProblem
from ranef.solve import Certificate
from ranef.solve.generalised import GeneralisedSolution

__all__ = ["GeneralisedRefit", "GeneralisedSubject"]

PASSES = 10
"""Passes over the rows of one evaluation: steps to the modes, and derivatives."""


class GeneralisedRefit(Protocol):
    """Fits a variant of the model: what is not given stays as it is in the fit."""

    def __call__(
        self,
        formula: str | None = None,
        *,
        rows: NDArray[np.bool_] | None = None,
        prior: Any = SAME,
        random: bool = True,
        family: Family | None = None,
        n_agq: int | None = None,
        table: Table | None = None,
    ) -> GeneralisedSubject:
        """A new fit.

        Parameters
        ----------
        formula : str, optional
            It may use the columns of the table and no others.
        rows : ndarray of bool, shape (n,), optional
            The rows of the table to keep.
        prior : prior or None, optional
            As :func:`ranef.glmm` takes it. By default that of the fit where the formula is, and
            none for another formula.
        random : bool
            Whether the formula has a random part. It needs one.
        family : Family, optional
            Formulas of its parts are those of the fit where that has such a part, otherwise
            ``~ 1``.
        n_agq : int, optional
        table : Table, optional
            The rows of the fit with more columns.

        Raises
        ------
        RanefError
            The variant cannot be fitted to these data.
        """
        ...


@dataclass(frozen=True, slots=True)
class GeneralisedSubject:
    """A generalised fit as its diagnosis sees it.

    Attributes
    ----------
    formula : Formula
    data : GeneralisedData
        The rows used; `design` and `table` are parts of it.
    problem : GeneralisedProblem
        Of the family that was asked for.
    solution : GeneralisedSolution
    estimates : GeneralisedEstimates
    refit : GeneralisedRefit
    """

    formula: Formula
    data: GeneralisedData = field(repr=False)
    problem: GeneralisedProblem = field(repr=False)
    solution: GeneralisedSolution = field(repr=False)
    estimates: GeneralisedEstimates = field(repr=False)
    refit: GeneralisedRefit = field(repr=False)

    @property
    def design(self) -> Design:
        """X, Z and y."""
        return self.data.design

    @property
    def table(self) -> Table:
        """The model's variables in the n rows used."""
        return self.data.table

    @property
    def family(self) -> Family:
        """As it was asked for."""
        return self.data.family

    @property
    def certificate(self) -> Certificate:
        """The verdict on the optimum."""
        return self.solution.certificate

    @property
    def reml(self) -> bool:
        """False: generalised models are fitted by maximum likelihood."""
        return False

    @property
    def work(self) -> float:
        """Numbers read by one evaluation of the criterion, roughly."""
        q = sum(term.q for term in self.problem.terms)
        nodes = float(self.problem.n_agq) ** q if self.problem.n_agq > 1 else 1.0
        return PASSES * self.problem.n * (1.0 + q) * nodes
