"""Tests of each term that a linear model can do without."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from ranef.errors import OptionError
from ranef.fit.record import FitRecord
from ranef.options import one_of, shown
from ranef.present.progress import progress

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DropTests"]


class DropTests(FitRecord):
    """The method that leaves terms out; it delegates to functions."""

    @progress("fitting the model without each term")
    def drop1(
        self,
        test: Literal["F", "chisq"] = "F",
        ddf: str = "auto",
        vcov: Any = None,
    ) -> pd.DataFrame:
        """Test each term of the fixed part that the model can do without.

        A term whose variables are all in another one, as those of ``a`` in ``a:b``, is not tried.

        Parameters
        ----------
        test : {"F", "chisq"}
            ``"F"`` tests the coefficients in this fit. ``"chisq"`` fits the model by ML with and
            without the term, and compares twice the difference of the log-likelihoods with
            chi-squared; with few groups its p values are too small.
        ddf : {"auto", "satterthwaite", "kenward-roger", "residual", "asymptotic"}
            Denominator degrees of freedom of ``"F"``.
        vcov : str or mapping, optional
            Standard errors of ``"F"``, as in :meth:`anova`.

        Returns
        -------
        DataFrame
            One row a term. For ``"F"`` as :meth:`anova`; for ``"chisq"``: npar (of the term),
            aic (of the ML fit without the term), statistic, p_value.

        Raises
        ------
        OptionError
            Another `test`, `ddf` or `vcov`, or one that does not apply.

        References
        ----------
        Venables (1998), Exegeses on linear models, section 5.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("angle ~ recipe + temp + (1 | recipe:replicate)", rn.datasets.load("cake"))
        >>> fit.drop1("chisq").round(2)  # doctest: +NORMALIZE_WHITESPACE
                npar      aic  statistic  p_value
        term
        recipe     2  1704.69       0.53     0.77
        temp       1  1785.69      79.53     0.00
        """
        from ranef.fit.dropping import drop_by_f, drop_by_likelihood, smaller_by_ml
        from ranef.present.frames.anova import anova_frame, drop1_frame

        if one_of("test", test, ("F", "chisq")) == "F":
            names, by_f = drop_by_f(self, ddf, vcov)
            return anova_frame(names, by_f._asdict())
        if vcov is not None:
            raise OptionError(
                "robust standard errors do not enter a likelihood ratio",
                found=f"vcov={shown(vcov)} with test='chisq'",
                fix='use test="F", or leave vcov out',
            )
        full = self._again(reml=False) if self._problem.reml else self
        names, by_likelihood = drop_by_likelihood(
            full, partial(smaller_by_ml, full), 'use test="F"'
        )
        return drop1_frame(names, by_likelihood._asdict())
