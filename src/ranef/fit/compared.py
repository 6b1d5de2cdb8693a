"""What a linear fit says beside other models: tests, and the conditional AIC."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from ranef.errors import OptionError
from ranef.fit.record import FitRecord
from ranef.present.progress import progress

if TYPE_CHECKING:
    import pandas as pd

    from ranef.fit.ratios import Bar, Ratios

__all__ = ["Compared"]


class Compared(FitRecord):
    """The methods that set a fit beside others; each delegates to a function."""

    @progress("fitting smaller random parts")
    def ranova(self) -> pd.DataFrame:
        """Test each random effect: the model is fitted without it, by REML or ML as this fit.

        ``(x | g)`` is compared with ``(1 | g)``, ``(1 | g)`` with a model without it; of
        ``(x || g)`` each term is left out in turn. A variance cannot be negative, so that the
        likelihood ratio follows a mixture of chi-squares; `law` names it. The usual chi-square
        with `df` degrees of freedom, as in R's ``ranova``, gives p values that are too large.

        Returns
        -------
        DataFrame
            One row a reduction: npar, loglik and aic of the smaller model, statistic (likelihood
            ratio), df (parameters removed), p_value, law. If the smaller model is singular itself,
            only bounds are known: `p_value` is then the upper one, and `law` gives both.

        Raises
        ------
        OptionError
            A fit with a prior.

        References
        ----------
        Self and Liang (1987), Asymptotic properties of maximum likelihood estimators and likelihood
        ratio tests under nonstandard conditions, Journal of the American Statistical Association
        82, 605-610. Stram and Lee (1994), Variance components testing in the longitudinal mixed
        effects model, Biometrics 50, 1171-1177.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> row = fit.ranova().loc["Days in (Days | Subject)"]
        >>> float(row["statistic"].round(2)), int(row["df"]), row["law"]
        (42.84, 2, 'half chi2(1), half chi2(2)')
        """
        from ranef.fit.random_terms import LinearReducing, random_tests
        from ranef.present.frames.anova import ranova_frame

        names, tests = random_tests(LinearReducing(self))
        return ranova_frame(names, tests._asdict())

    @progress("computing the conditional AIC")
    def caic(self) -> float:
        """Conditional AIC: how well a model predicts new rows of the same groups.

        -2 log-likelihood given the random effects, plus 2 (effective degrees of freedom + 1). The
        degrees of freedom are the sum of the derivatives of each fitted value with respect to its
        response. They count that the variances are estimated; a variance of zero counts as known.

        Returns
        -------
        float

        Raises
        ------
        OptionError
            A fit with a prior.
        TooLargeError
            Crossed factors with so many levels that a dense matrix of them does not fit in memory.

        References
        ----------
        Greven and Kneib (2010), On the behaviour of marginal and conditional AIC in linear mixed
        models, Biometrika 97, 773-789.

        Examples
        --------
        >>> import ranef as rn
        >>> data = rn.datasets.load("sleepstudy")
        >>> slopes = rn.lmm("Reaction ~ Days + (Days | Subject)", data)
        >>> intercepts = rn.lmm("Reaction ~ Days + (1 | Subject)", data)
        >>> round(slopes.caic(), 1), round(intercepts.caic(), 1)
        (1711.5, 1767.1)
        """
        from ranef.inference.conditional_aic import conditional_aic, without_effects

        if self._problem.prior is not None:
            raise OptionError(
                "the conditional AIC is for fits without priors",
                found="fit.caic() of a penalised fit",
                fix="fit without prior=",
            )
        if not self._design.terms:
            left = self._design.y - self._mean
            return without_effects(left, self._weights, self._estimates.sigma, self._design.p).value
        return conditional_aic(self._problem, self._solution).value

    def _ratios(
        self, fits: Sequence[Self], method: str, n: int, seed: int | None, bar: Bar
    ) -> Ratios:
        """Likelihood ratio tests between linear fits, as ``rn.anova`` asks for them."""
        from ranef.fit.between import ratios_between

        return ratios_between(fits, method, n, seed, bar)
