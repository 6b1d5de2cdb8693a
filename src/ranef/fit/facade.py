"""The fitted model: a frozen facade. Methods delegate; numbers happen in functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ranef.answers import refuse_unknown_options, unknown_in_fit
from ranef.errors import OptionError
from ranef.fit.averaged import Averaged
from ranef.fit.by_row import ByRow
from ranef.fit.coded import Coded
from ranef.fit.compared import Compared
from ranef.fit.effect_sizes import EffectSizes
from ranef.fit.estimated import Estimated
from ranef.fit.explained import Explained
from ranef.fit.influential import Influential
from ranef.fit.maketables import ForTables
from ranef.fit.marginal import Marginal
from ranef.fit.parameters import Parameters
from ranef.fit.predicting import Predicting
from ranef.fit.refitting import Refitting
from ranef.fit.robustly import Robustly
from ranef.fit.simulating import Simulating
from ranef.fit.stored import Stored
from ranef.fit.tested import Tested
from ranef.fit.updating import Updating
from ranef.options import boolean, one_of, shown
from ranef.present.presented import Presented
from ranef.present.progress import progress
from ranef.solve import Certificate

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Fit"]


@refuse_unknown_options("fit")
@dataclass(frozen=True, eq=False, repr=False)
class Fit(
    Estimated,
    ByRow,
    Coded,
    Predicting,
    Tested,
    Compared,
    Marginal,
    Averaged,
    Robustly,
    EffectSizes,
    Explained,
    Influential,
    Refitting,
    Simulating,
    Updating,
    Parameters,
    Stored,
    ForTables,
    Presented,
):
    """A fitted linear mixed model.

    Made by :func:`ranef.lmm`, or without random effects by :func:`ranef.lm`; nothing changes it
    afterwards. What belongs to the rows is in the
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
    def coefficients(
        self, ddf: str = "auto", level: float = 0.95, vcov: Any = None
    ) -> pd.DataFrame:
        """Tests and intervals of the fixed effects, one row a coefficient.

        Parameters
        ----------
        ddf : {"auto", "satterthwaite", "kenward-roger", "residual", "asymptotic"}
            Degrees of freedom. ``"auto"`` is Satterthwaite's method, without taking a variance that
            is estimated as zero as known; ``"satterthwaite"`` takes it as known, as lmerTest does.
        level : float
        vcov : str or mapping, optional
            ``"CR2"`` and others of :meth:`robust`: cluster-robust standard errors, with clusters
            that are levels of the outermost grouping factor; ``{"CR2": cluster}`` for others.

        Returns
        -------
        DataFrame
            Columns estimate, std_error, df, statistic, p_value, conf_low, conf_high.

        Raises
        ------
        OptionError
            Another `ddf`, a `level` outside of (0, 1), or a `vcov` that does not apply.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> fit.coefficients().loc["Days", ["estimate", "std_error", "df"]].round(2).to_list()
        [10.47, 1.55, 17.0]
        """
        from ranef.present.frames.estimates import coefficient_frame

        columns = self._tests(ddf, level, vcov)._asdict()
        return coefficient_frame(self._design.x_names, columns, self.dropped)

    def confint(
        self,
        method: Literal["wald", "profile", "bootstrap"] = "wald",
        level: float = 0.95,
        ddf: str = "auto",
        *,
        n: int = 1000,
        seed: int | None = None,
        kind: Literal["parametric", "conditional", "residual", "cluster", "cases"] = "parametric",
        type: Literal["percentile", "basic", "normal", "hdi"] = "percentile",
        vcov: Any = None,
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
        vcov : str or mapping, optional
            Standard errors of Wald intervals, as in :meth:`coefficients`.

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
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> fit.confint(method="profile").loc["sigma"].round(2).to_list()
        [22.9, 28.86]
        """
        named = isinstance(method, str) and method in self._design.x_names
        row = f"one coefficient is fit.confint().loc[{method!r}]" if named else ""
        one_of("method", method, ("wald", "profile", "bootstrap"), fix=row)
        if method == "wald":
            return self.coefficients(ddf, level, vcov)[["conf_low", "conf_high"]]
        if vcov is not None:
            raise OptionError(
                "vcov is for Wald intervals",
                found=f"vcov={shown(vcov)} with method={method!r}",
                fix='use method="wald", or leave vcov out',
            )
        if method == "profile":
            return self.profile(level).confint(level)
        return self.bootstrap(n, kind, seed).confint(level, type)

    @progress("fitting the model by the other criterion")
    def with_reml(self, reml: bool) -> Fit:
        """The same model and data by REML or by ML: this fit where it is so already.

        Parameters
        ----------
        reml : bool

        Returns
        -------
        Fit

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> round(fit.with_reml(False).loglik, 4)
        -875.9697
        """
        reml = boolean("reml", reml, fix="with_reml(False) fits by ML")
        return self if self.reml == reml else self._again(reml=reml)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            # Reached where nothing of this name was found, or where a property raised.
            if hasattr(type(self), name):
                return object.__getattribute__(self, name)
            unknown_in_fit(name, dir(type(self)))

    def __repr__(self) -> str:
        kind = "REML" if self.reml else "ML"
        groups = ", ".join(f"{n} {name}" for name, n in self.ngroups.items())
        return (
            f"<Fit {self.formula} by {kind}: {self.nobs} rows{', ' if groups else ''}{groups}; "
            f"{self.certificate.verdict}>"
        )
