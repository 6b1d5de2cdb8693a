"""What a diagnosis is about: a fit taken apart, and the means to fit a variant of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ranef.design import Data, Design
from ranef.formula import Formula
from ranef.frame import Table
from ranef.inference.estimates import Estimates
from ranef.problem import Problem
from ranef.solve import Certificate, Control, Solution
from ranef.types import Array

__all__ = ["SAME", "Refit", "Subject"]


SAME: Final = object()
"""Stands for the prior of the fit, since None stands for no prior."""


class Refit(Protocol):
    """Fits a variant of the model: what is not given stays as it is in the fit."""

    def __call__(
        self,
        formula: str | None = None,
        *,
        reml: bool | None = None,
        start: Array | None = None,
        rows: NDArray[np.bool_] | None = None,
        prior: Any = SAME,
        control: Control | None = None,
        random: bool = True,
    ) -> Subject:
        """A new fit.

        Parameters
        ----------
        formula : str, optional
            It may use the columns of ``Subject.table`` and no others.
        reml : bool, optional
        start : ndarray, optional
            Theta on the data's scale.
        rows : ndarray of bool, shape (n,), optional
            The rows of ``Subject.table`` to keep.
        prior : prior or None, optional
            As :func:`ranef.lmm` takes it. By default that of the fit where the formula is, and
            none for another formula.
        control : Control, optional
            The settings of the search; the defaults, whatever the fit was made with.
        random : bool
            Whether the formula has a random part.

        Raises
        ------
        RanefError
            The variant cannot be fitted to these data.
        """
        ...


@dataclass(frozen=True, slots=True)
class Subject:
    """A fit as its diagnosis sees it.

    Attributes
    ----------
    formula : Formula
    data : Data
        The rows used; `design`, `table` and `weights` are parts of it.
    problem : Problem
    solution : Solution
    estimates : Estimates
    refit : Refit
    """

    formula: Formula
    data: Data = field(repr=False)
    problem: Problem = field(repr=False)
    solution: Solution = field(repr=False)
    estimates: Estimates = field(repr=False)
    refit: Refit = field(repr=False)

    @property
    def design(self) -> Design:
        """X, Z and y."""
        return self.data.design

    @property
    def table(self) -> Table:
        """The model's variables in the n rows used."""
        return self.data.table

    @property
    def weights(self) -> Array | None:
        """Precision weights, shape (n,)."""
        return self.data.weights

    @property
    def certificate(self) -> Certificate:
        """The verdict on the optimum."""
        return self.solution.certificate

    @property
    def reml(self) -> bool:
        """Whether REML was used."""
        return self.problem.reml
