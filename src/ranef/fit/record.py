"""The record behind a fit: its fields, and what is computed from them when first asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING, Any, Self, cast

from ranef.core import Layout
from ranef.design import Data
from ranef.diagnose import data_findings, fit_findings, sum_findings
from ranef.errors import OptionError
from ranef.fit.mixed_record import MixedRecord
from ranef.fit.spec import ModelSpec
from ranef.frame import Table
from ranef.inference.estimates import Estimates, estimate
from ranef.options import one_of, shown
from ranef.present.progress import progress
from ranef.problem import Problem, check_residual_variance, form_problem, settled
from ranef.problem.exact import NOTHING, check_digits_of_residuals
from ranef.solve import Solution, solve, solve_data
from ranef.solve.solution import at_solution, evaluate_at
from ranef.store.kept import Kept
from ranef.types import Array, Codes, Finding, Findings

# What only some questions to a fit need is imported where they are answered: a fit starts sooner.
if TYPE_CHECKING:
    from ranef.fit.elsewhere import Elsewhere
    from ranef.inference.ddf import Fitted, Method
    from ranef.inference.ddf.information import VarianceInformation
    from ranef.inference.means.response import ResponseScale
    from ranef.inference.prediction_variance import RowVariances
    from ranef.inference.satterthwaite import VarianceDerivatives
    from ranef.inference.term_hypotheses import TermHypotheses
    from ranef.present.results.fit_log import FitLog
    from ranef.priors.assign import Assigned

__all__ = ["FitRecord"]


@dataclass(frozen=True, eq=False, repr=False)
class FitRecord(MixedRecord):
    """Everything a linear mixed model is made of. Nothing changes it."""

    _spec: ModelSpec
    _data: Data
    _problem: Problem
    _solution: Solution
    _estimates: Estimates
    _layout: Layout
    _seconds: Mapping[str, float]
    findings: tuple[Finding, ...] = ()
    _kept: Kept | None = None

    @classmethod
    def _of(
        cls,
        spec: ModelSpec,
        data: Data,
        problem: Problem | None = None,
        *,
        start: Array | None = None,
        seconds: Mapping[str, float] | None = None,
    ) -> Self:
        """Solve, certify, estimate, and keep what is worth knowing.

        `problem` is that of the model, if it was made from another one: that takes less than all
        cross-products. `seconds` are those already spent, by phase, for the log.
        """
        begun = perf_counter()
        control = spec.control
        data = data.to_fit()
        if problem is None:
            problem = form_problem(data, spec.reml, spec.prior, control.threads)
        else:
            problem = settled(problem.to_search(), data)
        gathered = perf_counter()
        kernel, solution = solve_data(problem, data, control, start)
        problem = solution.problem
        if problem.residual is not None and problem.residual.phi is not None:
            problem.residual.structure.check_found(problem.residual.phi)
            data = data.at_residual(problem.residual.phi)
        estimates = estimate(problem, solution, kernel)
        inner_variance = (estimates.sigma / problem.scaling.y_scale) ** 2
        check_residual_variance(problem, data.design, data.y, inner_variance, kernel)
        findings = [
            *data_findings(spec.formula, data.table, data.design, data.missing),
            *fit_findings(problem, solution),
        ]
        if data.design.suspicious:
            from ranef.diagnose.competing import competing_findings

            findings += competing_findings(data.design, solution.certificate)
        spent = dict(seconds or {})
        spent["cross-products"] = spent.get("cross-products", 0.0) + gathered - begun
        solved = (solution, estimates, kernel.layout)
        return cls._recorded(spec, data, problem, solved, findings, spent, gathered)

    @classmethod
    def _of_sums(
        cls,
        spec: ModelSpec,
        data: Data,
        problem: Problem,
        *,
        start: Array | None = None,
        seconds: Mapping[str, float] | None = None,
    ) -> Self:
        """The same as :meth:`_of` from sums: the rows are absent.

        Raises
        ------
        DataError
            Sums do not hold the digits that the fit needs.
        """
        begun = perf_counter()
        kernel = problem.kernel()
        solution = solve(problem, spec.control, start, kernel)
        estimates = estimate(problem, solution, kernel)
        check_digits_of_residuals(estimates.sigma, problem.scaling.y_scale, spec.formula.text)
        findings = [*sum_findings(data.design, data.missing), *fit_findings(problem, solution)]
        solved = (solution, estimates, kernel.layout)
        return cls._recorded(spec, data, problem, solved, findings, seconds or {}, begun)

    @classmethod
    def _recorded(
        cls,
        spec: ModelSpec,
        data: Data,
        problem: Problem,
        solved: tuple[Solution, Estimates, Layout],
        findings: Sequence[Finding],
        seconds: Mapping[str, float],
        begun: float,
    ) -> Self:
        """The record of what a search that began at some time has found."""
        solution, estimates, layout = solved
        found = solution.found
        solving = found.search_seconds + found.certificate_seconds
        return cls(
            _spec=spec,
            _data=data,
            _problem=problem,
            _solution=solution,
            _estimates=estimates,
            _layout=layout,
            _seconds={
                **seconds,
                "search": found.search_seconds,
                "certificate": found.certificate_seconds,
                "record": perf_counter() - begun - solving,
            },
            findings=Findings(findings),
        )

    @property
    def _elsewhere(self) -> Elsewhere | None:
        """What is known of the rows, if they are not here."""
        return cast("Elsewhere | None", self._data.elsewhere)

    def _of_terms(self, type: int) -> TermHypotheses:
        own = self._elsewhere
        held = self._kept is not None and type in self._kept.hypotheses
        return super()._of_terms(type) if own is None or held else own.hypotheses(type)

    @property
    def log(self) -> FitLog:
        """How the fit was found: structure, steps of the search, time by phase; printable."""
        from ranef.fit.log import log_of

        return log_of(self)

    def _again(self, *, reml: bool) -> Self:
        """The same model for the same data by REML, or by ML."""
        spec = replace(self._spec, reml=reml)
        problem = self._problem.with_reml(reml).to_search()
        if self._kept is not None or self._elsewhere is not None:
            return self._again_from_sums(spec, problem)
        return self._of(spec, self._data, problem)

    def _again_from_sums(self, spec: ModelSpec, problem: Problem) -> Self:
        """The same for a fit that has been loaded, from the sums that are there without the rows.

        Raises
        ------
        DataError
            Sums do not hold the digits that this fit needs.
        """
        kernel = problem.kernel()
        solution = solve(problem, spec.control, None, kernel)
        if problem.searched is not None:
            problem = solution.problem
            kernel = problem.kernel()
            evaluate_at(problem, kernel, solution.inner)
        estimates = estimate(problem, solution, kernel)
        inner_variance = (estimates.sigma / problem.scaling.y_scale) ** 2
        if (solution.found.loses_digits and problem.rows is None) or inner_variance <= NOTHING:
            absent: Any = self._table
            absent.missed()
        own = fit_findings(self._problem, self._solution)
        others = [finding for finding in self.findings if finding not in own]
        return replace(
            self,
            _spec=spec,
            _problem=problem,
            _solution=solution,
            _estimates=estimates,
            _layout=kernel.layout,
            _kept=replace(self._kept, residual_quantiles=()) if self._kept else None,
            findings=Findings([*others, *fit_findings(problem, solution)]),
        )

    def _with_prior(self, prior: Assigned | None) -> Self:
        return self._of(self._spec.with_prior(prior), self._data, self._problem.with_prior(prior))

    # Computed when first asked for; never pickled.
    @cached_property
    def _fitted(self) -> Array:
        from ranef.inference.rows import random_part

        blocks = [(term.codes, term.Z) for term in self._design.terms]
        return self._mean + random_part(blocks, self._modes)

    @cached_property
    @progress("computing leverages")
    def _leverage(self) -> Array:
        from ranef.inference.rows import leverages

        data = self._data
        return leverages(self._problem, self._solution, data.design, data.y, data.weights)

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
    def _conditional_sd_errors(self) -> tuple[Array, ...]:
        from ranef.inference.conditional import conditional_sd_errors

        own = self._conditional_covariances
        return conditional_sd_errors(self._problem, self._solution, own)

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

        with at_solution(self._problem, self._solution) as kernel:
            return variance_information(self._problem, self._solution.inner, kernel)

    @property
    def _residual_reads(self) -> tuple[str, ...]:
        """Columns that the residual variance of new rows is read from."""
        part = self._problem.residual
        return () if part is None else part.structure.reads

    def _residual_spread(self, table: Table) -> Array | float:
        """Residual variance of new rows of weight 1, divided by sigma^2."""
        part = self._problem.residual
        if part is None or part.phi is None:
            return 1.0
        ratios = part.structure.ratios(table, part.phi)
        return ratios**2

    def _need_independent(self, what: str, fix: str) -> None:
        """Refuse quantities of single rows if residuals are correlated."""
        part = self._problem.residual
        if part is not None and part.whitening is not None:
            raise OptionError(
                f"{what} is for residuals that are independent of each other",
                where=part.structure.spec.text,
                found="residuals that are correlated in time",
                fix=fix,
            )

    def _need_whole_groups(self, codes: Codes, what: str) -> None:
        """Refuse units that separate rows whose residuals are correlated."""
        part = self._problem.residual
        whitening = None if part is None else part.whitening
        if part is not None and whitening is not None and not whitening.holds_groups(codes):
            raise OptionError(
                f"{what} would separate rows whose residuals are correlated",
                where=part.structure.spec.text,
                found=f"rows of one '{whitening.label}' in several units",
                fix=f"choose units in which '{whitening.label}' is nested",
            )

    def _need_one_variance(self, what: str, fix: str) -> None:
        """Refuse what does not exist for models with a residual structure."""
        part = self._problem.residual
        if part is not None:
            raise OptionError(
                f"{what} is for models without residual=",
                found=f"residual={part.structure.spec.text!r}",
                fix=fix,
            )

    @property
    def _response_scale(self) -> ResponseScale:
        """The linear predictor is the mean; if its response is a logarithm, exp gives ratios."""
        from ranef.inference.means.response import IDENTITY

        logarithm = self._design.response.startswith("log(")
        return replace(IDENTITY, ratio="ratio") if logarithm else IDENTITY

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

    def _tests_in_words(self, ddf: str, vcov: Any) -> str:
        """Which standard errors, or else which degrees of freedom."""
        from ranef.inference.ddf.registry import in_words

        return self._errors_in_words(vcov) or in_words(ddf)

    def _term_tests(self, hypotheses: TermHypotheses, method: Method) -> Mapping[str, Array]:
        """F tests with sums of squares."""
        from ranef.inference.anova import term_tests

        estimates = self._estimates
        return term_tests(hypotheses, estimates.beta, estimates.sigma, method)._asdict()

    def _subject(self) -> Fitted:
        """What a method for degrees of freedom is told."""
        from ranef.inference.ddf import Fitted

        return Fitted(
            self._problem,
            self._solution,
            self._data.design,
            self._estimates,
            self._data.y,
            self._data.weights,
            lambda: self._derivatives,
        )
