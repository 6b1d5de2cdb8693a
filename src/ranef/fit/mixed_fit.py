"""What a user holds of a fit of any kind: a frozen facade. Methods delegate to functions."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Self

from ranef.answers import unknown_in_fit
from ranef.fit.averaged import Averaged
from ranef.fit.by_row import ByRow
from ranef.fit.coded import Coded
from ranef.fit.estimated import Estimated
from ranef.fit.explained import Explained
from ranef.fit.maketables import ForTables
from ranef.fit.marginal import Marginal
from ranef.fit.parts import AnyVerdict
from ranef.fit.reported import Reported
from ranef.fit.requested import Requested
from ranef.fit.stored import Stored
from ranef.fit.tested import Tested
from ranef.options import one_of
from ranef.present.presented import Presented
from ranef.present.worded import Worded

if TYPE_CHECKING:
    import pandas as pd

    from ranef.fit.ratios import Bar, Ratios
    from ranef.residual.base import Line
    from ranef.types import Array

__all__ = ["MixedFit"]


class MixedFit(
    Estimated,
    ByRow,
    Coded,
    Tested,
    Marginal,
    Averaged,
    Explained,
    Stored,
    ForTables,
    Requested,
    Reported,
    Presented,
    Worded,
):
    """A fitted mixed model, linear or generalised.

    What does not depend on the distribution of the response is here. Nothing changes a fit. What
    belongs to the rows is in the order of the rows that were used (``missing_rows`` lists the
    others), with their labels if the data are a pandas frame.
    """

    # -- what each kind says of itself -----------------------------------------------------------
    @property
    @abstractmethod
    def reml(self) -> bool:
        """Whether REML was used."""

    @property
    @abstractmethod
    def _kind(self) -> str:
        """What a page calls the model: "Linear mixed model"."""

    @property
    @abstractmethod
    def _fitted_by(self) -> str:
        """What the estimates maximise: "REML", or "maximum likelihood"."""

    @property
    @abstractmethod
    def _discrete(self) -> bool:
        """Whether the likelihood is made of probabilities, and not of densities."""

    @property
    @abstractmethod
    def _residual_text(self) -> str:
        """The structure of the residuals as it was asked for; empty without."""

    @property
    def _crossed_text(self) -> str:
        """How crossed factors were eliminated, and why; empty without them."""
        from ranef.fit.log import crossed_words

        return crossed_words(self._problem, self._solution)

    @property
    @abstractmethod
    def _residual_lines(self) -> tuple[Line, ...]:
        """The parameters of the residuals one by one, for pages and tables."""

    @abstractmethod
    def _standardised(self) -> Self:
        """The fit to standardised numbers."""

    @abstractmethod
    def _coefficient_units(self, within: bool) -> Array:
        """What standardises each coefficient, those left out of the fit last (NaN)."""

    @abstractmethod
    def _by_ml(self) -> Self:
        """The fit by maximum likelihood: this one if it is so already."""

    @abstractmethod
    def _ratios(
        self, fits: Sequence[Self], method: str, n: int, seed: int | None, bar: Bar
    ) -> Ratios:
        """Likelihood ratio tests between fits of this kind, as ``rn.anova`` asks for them."""

    # -- criteria -------------------------------------------------------------------------------
    @property
    def loglik(self) -> float:
        """Log-likelihood; the REML log-likelihood under REML."""
        return self._estimates.loglik

    @property
    def loglik_error(self) -> float:
        """How far `loglik` may be from the exact one: half-width of a 95% interval.

        0 unless crossed factors were solved by iterations (see ``crossed`` of
        :class:`~ranef.Control`). `deviance`, `aic` and `bic` have twice this error.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> fit.loglik_error
        0.0
        """
        return 0.5 * self.certificate.error_criterion

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
    def certificate(self) -> AnyVerdict:
        """Whether the fit is at an optimum, of which kind, with the evidence."""
        return self._solution.certificate

    @property
    def aicc(self) -> float:
        """`aic` corrected for few rows: aic + 2 k (k + 1) / (nobs - k - 1), k of `df_model`.

        Infinite if there are no more than k + 1 rows. Hurvich and Tsai (1989), Biometrika 76,
        297-307.
        """
        k, n = self._estimates.n_parameters, self._problem.n
        if n <= k + 1:
            return float("inf")
        return self._estimates.aic + 2.0 * k * (k + 1.0) / (n - k - 1.0)

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
        method: Literal["wald"] = "wald",
        level: float = 0.95,
        ddf: str = "auto",
        *,
        vcov: Any = None,
    ) -> pd.DataFrame:
        """Confidence intervals of the fixed effects.

        Parameters
        ----------
        method : {"wald"}
            The estimate plus and minus a multiple of its standard error.
        level : float
        ddf, vcov
            As in :meth:`coefficients`.

        Returns
        -------
        DataFrame
            Columns conf_low, conf_high; one row a coefficient.

        Raises
        ------
        OptionError
            Another `method`, or an option outside of what it accepts.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> fit.confint().loc["Days"].round(1).to_list()
        [7.2, 13.7]
        """
        one_of("method", method, ("wald",))
        return self.coefficients(ddf, level, vcov)[["conf_low", "conf_high"]]

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            # Reached where nothing of this name was found, or where a property raised.
            if hasattr(type(self), name):
                return object.__getattribute__(self, name)
            unknown_in_fit(name, dir(type(self)), type(self).__name__)

    def __repr__(self) -> str:
        from ranef.page import paragraph
        from ranef.page.phrases import count, whole

        groups = "".join(f", {whole(n)} {name}" for name, n in self.ngroups.items())
        text = (
            f"<{type(self).__name__} {self.formula} by {'REML' if self.reml else 'ML'}: "
            f"{count(self.nobs, 'row')}{groups}; {self.certificate.verdict}>"
        )
        return "\n".join(paragraph(text, "", "    "))
