"""The record behind a fit of any kind: what linear and generalised mixed models have in common.

The methods of a fit are written for this class where they do not depend on the distribution of
the response. A kind of fit has a record that inherits from it and fills in what is abstract here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.design import Design
from ranef.errors import OptionError
from ranef.fit.parts import AnyData, AnyProblem, AnySolution, AnySpec
from ranef.formula import Formula
from ranef.frame import Table
from ranef.inference.any_estimates import AnyEstimates
from ranef.solve import Control
from ranef.store.kept import Kept
from ranef.types import Array, Finding, MissingRows

# What only some questions to a fit need is imported where they are answered: a fit starts sooner.
if TYPE_CHECKING:
    import pandas as pd

    from ranef.design.state import State
    from ranef.inference.ddf import Method, RowTests
    from ranef.inference.means.response import ResponseScale
    from ranef.inference.term_hypotheses import TermHypotheses
    from ranef.present.results.fit_log import FitLog
    from ranef.present.text.words import Words

__all__ = ["MixedRecord"]


class MixedRecord(ABC):
    """Everything a fit is made of. Nothing changes it.

    A kind of fit is a frozen dataclass with these fields. Its parts may be of other classes than
    those of another kind: :mod:`ranef.fit.parts` says which members they share. What a group of
    methods needs besides is abstract in the class of these methods.
    """

    _spec: AnySpec
    _data: AnyData
    _problem: AnyProblem
    _solution: AnySolution
    _estimates: AnyEstimates
    findings: tuple[Finding, ...]
    _kept: Kept | None

    # -- what each kind computes in its own way ---------------------------------------------------
    @property
    @abstractmethod
    def log(self) -> FitLog:
        """How the fit was found: structure, steps of the search, time by phase; printable."""

    @property
    @abstractmethod
    def _modes(self) -> tuple[Array, ...]:
        """Conditional modes of the random effects, by term, shape (levels, q)."""

    @property
    @abstractmethod
    def _conditional_covariances(self) -> tuple[Array, ...]:
        """Their covariances given data and parameters, by term, shape (levels, q, q)."""

    @property
    def _conditional_sd_errors(self) -> tuple[Array, ...]:
        """Errors of conditional standard deviations, by term, shape (levels, q)."""
        return tuple(np.zeros(c.shape[:2]) for c in self._conditional_covariances)

    @property
    @abstractmethod
    def _fitted(self) -> Array:
        """Conditional means of the response, shape (n,)."""

    @property
    @abstractmethod
    def _response_scale(self) -> ResponseScale:
        """From the linear predictor to the mean of the response."""

    @abstractmethod
    def _method(self, ddf: str, vcov: Any = None) -> Method:
        """How hypotheses about the fixed effects are judged.

        `vcov` asks for other standard errors than the model's.
        """

    @abstractmethod
    def _errors_in_words(self, vcov: Any) -> str:
        """What a page says of standard errors other than the model's, empty for the model's."""

    @abstractmethod
    def _df_in_words(self, ddf: str, vcov: Any) -> str:
        """How degrees of freedom treat a variance of zero, empty if there is nothing to say."""

    @abstractmethod
    def _tests_in_words(self, ddf: str, vcov: Any) -> str:
        """How tests and intervals are made, in a few words for a note or for brackets."""

    @abstractmethod
    def _term_tests(self, hypotheses: TermHypotheses, method: Method) -> Mapping[str, Array]:
        """Columns of the tests of terms, one entry for each term."""

    # -- parts of the records, under the names that methods speak of them by ---------------------
    @property
    def missing_rows(self) -> MissingRows:
        """Which rows were left out because a variable of the model is missing there."""
        return self._data.missing

    @property
    def _findings_to_show(self) -> tuple[Finding, ...]:
        """The findings of a fit, and what else a page of it should say."""
        return self.findings

    @property
    def _formula(self) -> Formula:
        """As it was asked."""
        return self._spec.formula

    @property
    def _control(self) -> Control:
        """Settings of the search."""
        return self._spec.control

    @property
    def _design(self) -> Design:
        """X, Z and y."""
        return self._data.design

    @property
    def _table(self) -> Table:
        """The model's variables in the rows used."""
        return self._data.table

    @property
    def _reference(self) -> Table:
        """Rows from which levels, means and spans are read."""
        return self._table

    @property
    def _weights(self) -> Array | None:
        """Weights of the rows used."""
        return self._data.weights

    @property
    def _index(self) -> pd.Index | None:
        """Labels of all rows of the data."""
        return self._data.index

    # -- computed when first asked for; never pickled --------------------------------------------
    @cached_property
    def _mean(self) -> Array:
        """Linear predictor with random effects of zero, shape (n,)."""
        from ranef.inference.rows import fixed_part

        return fixed_part(self._design.X, self._estimates.beta, self._data.offset)

    @cached_property
    def _words(self) -> Words:
        """What readers call the variables, coefficients and variances."""
        from ranef.present.text.words import Words

        known = self._states
        categories = {key: own for state in known for key, own in state.categories.items()}
        return Words(dict(known[0].labels), categories)

    @property
    def _states(self) -> tuple[State, ...]:
        """What the formulas of the model have learnt from the rows, that of the mean first."""
        return (self._design.encoding.state,)

    def _of_terms(self, type: int) -> TermHypotheses:
        """What tests of the terms ask; a fit that was loaded keeps it instead of the data."""
        from ranef.inference.term_hypotheses import term_hypotheses

        if self._kept is not None and type in self._kept.hypotheses:
            return self._kept.hypotheses[type]
        return term_hypotheses(self._design, self._table, type)

    def _tests(self, ddf: str, level: float, vcov: Any = None) -> RowTests:
        from ranef.inference.coefficients import coefficient_tests

        return coefficient_tests(self._estimates.beta, self._method(ddf, vcov), level)

    def _need_random(self, what: str, fix: str) -> None:
        """Refuse what only models with random effects have."""
        if not self._problem.terms:
            raise OptionError(
                f"{what} needs random effects, and this model has none",
                where=self._formula.text,
                fix=fix,
            )

    def __getstate__(self) -> Mapping[str, Any]:
        state = {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]
        return {**state, "_spec": replace(self._spec, given=None)}  # type: ignore[type-var]
