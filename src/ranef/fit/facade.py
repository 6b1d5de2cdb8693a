"""The fitted model: a frozen facade. Methods delegate; numbers happen in functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ranef.errors import OptionError
from ranef.fit.by_row import ByRow
from ranef.fit.explained import Explained
from ranef.fit.refitting import Refitting
from ranef.present.presented import Presented
from ranef.present.progress import progress
from ranef.solve import Certificate
from ranef.types import Array

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Fit"]


class Fit(ByRow, Explained, Refitting, Presented):
    """A fitted linear mixed model.

    Made by :func:`ranef.lmm`; nothing changes it afterwards. What belongs to the rows is in the
    order of the rows that were used (``missing_rows`` lists the others), with their labels if the
    data are a pandas frame. Labelled results are pandas objects and the caller's to change.

    Examples
    --------
    >>> import ranef as rn
    >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
    >>> round(fit.criterion, 4)
    1743.6283
    >>> fit.certificate.verdict
    'interior optimum'
    """

    # -- estimates ------------------------------------------------------------------------------
    @property
    def fixef(self) -> pd.Series[float]:
        """Fixed effects by name, shape (p,); aliased columns are NaN."""
        from ranef.present.estimates import fixef_series

        return fixef_series(self._design.x_names, self._estimates.beta, self.dropped)

    @property
    def vcov(self) -> pd.DataFrame:
        """Covariance matrix of the estimated fixed effects, shape (p, p)."""
        from ranef.present.estimates import vcov_frame

        return vcov_frame(self._design.x_names, self._estimates.vcov)

    @property
    def sigma(self) -> float:
        """Residual standard deviation, in units of the response."""
        return self._estimates.sigma

    @property
    def theta(self) -> Array:
        """Relative covariance factors: lower triangles by column, terms in lme4's order."""
        return self._solution.theta.copy()

    def varcorr(self) -> pd.DataFrame:
        """Variances and covariances of the random effects, the residual variance last.

        Columns group, term1, term2 (None on the diagonal), variance (or covariance), sd (or
        correlation).
        """
        from ranef.present.estimates import varcorr_frame

        return varcorr_frame(self._problem.labels, self._estimates.covariances, self.sigma)

    def ranef(self, condvar: bool = True) -> dict[str, pd.DataFrame]:
        """Conditional modes of the random effects by grouping factor, one row a level.

        With `condvar`, a column ``<term>_sd`` for each term: the conditional standard deviation
        given the data and the estimated parameters.
        """
        from ranef.present.estimates import ranef_frames

        spread = self._conditional_covariances if condvar else None
        levels = [term.levels for term in self._design.terms]
        return ranef_frames(self._problem.labels, levels, self._modes, spread)

    def coef(self) -> dict[str, pd.DataFrame]:
        """Fixed effects plus conditional modes by grouping factor, one row a level."""
        from ranef.present.estimates import coef_frames

        levels = [term.levels for term in self._design.terms]
        return coef_frames(self.fixef, self._problem.labels, levels, self._modes)

    # -- criteria -------------------------------------------------------------------------------
    @property
    def loglik(self) -> float:
        """Log-likelihood; the REML log-likelihood under REML."""
        return self._estimates.loglik

    @property
    def deviance(self) -> float:
        """-2 log-likelihood (ML, not REML) at the estimated relative covariances."""
        return self._estimates.deviance

    @property
    def criterion(self) -> float:
        """What was minimised: -2 `loglik`, and with a prior -2 its log density on top."""
        return self._estimates.criterion

    @property
    def aic(self) -> float:
        """-2 loglik + 2 df_model."""
        return self._estimates.aic

    @property
    def bic(self) -> float:
        """-2 loglik + log(nobs) df_model."""
        return self._estimates.bic

    @property
    def nobs(self) -> int:
        """Rows used."""
        return self._problem.n

    @property
    def ngroups(self) -> dict[str, int]:
        """Number of levels of each grouping factor."""
        return {label.factor: label.n_levels for label in self._problem.labels}

    @property
    def df_model(self) -> int:
        """Number of parameters: fixed effects, variances and covariances, sigma."""
        return self._estimates.n_parameters

    @property
    def df_resid(self) -> int:
        """nobs - df_model."""
        return self.nobs - self.df_model

    @property
    def reml(self) -> bool:
        """Whether REML was used."""
        return self._problem.reml

    @property
    def formula(self) -> str:
        """The formula as given."""
        return self._formula.text

    @property
    def response(self) -> str:
        """Name of the response."""
        return self._design.response

    @property
    def dropped(self) -> tuple[str, ...]:
        """Columns of the fixed part left out because earlier ones determine them."""
        return self._design.dropped

    @property
    def prior(self) -> dict[str, Any] | None:
        """The priors by random-effects term and ``"fixed"``, as `prior=` takes them; None if none.

        With priors the estimates are those with the largest penalised likelihood; `loglik`,
        `deviance`, `aic` and `bic` are the likelihood's alone, at these estimates.
        """
        prior = self._problem.prior
        return None if prior is None else prior.by_name()

    @property
    def certificate(self) -> Certificate:
        """Whether the fit is at an optimum, of which kind, with the evidence."""
        return self._solution.certificate

    # -- inference ------------------------------------------------------------------------------
    def coefficients(self, ddf: str = "satterthwaite", level: float = 0.95) -> pd.DataFrame:
        """Tests and intervals of the fixed effects, one row a coefficient.

        Parameters
        ----------
        ddf : {"satterthwaite", "residual", "asymptotic"}
        level : float

        Returns
        -------
        DataFrame
            Columns estimate, std_error, df, statistic, p_value, conf_low, conf_high.
        """
        from ranef.present.estimates import coefficient_frame

        columns = self._tests(ddf, level)._asdict()
        return coefficient_frame(self._design.x_names, columns, self.dropped)

    def confint(
        self,
        method: Literal["wald", "profile", "bootstrap"] = "wald",
        level: float = 0.95,
        ddf: str = "satterthwaite",
        *,
        n: int = 1000,
        seed: int | None = None,
        kind: Literal["parametric", "conditional", "residual", "cluster", "cases"] = "parametric",
        type: Literal["percentile", "basic", "normal"] = "percentile",
    ) -> pd.DataFrame:
        """Confidence intervals.

        Parameters
        ----------
        method : {"wald", "profile", "bootstrap"}
            Wald intervals are of the fixed effects alone; the others also of standard deviations,
            correlations and sigma: see :meth:`profile` and :meth:`bootstrap`.
        level : float
        ddf : str
            Degrees of freedom of Wald intervals, as in :meth:`coefficients`.
        n, seed, kind, type
            Of the bootstrap: replicates, seed, kind, and type of interval.

        Returns
        -------
        DataFrame
            Columns conf_low, conf_high; one row a parameter.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> fit.confint(method="profile").loc["sigma"].round(2).to_list()
        [22.9, 28.86]
        """
        if method == "wald":
            return self.coefficients(ddf, level)[["conf_low", "conf_high"]]
        if method == "profile":
            return self.profile(level).confint(level)
        if method == "bootstrap":
            return self.bootstrap(n, kind, seed).confint(level, type)
        raise OptionError(f"unknown method {method!r}", fix="use 'wald', 'profile' or 'bootstrap'")

    @progress("fitting the model by the other criterion")
    def with_reml(self, reml: bool) -> Fit:
        """The same model and data by REML or by ML: this fit where it is so already."""
        return self if self.reml == reml else self._again(self._problem.with_reml(reml))

    def __repr__(self) -> str:
        kind = "REML" if self.reml else "ML"
        groups = ", ".join(f"{n} {name}" for name, n in self.ngroups.items())
        return (
            f"<Fit {self.formula} by {kind}: {self.nobs} rows, {groups}; "
            f"{self.certificate.verdict}>"
        )
