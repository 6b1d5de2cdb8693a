"""All parameters of a fit together, and the matrices behind it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ranef.fit.record import FitRecord
from ranef.options import confidence, one_of
from ranef.present.progress import progress
from ranef.types import Array

if TYPE_CHECKING:
    import pandas as pd

    from ranef.inference.parameters import Parameter
    from ranef.present.results.matrices import ModelMatrices

__all__ = ["Parameters"]


class Parameters(FitRecord):
    """Members about parameters and matrices; each delegates to a function."""

    @property
    def vcov_full(self) -> pd.DataFrame:
        """Covariance matrix of all estimates: fixed effects, SDs, correlations and sigma.

        From the exact Hessian of the log-likelihood in all parameters. By REML the variance
        parameters have the Hessian of the REML criterion. Names are those of :meth:`profile`. The
        block of the fixed effects is :attr:`vcov` plus a term for the uncertainty of the variances.
        A term with a covariance structure has its own parameters: ``sd|Subject`` if there is one
        standard deviation, ``cor|Subject`` or ``cor at distance 1|Subject``. A standard deviation
        of zero and a correlation at a bound have NaN, as do all parameters of variances if the
        certificate calls the criterion flat.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> round(float(fit.vcov_full.loc["sigma", "sigma"]), 3)
        2.274
        """
        from ranef.present.frames.estimates import vcov_frame

        return vcov_frame([p.name for p in self._parameters], self._full_covariance)

    @cached_property
    def _parameters(self) -> tuple[Parameter, ...]:
        from ranef.inference.parameters import parameters_of

        return parameters_of(self._design.x_names, self._problem.labels, self._problem.terms)

    @cached_property
    @progress("computing the covariances of all parameters")
    def _full_covariance(self) -> Array:
        from ranef.inference.full_covariance import full_covariance

        return full_covariance(
            self._problem, self._solution, self._estimates, self._derivatives, self._parameters
        )

    def _intervals(self, method: str, level: float, n: int, seed: int | None) -> pd.DataFrame:
        """Columns std_error, conf_low, conf_high of all parameters, by the names of `vcov_full`.

        For structures also those of single effects and pairs, with the names of a free term.
        """
        import pandas as pd

        from ranef.inference.parameters import shown_of

        own = self._own_intervals(method, level, n, seed)
        values = self._parameter_values
        rows = {}
        for shown_name, at, power in shown_of(
            self._parameters, self._problem.labels, self._problem.terms
        ):
            error, low, high = own.iloc[at]
            slope = power * abs(values[at]) ** (power - 1)
            ends = sorted((low**power, high**power))
            if power % 2 == 0 and low < 0.0 < high:
                ends[0] = 0.0
            rows[shown_name] = (slope * error, *ends)
        if not rows:
            return own
        shown = pd.DataFrame.from_dict(rows, orient="index", columns=list(own.columns))
        return pd.concat([own, shown[~shown.index.isin(own.index)]])

    def _own_intervals(self, method: str, level: float, n: int, seed: int | None) -> pd.DataFrame:
        import pandas as pd

        from ranef.inference.wald import wald_limits

        one_of("conf_method", method, ("wald", "profile", "bootstrap"))
        confidence("level", level)
        names = [parameter.name for parameter in self._parameters]
        if method == "bootstrap":
            boot = self.bootstrap(n, seed=seed)  # type: ignore[attr-defined]
            spread: pd.DataFrame = boot.summary(level)[["std_error", "conf_low", "conf_high"]]
            return spread
        errors = np.sqrt(np.diag(self._full_covariance))
        if method == "profile":
            limits: pd.DataFrame = self.profile(level).confint(level)  # type: ignore[attr-defined]
            columns = ["std_error", "conf_low", "conf_high"]
            return limits.reindex(names).assign(std_error=errors)[columns]
        low, high = wald_limits(self._parameters, self._parameter_values, errors, level)
        return pd.DataFrame({"std_error": errors, "conf_low": low, "conf_high": high}, index=names)

    @property
    def _parameter_values(self) -> Array:
        """Estimates in the order of the parameters."""
        from ranef.inference.parameters import values_of

        values = values_of(
            self._parameters,
            self._estimates.beta[None, :],
            [c[None, :, :] for c in self._estimates.covariances],
            np.array([self._estimates.sigma]),
        )
        return np.asarray(values[0])

    def matrices(self) -> ModelMatrices:
        """The matrices of the model, as ``getME`` of lme4 gives them, in SciPy's sparse form.

        Returns
        -------
        ModelMatrices
            ``X``, ``Z``, ``Lambda``, ``L``, ``permutation``, ``theta``, ``y``, ``offset``,
            ``weights``, ``x_names``, ``z_names``.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> m = fit.matrices()
        >>> m.X.shape, m.Z.shape, m.Lambda.shape, m.z_names[1]
        ((180, 2), (180, 36), (36, 36), ('Subject', '308', 'Days'))
        """
        from ranef.present.results.matrices import model_matrices

        self._need_independent("fit.matrices()", "fit without residual=")

        return model_matrices(self._design, self._solution.theta, self._weights, self._data.offset)
