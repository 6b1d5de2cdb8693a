"""All parameters of a fit together: their covariance, and intervals of each kind."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

import numpy as np

from ranef.fit.mixed_record import MixedRecord
from ranef.options import confidence, one_of
from ranef.types import Array

if TYPE_CHECKING:
    import pandas as pd

    from ranef.inference.parameters import Parameter

__all__ = ["AllParameters"]


class AllParameters(MixedRecord):
    """What both kinds of fit say about all their parameters; each member delegates."""

    @property
    @abstractmethod
    def _parameters(self) -> tuple[Parameter, ...]:
        """All parameters by name."""

    @property
    @abstractmethod
    def _parameter_values(self) -> Array:
        """Estimates in the order of the parameters."""

    @property
    @abstractmethod
    def _full_covariance(self) -> Array:
        """Covariance matrix of the estimates in the order of the parameters."""

    @property
    def vcov_full(self) -> pd.DataFrame:
        """Covariance matrix of all estimates: fixed effects, SDs, correlations and all others.

        From the exact Hessian of the log-likelihood in all parameters. By REML the variance
        parameters have the Hessian of the REML criterion. Names are those of ``profile()``. The
        block of the fixed effects of a linear model is :attr:`~ranef.Fit.vcov` plus a term for the
        uncertainty of the variances; in a generalised model the two are the same. A term with a
        covariance structure has its own parameters: ``sd|Subject`` if there is one standard
        deviation, ``cor|Subject`` or ``cor at distance 1|Subject``. Last is ``sigma`` of a linear
        model. A generalised model has ``dispersion`` instead, on the scale of ``fit.dispersion``,
        or the coefficients of the family's other predictors, as ``zero:Intercept``. A standard
        deviation of zero and a correlation at a bound have NaN, as do all parameters of variances
        if the certificate calls the criterion flat.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> round(float(fit.vcov_full.loc["sigma", "sigma"]), 3)
        2.274
        >>> herds = rn.glmm("cbind(incidence, size - incidence) ~ period + (1 | herd)",
        ...                 rn.datasets.load("cbpp"))
        >>> list(herds.vcov_full)[-2:]
        ['period[T.4]', 'sd__Intercept|herd']
        """
        from ranef.present.frames.estimates import vcov_frame

        return vcov_frame([p.name for p in self._parameters], self._full_covariance)

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
