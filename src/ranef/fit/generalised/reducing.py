"""Tests that leave terms out of a generalised model."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from ranef.errors import OptionError
from ranef.fit.generalised.record import GeneralisedRecord
from ranef.options import one_of, shown
from ranef.present.progress import progress

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Reducible"]


class Reducible(GeneralisedRecord):
    """The methods that fit the model without some of its terms; each delegates."""

    @progress("fitting the model without each term")
    def drop1(self, test: Literal["chisq"] = "chisq", vcov: Any = None) -> pd.DataFrame:
        """Test each term of the fixed part that the model can do without.

        The model is fitted without the term, and twice the difference of the log-likelihoods is
        compared with chi-squared. A term whose variables are all in another one, as those of ``a``
        in ``a:b``, is not tried.

        Parameters
        ----------
        test : {"chisq"}
            There is no other; :meth:`anova` has Wald tests.
        vcov : None
            Robust standard errors do not enter a likelihood ratio.

        Returns
        -------
        DataFrame
            One row a term: npar (of the term), aic (of the fit without the term), statistic,
            p_value.

        Raises
        ------
        OptionError
            Another `test`, or a fit with a prior.

        References
        ----------
        Venables (1998), Exegeses on linear models, section 5.

        Examples
        --------
        >>> import ranef as rn
        >>> data = rn.datasets.load("cbpp")
        >>> fit = rn.glmm("incidence / size ~ period + (1 | herd)", data, weights="size")
        >>> fit.drop1().round(2)  # doctest: +NORMALIZE_WHITESPACE
                npar     aic  statistic  p_value
        term
        period     3  213.66      25.61      0.0
        """
        from ranef.fit.dropping import drop_by_likelihood
        from ranef.fit.generalised.smaller import smaller_fit
        from ranef.present.frames.anova import drop1_frame

        what = "terms of a generalised model are dropped by likelihood ratios"
        one_of("test", test, ("chisq",), what=what, fix="fit.anova() has Wald tests")
        if vcov is not None:
            raise OptionError(
                "robust standard errors do not enter a likelihood ratio",
                found=f"vcov={shown(vcov)}",
                fix="leave vcov out",
            )
        names, tests = drop_by_likelihood(
            self, partial(smaller_fit, self), "Wald tests are those of fit.anova()"
        )
        return drop1_frame(names, tests._asdict())

    @progress("fitting smaller random parts")
    def ranova(self) -> pd.DataFrame:
        """Test each random effect: the model is fitted without it.

        ``(x | g)`` is compared with ``(1 | g)``, ``(1 | g)`` with a model without it; of
        ``(x || g)`` each term is left out in turn. A variance cannot be negative, so that the
        likelihood ratio follows a mixture of chi-squares; `law` names it.

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
        82, 605-610.

        Examples
        --------
        >>> import ranef as rn
        >>> data = rn.datasets.load("cbpp")
        >>> fit = rn.glmm("incidence / size ~ period + (1 | herd)", data, weights="size")
        >>> row = fit.ranova().loc["(1 | herd)"]
        >>> float(row["statistic"].round(2)), row["law"]
        (14.01, 'half 0, half chi2(1)')
        """
        from ranef.fit.generalised.smaller import GeneralisedReducing
        from ranef.fit.random_terms import random_tests
        from ranef.present.frames.anova import ranova_frame

        names, tests = random_tests(GeneralisedReducing(self))
        return ranova_frame(names, tests._asdict())
