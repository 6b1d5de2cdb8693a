"""The record behind a generalised fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING, Self

from ranef.core import Layout
from ranef.design.generalised_data import GeneralisedData
from ranef.diagnose.generalised import findings_at_fit
from ranef.family import Family
from ranef.fit.generalised.spec import GeneralisedSpec
from ranef.fit.large_sample import LargeSample
from ranef.fit.mixed_record import MixedRecord
from ranef.fit.without_residual import WithoutResidual
from ranef.inference.generalised.estimates import GeneralisedEstimates, estimate_generalised
from ranef.inference.means.response import ResponseScale
from ranef.problem.generalised import GeneralisedProblem
from ranef.problem.making_generalised import make_generalised
from ranef.solve.generalised import GeneralisedSolution, solve_generalised
from ranef.store.kept import Kept
from ranef.types import Array, Finding, Findings

if TYPE_CHECKING:
    from ranef.design.state import State
    from ranef.present.results.fit_log import FitLog

__all__ = ["GeneralisedRecord"]


@dataclass(frozen=True, eq=False, repr=False)
class GeneralisedRecord(LargeSample, WithoutResidual, MixedRecord):
    """Everything a generalised fit is made of. Nothing changes it."""

    _spec: GeneralisedSpec
    _data: GeneralisedData
    _problem: GeneralisedProblem
    _solution: GeneralisedSolution
    _estimates: GeneralisedEstimates
    _layout: Layout
    _seconds: Mapping[str, float]
    findings: tuple[Finding, ...] = ()
    _kept: Kept | None = None

    @classmethod
    def _of(
        cls,
        spec: GeneralisedSpec,
        data: GeneralisedData,
        problem: GeneralisedProblem | None = None,
        *,
        start: Array | None = None,
        seconds: Mapping[str, float] | None = None,
    ) -> Self:
        """Solve, certify, estimate, and keep what is worth knowing.

        `problem` is that of the model, if it was made from another one.
        """
        begun = perf_counter()
        if problem is None:
            problem = make_generalised(data, spec.n_agq, spec.prior, spec.control.threads)
        made = perf_counter()
        solution = solve_generalised(problem, spec.control, start)
        with solution.standing.ask() as kernel:
            estimates = estimate_generalised(solution, kernel)
            layout = kernel.layout
        found = solution.found
        findings = findings_at_fit(spec.formula, data, solution)
        solving = found.search_seconds + found.certificate_seconds
        return cls(
            _spec=spec,
            _data=data,
            _problem=problem,
            _solution=solution,
            _estimates=estimates,
            _layout=layout,
            _seconds={
                **(seconds or {}),
                "scaling": made - begun,
                "search": found.search_seconds,
                "certificate": found.certificate_seconds,
                "record": perf_counter() - made - solving,
            },
            findings=Findings(findings),
        )

    @property
    def log(self) -> FitLog:
        """How the fit was found: structure, steps of the search, time by phase; printable."""
        from ranef.fit.log import log_of_generalised

        return log_of_generalised(self)

    @property
    def _family(self) -> Family:
        return self._spec.family

    @property
    def _states(self) -> tuple[State, ...]:
        own = [part.encoding.state for part in self._data.parts.values()]
        return (self._design.encoding.state, *own)

    # -- computed when first asked for; never pickled --------------------------------------------
    @cached_property
    def _modes(self) -> tuple[Array, ...]:
        from ranef.inference.generalised.conditional import modes

        return modes(self._solution)

    @cached_property
    def _conditional_covariances(self) -> tuple[Array, ...]:
        from ranef.inference.generalised.conditional import covariances

        return covariances(self._solution)

    @cached_property
    def _eta(self) -> Array:
        """Linear predictor at the conditional modes, shape (n,)."""
        from ranef.inference.rows import random_part

        blocks = [(term.codes, term.Z) for term in self._design.terms]
        return self._mean + random_part(blocks, self._modes)

    @cached_property
    def _psi(self) -> tuple[Array, ...]:
        """The family's other predictors by row, shape (n,); of thresholds all of them."""
        from ranef.inference.generalised.psi import psi_of_rows

        return psi_of_rows(self._problem, self._data, self._estimates.coefficients)

    @cached_property
    def _fitted(self) -> Array:
        return self._family.mean(self._eta, self._psi)

    @cached_property
    def _response_scale(self) -> ResponseScale:
        family = self._family
        link = family.link_function
        return ResponseScale(
            link.name,
            link.inverse,
            link.slope,
            link.bend,
            ratio=family.ratio or "",
            predictor=family.scale,
            of=family.MEAN,
        )
