"""Fits of a fit: new responses, refits, bootstrap, profiles. Methods delegate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from ranef.errors import DataError, OptionError
from ranef.fit.record import FitRecord
from ranef.frame.open import in_row_order
from ranef.options import numbers
from ranef.page.phrases import count
from ranef.present.progress import progress, progress_bar
from ranef.types import Array

if TYPE_CHECKING:
    from ranef.present.results.bootstrap import Bootstrap
    from ranef.present.results.profile import Profile
    from ranef.sums.inner import LevelProducts

__all__ = ["Refitting"]


class Refitting(FitRecord):
    """Methods that fit the model again."""

    @progress("fitting the model to another response")
    def refit(self, y: Any) -> Self:
        """The same model for another response: a new fit, searched for from this one.

        Parameters
        ----------
        y : array-like, shape (nobs,)
            In the order of the rows used; a pandas series with their labels is put in order.

        Raises
        ------
        DataError
            Another number of values than rows used, or values that are not finite numbers.

        Returns
        -------
        Fit

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> doubled = fit.refit(2 * rn.datasets.load("sleepstudy")["Reaction"])
        >>> round(float(doubled.fixef["Days"] / fit.fixef["Days"]), 6)
        2.0
        """
        n = self._problem.n
        if self._index is not None:
            y = in_row_order(y, self._index.delete(self.missing_rows.rows))
        try:
            values = numbers("y", y)
        except OptionError:
            raise DataError(
                "the new response is not numbers",
                found=f"an object of type {type(y).__name__}",
                fix=f"give {count(n, 'finite number')}",
            ) from None
        if values.ndim == 2 and 1 in values.shape:
            values = values.ravel()
        if values.shape != (n,) or not np.all(np.isfinite(values)):
            raise DataError(
                "the new response does not fit the rows of the model",
                found=f"shape {values.shape}"
                + ("" if np.all(np.isfinite(values)) else ", with values that are not finite"),
                fix=f"give {count(n, 'finite number')}",
            )
        # At zero the criterion has no slope in theta: a search cannot start from a singular fit.
        singular = self._solution.certificate.singular
        start = None if singular else self._solution.theta
        begun = perf_counter()
        data = replace(self._data, design=replace(self._design, y=values))
        threads = self._control.threads
        spec = replace(self._spec, given=None)
        if self._problem.residual is not None:
            return self._of(spec, data, start=start)
        problem = self._problem.with_response(data.design, data.y, data.weights, threads)
        seconds = {"cross-products": perf_counter() - begun}
        return self._of(spec, data, problem, start=start, seconds=seconds)

    def _refitted(self, y: Array) -> Self:
        """The fit to a response that was drawn."""
        return self.refit(y)

    def bootstrap(
        self,
        n: int = 1000,
        kind: Literal["parametric", "conditional", "residual", "cluster", "cases"] = "parametric",
        seed: int | None = None,
        threads: int | None = None,
        *,
        statistic: Callable[[Any], Any] | None = None,
    ) -> Bootstrap:
        """Fit the model again to `n` replicates of its data.

        The response of a parametric replicate is drawn as cross-products, exactly in distribution
        and without rows, so that the time does not depend on the number of rows.

        Parameters
        ----------
        n : int
            Replicates.
        kind : {"parametric", "conditional", "residual", "cluster"}
            ``"parametric"``: random effects and errors from the model. ``"conditional"``: errors
            alone, the random effects kept at their conditional modes (``use.u = TRUE`` of lme4's
            ``bootMer``). ``"residual"``: random effects and residuals drawn with replacement,
            centred and rescaled to the estimated variances (Carpenter, Goldstein & Rasbash 2003).
            ``"cluster"``, also ``"cases"``: levels of the only grouping factor drawn with
            replacement, with all their rows.
        seed : int, optional
            The same seed gives the same replicates, on any number of threads.
        threads : int, optional
            Of ``Control(threads=...)`` if not given; else one for each available core.
        statistic : callable, optional
            Takes a fit and returns what is wanted of it: a number, or a Series, mapping or array of
            numbers. It is called with this fit and with each refit; intervals are then of what it
            returns. For ``"parametric"`` and ``"conditional"`` replicates, whose responses are
            those of ``simulate(n, seed)``. Refits are whole fits, one after the other: each takes
            as long as :meth:`refit` and the function.

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
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> boot = fit.bootstrap(500, seed=1)
        >>> low, high = boot.confint().loc["Days"]
        >>> bool(low < fit.fixef["Days"] < high)
        True
        >>> def share(fit):
        ...     variance = fit.varcorr()["variance"]
        ...     return variance[0] / variance.sum()
        >>> one = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff"))
        >>> one.bootstrap(20, seed=1, statistic=share).estimates.round(3).to_dict()
        {'statistic': 0.418}
        """
        from ranef.inference.bootstrap import BootstrapPlan, bootstrap_draws
        from ranef.inference.parameters import parameters_of, values_of
        from ranef.present.results.bootstrap import Bootstrap

        plan = BootstrapPlan(n, kind, seed, threads)  # refuses before a bar is made for it
        if kind not in ("parametric", "conditional"):
            self._need_one_variance(f'a bootstrap of kind "{kind}"', 'use kind="parametric"')
        if statistic is not None or not self._problem.terms or self._problem.residual is not None:
            from ranef.fit.bootstrapping import bootstrap_statistic

            return bootstrap_statistic(self, statistic, plan)
        draw = bootstrap_draws
        if self._problem.solver is not None:
            from ranef.inference.iterative_bootstrap import iterative_draws

            draw = iterative_draws
        with progress_bar(f"{kind} bootstrap", n) as tick:
            draws = draw(
                self._problem,
                self._solution,
                self._design,
                self._data.y,
                self._weights,
                self._control,
                BootstrapPlan(n, kind, seed, threads, tick),
                self._levels_to_draw(kind),
            )
        estimates = values_of(
            parameters_of(self._design.x_names, self._problem.labels, self._problem.terms),
            self._estimates.beta[None, :],
            [c[None, :, :] for c in self._estimates.covariances],
            np.array([self._estimates.sigma]),
        )[0]
        return Bootstrap(self._formula.text, draws, estimates, self._words)

    def _levels_to_draw(self, kind: str) -> LevelProducts | None:
        """The sums of each level, if clusters are drawn and the rows are elsewhere."""
        if self._elsewhere is None or kind not in ("cluster", "cases"):
            return None
        if len(self._problem.sizes) != 1:
            return None  # refused as for rows
        if self._elsewhere.weights is not None:
            self._elsewhere.missed("the logarithms of the weights of each cluster")
        return self._elsewhere.level_products("the rows of each cluster")

    def profile(self, level: float = 0.95) -> Profile:
        """The deviance along each parameter, all others at their best.

        Of the likelihood, not the REML criterion, whichever the fit was made by (Bates, Maechler,
        Bolker & Walker 2015, section 5.1): a REML fit is fitted by ML first.

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

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> fit.profile().confint().loc["Days"].round(2).to_list()
        [7.36, 13.58]
        """
        from ranef.inference.profile import profile_traces, work
        from ranef.present.results.profile import Profile

        names = self._design.x_names
        with progress_bar("profile", work(names, self._problem)) as tick:
            ml = self._by_ml()
            traces = profile_traces(
                ml._problem, ml._solution, ml._estimates, names, self._control, level, tick
            )
        return Profile(self._formula.text, level, traces, self._words)

    def _by_ml(self) -> Self:
        return self._again(reml=False) if self._problem.reml else self
