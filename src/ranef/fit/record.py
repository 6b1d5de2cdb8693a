"""The record behind a fit: its fields, and what is computed from them when first asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING, Any, Self

from ranef.core import Layout
from ranef.design import Design
from ranef.diagnose import data_findings, fit_findings
from ranef.errors import OptionError
from ranef.fit.given import Given
from ranef.formula import Formula
from ranef.frame import Table
from ranef.inference.estimates import Estimates, estimate
from ranef.options import one_of, shown
from ranef.present.progress import progress
from ranef.problem import Problem, check_bounded, check_residual_variance
from ranef.problem.exact import NOTHING
from ranef.solve import Control, Solution, solve_checked, solve_design
from ranef.solve.solution import search, solution_of
from ranef.store.kept import Kept
from ranef.types import Array, Finding, Findings, MissingRows

# What only some questions to a fit need is imported where they are answered: a fit starts sooner.
if TYPE_CHECKING:
    import pandas as pd

    from ranef.inference.ddf import Fitted, Method, RowTests
    from ranef.inference.ddf.information import VarianceInformation
    from ranef.inference.prediction_variance import RowVariances
    from ranef.inference.satterthwaite import VarianceDerivatives
    from ranef.inference.term_hypotheses import TermHypotheses
    from ranef.present.results.fit_log import FitLog
    from ranef.prior import Assigned

__all__ = ["FitRecord"]


@dataclass(frozen=True, eq=False, repr=False)
class FitRecord:
    """Everything a fit is made of. Nothing changes it."""

    _formula: Formula
    _table: Table
    _design: Design
    _problem: Problem
    _solution: Solution
    _estimates: Estimates
    _weights: Array | None
    _offset: Array | None
    _offset_name: str | None
    _control: Control
    _layout: Layout
    _seconds: Mapping[str, float]
    missing_rows: MissingRows
    _left_out: Table | None = None
    _index: pd.Index[Any] | None = None
    findings: tuple[Finding, ...] = ()
    _given: Given | None = None  # never pickled: it holds the user's data
    _kept: Kept | None = None

    @classmethod
    def of_design(
        cls,
        formula: Formula,
        table: Table,
        design: Design,
        missing: MissingRows,
        *,
        reml: bool,
        weights: Array | None = None,
        offset: Array | None = None,
        offset_name: str | None = None,
        prior: Assigned | None = None,
        control: Control | None = None,
        start: Array | None = None,
        seconds: Mapping[str, float] | None = None,
        form: Callable[[Array], Problem] | None = None,
        left_out: Table | None = None,
        index: pd.Index[Any] | None = None,
        given: Given | None = None,
    ) -> Self:
        """Solve, certify, estimate, and keep what is worth knowing.

        `seconds` are those already spent, by phase, for the log. `form` makes the problem from the
        response less offset, where that takes less than all cross-products. `left_out` are the
        rows of the data that `missing` lists, `index` the labels of all its rows, if it has any.
        `given` are the arguments of the user's call.
        """
        begun = perf_counter()
        control = control or Control()
        y = design.y if offset is None else design.y - offset
        if form is None:
            check_bounded(design, y, reml, penalised=prior is not None)
            solved = solve_design(design, y, weights, reml, prior, control, start)
        else:
            formed = form(y)
            check_bounded(design, y, formed.reml, penalised=formed.prior is not None)
            solved = solve_checked(formed, design, y, weights, control, start, begun)
        problem, kernel, solution, gathering = solved
        estimates = estimate(problem, solution, kernel)
        inner_variance = (estimates.sigma / problem.scaling.y_scale) ** 2
        check_residual_variance(problem, design, y, inner_variance, kernel)
        findings = [
            *data_findings(formula, table, design, missing),
            *fit_findings(problem, solution),
        ]
        if design.suspicious:
            from ranef.diagnose.competing import competing_findings

            findings += competing_findings(design, solution.certificate)
        found = solution.found
        solving = gathering + found.search_seconds + found.certificate_seconds
        return cls(
            _formula=formula,
            _table=table,
            _design=design,
            _problem=problem,
            _solution=solution,
            _estimates=estimates,
            _weights=weights,
            _offset=offset,
            _offset_name=offset_name,
            _control=control,
            missing_rows=missing,
            _left_out=left_out,
            _index=index,
            findings=Findings(findings),
            _given=given,
            _layout=kernel.layout,
            _seconds={
                **(seconds or {}),
                "cross-products": gathering,
                "search": found.search_seconds,
                "certificate": found.certificate_seconds,
                "record": perf_counter() - begun - solving,
            },
        )

    @property
    def log(self) -> FitLog:
        """How the fit was found: structure, steps of the search, time by phase; printable."""
        from ranef.fit.log import log_of

        return log_of(self)

    def _again(self, problem: Problem) -> Self:
        """Another criterion for the same data: by REML or by ML, with other priors."""
        if self._kept is not None:
            return self._again_from_sums(problem)
        return self._from(self._design, lambda _: problem, given=self._given)

    def _again_from_sums(self, problem: Problem) -> Self:
        """The same for a fit that has been loaded, from the sums that are there without the rows.

        Raises
        ------
        DataError
            Sums do not hold the digits that this fit needs.
        """
        kernel = problem.kernel()
        found = search(problem, self._control, None, kernel)
        solution = solution_of(problem, *found)
        estimates = estimate(problem, solution, kernel)
        inner_variance = (estimates.sigma / problem.scaling.y_scale) ** 2
        if (found.solved.loses_digits and problem.rows is None) or inner_variance <= NOTHING:
            absent: Any = self._table
            absent.missed()
        own = fit_findings(self._problem, self._solution)
        others = [finding for finding in self.findings if finding not in own]
        return replace(
            self,
            _problem=problem,
            _solution=solution,
            _estimates=estimates,
            _layout=kernel.layout,
            _kept=replace(self._kept, residual_quantiles=()) if self._kept else None,
            findings=Findings([*others, *fit_findings(problem, solution)]),
        )

    def _with_prior(self, prior: Assigned | None) -> Self:
        problem, given = self._problem.with_prior(prior), self._given
        if given is not None:
            given = replace(given, prior=None if prior is None else prior.by_name())
        return self._from(self._design, lambda _: problem, given=given)

    def _from(
        self,
        design: Design,
        form: Callable[[Array], Problem],
        start: Array | None = None,
        given: Given | None = None,
    ) -> Self:
        """The fit of the problem that `form` makes of the design's response less offset.

        `given` is the call that would give this fit, if there is one.
        """
        return self.of_design(
            self._formula,
            self._table,
            design,
            self.missing_rows,
            reml=self._problem.reml,
            weights=self._weights,
            offset=self._offset,
            offset_name=self._offset_name,
            control=self._control,
            start=start,
            form=form,
            left_out=self._left_out,
            index=self._index,
            given=given,
        )

    @property
    def _less_offset(self) -> Array:
        """The response less the offset."""
        return self._design.y if self._offset is None else self._design.y - self._offset

    # Computed when first asked for; never pickled.
    @cached_property
    def _mean(self) -> Array:
        from ranef.inference.rows import fixed_part

        return fixed_part(self._design.X, self._estimates.beta, self._offset)

    @cached_property
    def _fitted(self) -> Array:
        from ranef.inference.rows import random_part

        blocks = [(term.codes, term.Z) for term in self._design.terms]
        return self._mean + random_part(blocks, self._modes)

    @cached_property
    @progress("computing leverages")
    def _leverage(self) -> Array:
        from ranef.inference.rows import leverages

        y = self._design.y - (0.0 if self._offset is None else self._offset)
        return leverages(self._problem, self._solution, self._design, y, self._weights)

    @cached_property
    def _modes(self) -> tuple[Array, ...]:
        from ranef.inference.conditional import conditional_modes

        return conditional_modes(self._problem, self._solution)

    @cached_property
    @progress("computing the covariances of the random effects")
    def _conditional_covariances(self) -> tuple[Array, ...]:
        from ranef.inference.conditional import conditional_covariances

        return conditional_covariances(self._problem, self._solution)

    @cached_property
    @progress("computing degrees of freedom")
    def _derivatives(self) -> VarianceDerivatives:
        from ranef.inference.satterthwaite import variance_derivatives

        return variance_derivatives(self._problem, self._solution)

    @cached_property
    def _methods(self) -> dict[str, Method]:
        """Methods for degrees of freedom that have been asked for."""
        return {}

    @cached_property
    def _row_variances(self) -> RowVariances:
        from ranef.inference.prediction_variance import RowVariances

        return RowVariances(
            self._problem,
            self._solution,
            self._estimates,
            lambda: self._derivatives,
            lambda: self._information,
        )

    @cached_property
    @progress("computing the information of the variances")
    def _information(self) -> VarianceInformation:
        from ranef.inference.ddf.information import variance_information

        return variance_information(self._problem, self._solution.inner)

    def _need_random(self, what: str, fix: str) -> None:
        """Refuse what only models with random effects have."""
        if not self._problem.terms:
            raise OptionError(
                f"{what} needs random effects, and this model has none",
                where=self._formula.text,
                fix=fix,
            )

    def _method(self, ddf: str, vcov: Any = None) -> Method:
        """A method for degrees of freedom, made once.

        `vcov` asks for other standard errors than the model's: see
        :func:`ranef.fit.errors.robust_errors`.
        """
        from ranef.inference.ddf import NAMES, method_of

        one_of("ddf", ddf, NAMES, what=f"unknown method {shown(ddf)} for degrees of freedom")
        if vcov is not None:
            from ranef.fit.errors import robust_errors

            return robust_errors(self, ddf, vcov)
        if ddf not in self._methods:
            # Without random effects both have the degrees of freedom of the residuals.
            same = not self._problem.terms and ddf not in ("residual", "asymptotic")
            self._methods[ddf] = method_of("residual" if same else ddf, self._subject())
        return self._methods[ddf]

    def _of_terms(self, type: int) -> TermHypotheses:
        """What F tests of the terms ask; a fit that was loaded keeps it instead of the data."""
        from ranef.inference.term_hypotheses import term_hypotheses

        if self._kept is not None and type in self._kept.hypotheses:
            return self._kept.hypotheses[type]
        return term_hypotheses(self._design, self._table, type)

    def _errors_in_words(self, vcov: Any) -> str:
        """What a page says of standard errors other than the model's, empty for the model's."""
        if vcov is None:
            return ""
        from ranef.fit.errors import errors_in_words

        return errors_in_words(self, vcov)

    def _df_in_words(self, ddf: str, vcov: Any) -> str:
        """How degrees of freedom treat a variance of zero, with those of the other rule."""
        from ranef.fit.errors import df_in_words

        return df_in_words(self, ddf, vcov)

    def _subject(self) -> Fitted:
        """What a method for degrees of freedom is told."""
        from ranef.inference.ddf import Fitted

        y = self._design.y if self._offset is None else self._design.y - self._offset
        return Fitted(
            self._problem,
            self._solution,
            self._design,
            self._estimates,
            y,
            self._weights,
            lambda: self._derivatives,
        )

    def _tests(self, ddf: str, level: float, vcov: Any = None) -> RowTests:
        from ranef.inference.coefficients import coefficient_tests

        return coefficient_tests(self._estimates.beta, self._method(ddf, vcov), level)

    def __getstate__(self) -> Mapping[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "_given"}
