"""What is known about a generalised fit beside its certificate."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Self, cast

import numpy as np

from ranef.errors import NumericalError
from ranef.fit.generalised.record import GeneralisedRecord
from ranef.types import Finding

if TYPE_CHECKING:
    from collections.abc import Callable

    from ranef.present.results.laplace_error import LaplaceError, Refitted
    from ranef.present.results.limit import Limit

__all__ = ["Judged"]


CHEAP = 2e6
"""Log-densities of rows up to which a page asks for the error: some 20 milliseconds."""


class Judged(GeneralisedRecord):
    """How good the approximation of the likelihood is, and its limit if it has no maximum."""

    @cached_property
    def laplace_error(self) -> LaplaceError:
        """How far the approximate likelihood is from the likelihood; printable.

        For one grouping factor with up to three random effects a level it takes one evaluation of
        adaptive quadrature. It is computed when first asked for.

        Examples
        --------
        >>> import ranef as rn
        >>> data = rn.datasets.load("contraception")
        >>> fit = rn.glmm("use ~ age + urban + (1 | district)", data)
        >>> fit.laplace_error.large
        False
        """
        from ranef.inference.generalised.laplace_error import laplace_error
        from ranef.present.results.laplace_error import LaplaceError

        found = None if self._kept is None else self._kept.laplace
        if found is None:
            found = laplace_error(self._solution)
        sizes = self._problem.sizes
        return LaplaceError(
            found.deviance,
            found.uncertainty,
            found.largest_shift,
            found.method,
            self._problem.n_agq,
            found,
            sizes[0][1] if len(sizes) == 1 else 0,
            cast("Callable[[int], Refitted | None]", self._with_nodes),
        )

    def _with_nodes(self, n_agq: int) -> Self | None:
        """The same model fitted by quadrature; None if that likelihood cannot be computed.

        Far from the modes a predictor may lie where the link has no mean.
        """
        try:
            return type(self)._of(replace(self._spec, n_agq=n_agq), self._data)
        except NumericalError:
            return None

    @property
    def _findings_to_show(self) -> tuple[Finding, ...]:
        """Also whether the approximation of the likelihood is poor, if that costs little."""
        found = self._error_finding
        return self.findings if found is None else (*self.findings, found)

    @cached_property
    def _error_finding(self) -> Finding | None:
        if self._kept is not None:
            return self._kept.laplace_finding
        return self.laplace_error.finding if self._error_at_hand else None

    @property
    def _error_at_hand(self) -> bool:
        """Whether the error of the approximation is known, or costs little."""
        from ranef.inference.generalised.laplace_error import evaluations_of_rows

        if "laplace_error" in self.__dict__:
            return True
        return evaluations_of_rows(self._solution.problem) <= CHEAP

    @cached_property
    def limit(self) -> Limit | None:
        """The limit of the likelihood if the fixed effects separate the responses; printable.

        None if there is a finite maximum in the coefficients. See ``certificate.separation``.

        Examples
        --------
        >>> import ranef as rn
        >>> data = rn.datasets.load("cbpp")
        >>> fit = rn.glmm("incidence / size ~ period + (1 | herd)", data, weights="size")
        >>> fit.limit is None
        True
        """
        found = self._solution.finite.separation
        if found is None or found.exists is not True or found.limit is None:
            return None
        from ranef.inference.generalised.estimates import estimate_generalised
        from ranef.present.results.limit import Limit

        solution = self._solution.limit
        left = int(np.count_nonzero(found.limit.rows))
        if solution is None:
            loglik = 0.0 if found.complete else self._estimates.loglik
            none = np.zeros(0)
            return Limit(self._formula.text, loglik, left, None, (), none, none)
        with solution.standing.ask() as kernel:
            estimates = estimate_generalised(solution, kernel)
        names = solution.problem.x_names
        kept = [k for k, name in enumerate(names) if self._keeps_meaning(name)]
        return Limit(
            self._formula.text,
            estimates.loglik,
            left,
            solution.certificate,
            tuple(names[k] for k in kept),
            estimates.beta[kept],
            np.sqrt(np.diag(estimates.vcov))[kept],
        )

    def _keeps_meaning(self, name: str) -> bool:
        """Whether the rows that are left determine a coefficient."""
        found = self._solution.finite.separation
        assert found is not None
        assert found.limit is not None
        own = found.limit.identified
        prior = self._problem.prior
        if prior is not None and prior.fixed is not None:
            sds = prior.fixed.sds(self._problem.x_names)
            if np.isfinite(sds[self._problem.x_names.index(name)]):
                return True
        return name in own
