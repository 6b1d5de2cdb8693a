"""The presentation of a fit as methods, for the facade to inherit. No number is made here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

if TYPE_CHECKING:
    import pandas as pd

    from ranef.present.distribution import Distribution
    from ranef.present.plots.accessor import PlotAccessor
    from ranef.present.protocol import FittedModel
    from ranef.present.summary.facade import Summary

__all__ = ["Presented"]


class Presented:
    """Methods that show a fitted model."""

    @property
    def _distribution(self) -> Distribution | None:
        """The response's distribution and the model's other parts; None for linear models."""
        return None

    def summary(self, ddf: str = "auto", vcov: Any = None, exponentiate: bool = False) -> Summary:
        """The fit on a page, with tests of the fixed effects; HTML in notebooks.

        Parameters
        ----------
        ddf : {"auto", "satterthwaite", "kenward-roger", "residual", "asymptotic"}
            Degrees of freedom of the tests.
        vcov : str or mapping, optional
            ``"CR2"`` and others of ``fit.robust``: cluster-robust standard errors, with clusters
            that are levels of the outermost grouping factor; ``{"CR2": cluster}`` for others.
        exponentiate : bool
            With columns of exp of the estimates, odds ratios or rate ratios, and their intervals.

        Returns
        -------
        Summary
            ``str()`` is the page.

        Raises
        ------
        OptionError
            Another `ddf` or `vcov`, or coefficients that are not logarithms of ratios.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> print(str(fit.summary()).splitlines()[0])
        Linear mixed model fitted by REML
        """
        from ranef.present.summary.build import summarize

        return summarize(cast("FittedModel", self), ddf, vcov, exponentiate)

    def tidy(
        self,
        effects: Literal["fixed", "ran_pars", "ran_vals"] = "fixed",
        ddf: str = "auto",
        level: float = 0.95,
        vcov: Any = None,
        standardize: Literal["refit", "within", "basic"] | None = None,
        conf_method: Literal["wald", "profile", "bootstrap"] | None = None,
        n: int = 1000,
        seed: int | None = None,
        exponentiate: bool = False,
    ) -> pd.DataFrame:
        """One row a parameter or conditional mode, with broom.mixed's columns.

        Parameters
        ----------
        effects : {"fixed", "ran_pars", "ran_vals"}
            Fixed effects; standard deviations and correlations; or conditional modes. The fixed
            effects of a generalised model are followed by the coefficients of its other parts, with
            ``"zero"``, ``"dispersion"`` or ``"thresholds"`` in the column effect.
        ddf : {"auto", "satterthwaite", "kenward-roger", "residual", "asymptotic"}
            Degrees of freedom of the fixed effects.
        level : float
            Of the intervals, between 0 and 1.
        vcov : str or mapping, optional
            Standard errors of the fixed effects, as in :meth:`summary`.
        standardize : {"refit", "within", "basic"}, optional
            Standardised results. ``"refit"`` fits the model to the response and all predictors that
            are numbers less their means over their standard deviations; products and squares are
            made of these, categories stay as they are. ``"basic"`` multiplies each coefficient by
            the standard deviation of its column over that of the response. ``"within"`` takes
            both standard deviations within groups for a column that varies within them, else
            between groups. The last two are for fixed effects, and have no intercept (NaN).
        conf_method : {"wald", "profile", "bootstrap"}, optional
            How intervals of ``"fixed"`` and ``"ran_pars"`` are made. If it is not given, those of
            the fixed effects are Wald's with degrees of freedom, and standard deviations and
            correlations have none. ``"wald"`` gives these standard errors from
            :attr:`~ranef.Fit.vcov_full`, and intervals that are symmetric for log SD and for
            Fisher's z of a correlation.
        n, seed
            Replicates of the bootstrap, and their seed.
        exponentiate : bool
            exp of the fixed effects, those of the zero part, and their intervals: odds ratios, rate
            ratios, or ratios if the response of a linear model is a ``log()``. Standard errors
            are by the delta method; tests are those of the coefficients.

        Returns
        -------
        DataFrame
            Columns effect, group, term, estimate, std_error, df, statistic, p_value, conf_low,
            conf_high; for ``"ran_vals"`` a column level after group. What does not exist is NaN.

        Raises
        ------
        OptionError
            An option outside of what it accepts.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> fit.tidy("ran_pars")[["group", "term", "estimate"]].round(2)
              group                 term  estimate
        0   Subject        sd__Intercept     24.74
        1   Subject             sd__Days      5.92
        2   Subject  cor__Intercept.Days      0.07
        3  Residual      sd__Observation     25.59
        """
        from ranef.errors import OptionError
        from ranef.options import boolean, one_of, shown
        from ranef.present.frames.tidy import tidy, with_intervals

        model = cast("FittedModel", self)
        if boolean("exponentiate", exponentiate) and conf_method in ("profile", "bootstrap"):
            raise OptionError(
                "exponentiate is for Wald intervals",
                found=f"exponentiate with conf_method={shown(conf_method)}",
                fix="leave conf_method out, or take exp of the limits",
            )
        frame = tidy(model, effects, ddf, level, vcov, standardize, exponentiate)
        if conf_method is None or effects == "ran_vals":
            return frame
        one_of("conf_method", conf_method, ("wald", "profile", "bootstrap"))
        if effects == "fixed" and conf_method == "wald":
            return frame
        return with_intervals(frame, cast("Any", self)._intervals(conf_method, level, n, seed))

    def glance(self) -> pd.DataFrame:
        """The fit in one row.

        Returns
        -------
        DataFrame
            nobs, sigma, logLik, AIC, BIC, REMLcrit or deviance, df_residual, converged (whether the
            optimum is certified), singular, rank, verdict, method. Generalised models have family,
            link, dispersion (NaN without one) and approximation (of the likelihood) too.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> fit.glance().loc[0, "verdict"]
        'interior optimum'
        """
        from ranef.present.frames.glance import glance

        return glance(cast("FittedModel", self))

    def augment(self) -> pd.DataFrame:
        """The rows used with fitted values, residuals and leverages.

        Returns
        -------
        DataFrame
            The model's variables, then ``.fitted`` (with the random effects), ``.resid``,
            ``.fixed`` (the population prediction) and ``.hat`` (leverage).

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> fit.augment()[[".fitted", ".resid"]].iloc[0].round(2).to_list()
        [253.66, -4.1]
        """
        from ranef.present.frames.augment import augment

        return augment(cast("FittedModel", self))

    @property
    def plot(self) -> PlotAccessor:
        """Plots: check, simulated, caterpillar, residuals, qq, slopes, shrinkage, effects, profile.

        ``fit.plot.effects("x")`` and so on; each returns Matplotlib axes.
        """
        from ranef.present.plots.accessor import PlotAccessor

        return PlotAccessor(cast("FittedModel", self))

    def __str__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()
