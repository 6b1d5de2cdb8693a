"""What a diagnosis is about: a fit taken apart, and the means to fit a variant of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ranef.core import TermBlock, TermLabel
from ranef.design import Data, Design
from ranef.formula import Formula
from ranef.frame import Table
from ranef.inference.any_estimates import AnyEstimates
from ranef.inference.contextual import Look
from ranef.inference.estimates import Estimates
from ranef.inference.same_data import AnyRows
from ranef.problem import Problem
from ranef.solve import Certificate, Control, Solution
from ranef.types import Array

__all__ = ["SAME", "AnyRefit", "AnySubject", "Refit", "Subject", "linear"]


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


class AnyRefit(Protocol):
    """What of :class:`Refit` there is for fits of all kinds."""

    def __call__(
        self,
        formula: str | None = None,
        *,
        rows: NDArray[np.bool_] | None = None,
        prior: Any = SAME,
        random: bool = True,
    ) -> AnySubject:
        """A new fit."""
        ...


class _Rows(AnyRows, Protocol):
    @property
    def left_out(self) -> Table | None: ...


class _Problem(Protocol):
    @property
    def n(self) -> int: ...
    @property
    def n_theta(self) -> int: ...
    @property
    def terms(self) -> tuple[TermBlock, ...]: ...
    @property
    def labels(self) -> tuple[TermLabel, ...]: ...
    @property
    def prior(self) -> Any: ...


class _Solution(Protocol):
    @property
    def criterion(self) -> float: ...
    @property
    def covariances(self) -> tuple[Array, ...]: ...


class AnySubject(Protocol):
    """A fit of any kind as its diagnosis sees it: what linear and generalised ones share."""

    @property
    def formula(self) -> Formula: ...
    @property
    def data(self) -> _Rows: ...
    @property
    def problem(self) -> _Problem: ...
    @property
    def solution(self) -> _Solution: ...
    @property
    def estimates(self) -> AnyEstimates: ...
    @property
    def refit(self) -> AnyRefit: ...
    @property
    def design(self) -> Design: ...
    @property
    def table(self) -> Table: ...
    @property
    def certificate(self) -> Certificate: ...

    @property
    def reml(self) -> bool:
        """Whether REML was used."""
        ...

    @property
    def work(self) -> float:
        """Numbers read by one evaluation of the criterion."""
        ...


@dataclass(frozen=True, slots=True)
class Subject:
    """A linear fit as its diagnosis sees it.

    Attributes
    ----------
    formula : Formula
    data : Data
        The rows used; `design`, `table` and `weights` are parts of it.
    problem : Problem
    solution : Solution
    estimates : Estimates
    refit : Refit
    look : Look
        Answers questions about the rows.
    lay_out : callable
        The design and the problem of another formula, for a look at it without a fit.
    size : int
        Rows, or cells of sums, that a fit of another formula reads first.
    pass_seconds : callable
        What another pass over rows that are not in memory takes, if a formula needs one; or 0.
    """

    formula: Formula
    data: Data = field(repr=False)
    problem: Problem = field(repr=False)
    solution: Solution = field(repr=False)
    estimates: Estimates = field(repr=False)
    refit: Refit = field(repr=False)
    look: Look = field(repr=False)
    lay_out: Callable[[Formula], tuple[Design, Problem]] = field(repr=False)
    size: int = field(repr=False)
    pass_seconds: Callable[[Formula], float] = field(repr=False)

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

    @property
    def work(self) -> float:
        """Numbers read by one evaluation of the criterion."""
        return self.solution.work


def linear(subject: AnySubject) -> Subject:
    """The same, for what only linear fits have."""
    assert isinstance(subject, Subject)
    return subject
