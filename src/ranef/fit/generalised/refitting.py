"""Fits of a generalised fit: refits, bootstrap, profiles, and the intervals from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from ranef.errors import OptionError
from ranef.fit.generalised.parameters import GeneralisedParameters
from ranef.options import one_of, shown
from ranef.present.progress import progress, progress_bar
from ranef.types import Array

if TYPE_CHECKING:
    import pandas as pd

    from ranef.design.generalised.record import GeneralisedResponse
    from ranef.inference.generalised.refits import Origin
    from ranef.present.results.bootstrap import Bootstrap
    from ranef.present.results.profile import Profile

__all__ = ["GeneralisedRefitting"]


class GeneralisedRefitting(GeneralisedParameters):
    """Methods that fit the model again."""

    @progress("fitting the model to another response")
    def refit(self, y: Any) -> Self:
        """The same model for another response: a new fit, searched for from this one.

        Parameters
        ----------
        y : array-like, shape (nobs,) or (nobs, 2)
            In the order of the rows used, in the form of the response; a pandas series with their
            labels is put in order. Of two categories their names, or 1 for the second. Of
            ``cbind(hits, misses)`` the hits, with the trials as they are, or both columns.

        Raises
        ------
        DataError
            Another number of values than rows used, or values that the family does not take.
            Ordered answers of which all are the same, or some are missing that are not the first
            or the last.

        Returns
        -------
        GeneralisedFit

        Examples
        --------
        >>> import ranef as rn
        >>> data = rn.datasets.load("cbpp")
        >>> fit = rn.glmm("cbind(incidence, size - incidence) ~ period + (1 | herd)", data)
        >>> again = fit.refit(data["incidence"])
        >>> bool(abs(again.loglik - fit.loglik) < 1e-8)
        True
        """
        from ranef.fit.generalised.other_response import coded_response

        return self._with_response(coded_response(self, y))

    def _refitted(self, y: Array) -> Self:
        """The fit to a response as the family takes it."""
        own = self._design.generalised
        assert own is not None
        return self._with_response(replace(own, y=y, notes=()))

    def _with_response(self, response: GeneralisedResponse) -> Self:
        from ranef.fit.generalised.other_response import check_answers

        if self._problem.ordered:
            check_answers(response.levels, response.y)
        design = replace(self._design, y=response.y, generalised=response)
        data = replace(self._data, design=design, weights=response.weights)
        problem, n = None, self._problem.n
        if np.array_equal(_ones(response.weights, n), _ones(self._weights, n)):
            problem = self._problem.with_response(response.y)
        # At zero the criterion has no slope in theta: a search cannot start from a singular fit.
        solution = self._solution
        start = None
        if not solution.certificate.singular:
            start = np.concatenate([solution.theta, solution.coefficients])
        return self._of(replace(self._spec, given=None), data, problem, start=start)

    def bootstrap(
        self,
        n: int = 1000,
        kind: Literal["parametric", "conditional", "cluster", "cases"] = "parametric",
        seed: int | None = None,
        *,
        threads: int | None = None,
        statistic: Callable[[Any], Any] | None = None,
    ) -> Bootstrap:
        """Refit replicates of the data, drawn from the model or from the groups.

        Each refit is searched for from this fit and judged by the rules of its certificate. Refits
        that are not at an optimum are counted and left out of all figures; those among them that
        are proven to have no finite maximum, as where all rows of a category are successes, are
        counted apart.

        Parameters
        ----------
        n : int
            Number of replicates.
        kind : {"parametric", "conditional", "cluster", "cases"}
            What is drawn: random effects and responses from the model; responses alone, the random
            effects kept at their conditional modes; whole groups with replacement
            (``"cases"`` is the same).
        seed : int, optional
            The same seed gives the same replicates, whatever the number of threads.
        threads : int, optional
            Of ``Control(threads=...)`` if not given; else one for each available core.
        statistic : callable, optional
            Takes a fit and returns what is wanted of it: a number, or a Series, mapping or array of
            numbers. It is called with this fit and with each refit; intervals are then of what it
            returns. For ``"parametric"`` and ``"conditional"`` replicates. Refits are whole fits,
            one after the other.

        Returns
        -------
        Bootstrap

        Raises
        ------
        OptionError
            Another kind, or clusters of a model with several grouping factors; a statistic that
            fails or returns something else than numbers.

        Examples
        --------
        >>> import ranef as rn
        >>> data = rn.datasets.load("cbpp")
        >>> fit = rn.glmm("incidence / size ~ period + (1 | herd)", data, weights="size")
        >>> boot = fit.bootstrap(500, seed=1)
        >>> low, high = boot.confint().loc["period[T.2]"]
        >>> bool(low < fit.fixef["period[T.2]"] < high)
        True
        """
        from ranef.inference.bootstrap import BootstrapPlan
        from ranef.inference.generalised.bootstrap import generalised_bootstrap
        from ranef.present.results.bootstrap import Bootstrap

        plan = BootstrapPlan(n, kind, seed, threads)  # refuses before a bar is made for it
        if statistic is not None:
            from ranef.fit.bootstrapping import bootstrap_statistic

            return bootstrap_statistic(self, statistic, plan)
        with progress_bar(f"{kind} bootstrap", n) as tick:
            draws = generalised_bootstrap(
                self._origin(kind == "conditional"),
                self._parameters,
                self._control,
                replace(plan, tick=tick),
            )
        return Bootstrap(self._formula.text, draws, self._parameter_values, self._words)

    def _origin(self, conditional: bool = False) -> Origin:
        """What responses are drawn from; `conditional`: given the random effects."""
        from ranef.inference.generalised.refits import Origin
        from ranef.inference.simulate import SimulatedTerm

        terms = self._design.terms
        held = self._modes if conditional else (None,) * len(terms)
        return Origin(
            self._solution,
            self._problem,
            self._design.X,
            self._mean,
            tuple(
                SimulatedTerm(term.codes, term.Z, term.n_levels, modes)
                for term, modes in zip(terms, held, strict=True)
            ),
            self._psi,
            self._weights,
        )

    def profile(self, level: float = 0.95) -> Profile:
        """The deviance along each parameter, all others at their best.

        Of the approximate likelihood that the fit maximises: with quadrature if the fit has it.

        Parameters
        ----------
        level : float
            How far: to the ends of the intervals at this level.

        Returns
        -------
        Profile

        Raises
        ------
        OptionError
            A `level` outside of (0, 1), or a fit with a prior.

        References
        ----------
        Venzon and Moolgavkar (1988), A method for computing profile-likelihood-based confidence
        intervals, Journal of the Royal Statistical Society C 37, 87-94.

        Examples
        --------
        >>> import ranef as rn
        >>> data = rn.datasets.load("cbpp")
        >>> fit = rn.glmm("incidence / size ~ period + (1 | herd)", data, weights="size")
        >>> fit.profile().confint().loc["sd__Intercept|herd"].round(3).to_list()
        [0.346, 1.1]
        """
        from ranef.inference.generalised.profile import generalised_traces
        from ranef.inference.profile_walk import STEPS
        from ranef.present.results.profile import Profile

        with progress_bar("profile", 2 * STEPS * len(self._parameters)) as tick:
            traces = generalised_traces(
                self._solution,
                self._problem,
                self._estimates,
                self._parameters,
                self._parameter_values,
                np.sqrt(np.diag(self._full_covariance)),
                level,
                tick,
            )
        return Profile(self._formula.text, level, traces, self._words)

    def confint(
        self,
        method: Literal["wald", "profile", "bootstrap"] = "wald",
        level: float = 0.95,
        ddf: str = "auto",
        *,
        n: int = 1000,
        seed: int | None = None,
        kind: Literal["parametric", "conditional", "cluster", "cases"] = "parametric",
        type: Literal["percentile", "basic", "normal", "hdi"] = "percentile",
        vcov: Any = None,
    ) -> pd.DataFrame:
        """Confidence intervals.

        Parameters
        ----------
        method : {"wald", "profile", "bootstrap"}
            Wald intervals are of the fixed effects alone; the others also of standard deviations,
            correlations, dispersion and all other parameters: see :meth:`profile` and
            :meth:`bootstrap`.
        level : float
        ddf : str
            ``"auto"`` or ``"asymptotic"``: Wald intervals are by the normal distribution.
        n, seed, kind, type
            Of the bootstrap: replicates, seed, kind, and type of interval.
        vcov : None
            Robust standard errors are for linear models.

        Returns
        -------
        DataFrame
            Columns conf_low, conf_high; one row a parameter.

        Raises
        ------
        OptionError
            Another `method`, or an option outside of what it accepts.

        Examples
        --------
        >>> import ranef as rn
        >>> data = rn.datasets.load("cbpp")
        >>> fit = rn.glmm("incidence / size ~ period + (1 | herd)", data, weights="size")
        >>> fit.confint(method="profile").loc["period[T.2]"].round(3).to_list()
        [-1.617, -0.408]
        """
        named = isinstance(method, str) and method in self._design.x_names
        row = f"one coefficient is fit.confint().loc[{method!r}]" if named else ""
        one_of("method", method, ("wald", "profile", "bootstrap"), fix=row)
        if method == "wald":
            table: pd.DataFrame = self.coefficients(ddf, level, vcov)  # type: ignore[attr-defined]
            return table[["conf_low", "conf_high"]]
        if vcov is not None:
            raise OptionError(
                "vcov is for Wald intervals",
                found=f"vcov={shown(vcov)} with method={method!r}",
                fix="leave vcov out",
            )
        if method == "profile":
            return self.profile(level).confint(level)
        return self.bootstrap(n, kind, seed).confint(level, type)


def _ones(weights: Array | None, n: int) -> Array:
    return np.ones(n) if weights is None else weights
