"""Shares of the variance of a generalised model, on the scale of its linear predictor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ranef.fit.generalised.record import GeneralisedRecord
from ranef.options import name as name_option

if TYPE_CHECKING:
    from ranef.inference.effect_sizes import VarianceParts
    from ranef.present.results.effect_sizes import R2, Icc

__all__ = ["GeneralisedShares"]

Method = Literal["theoretical", "delta", "observation", "lognormal", "trigamma"]


class GeneralisedShares(GeneralisedRecord):
    """The methods that share out the variance; each delegates to a function."""

    def r2(self, by: str | None = None, method: Method | None = None) -> R2:
        """The share of the variance that the model explains, on the scale of the linear predictor.

        The variance of a row, averaged over the rows, has the parts of a linear model (predictors
        and random effects, each within and between groups), and in place of the residual the
        distribution-specific variance: what the response varies around its mean, on the scale of
        the linear predictor. The marginal R2 is the share of the predictors, the conditional one
        that of predictors and random effects.

        Parameters
        ----------
        by : str, optional
            The grouping factor whose groups define within and between. The default is the one in
            which all others are nested, or the one with the fewest levels.
        method : str, optional
            Of the distribution-specific variance. ``"theoretical"``: of the latent variable behind
            a threshold (pi^2/3 for the logit, 1 for the probit), for binary and ordered responses,
            and the default for these. ``"delta"``: of a first-order expansion of the link; for
            binary responses this is the observation-level variance, also called
            ``"observation"``. ``"lognormal"`` (the default for a log link) and ``"trigamma"``: of
            the logarithm of the response.

        Returns
        -------
        R2
            ``marginal``, ``conditional``, ``by``, ``method``, and ``frame`` with each part's
            variance and its share of the total, of the variance within and of that between; prints
            as a table.

        Raises
        ------
        OptionError
            `by` is not a grouping factor; a method that the family does not have.

        Notes
        -----
        Methods other than ``"theoretical"`` need a mean: that of the response over the rows (of
        binomial responses, over the trials). The paper also allows the mean that the model without
        predictors implies, exp(intercept + variance/2) for a log link, which MuMIn takes; the two
        agree if the distributions hold. An offset is not counted. With random slopes the variance
        of the random effects is the mean of z'D z over the rows (Johnson 2014). In models with a
        zero part the mean and the variance are those of all counts.

        References
        ----------
        Nakagawa, Johnson and Schielzeth (2017), The coefficient of determination R2 and intra-class
        correlation coefficient from generalized linear mixed-effects models revisited and expanded,
        Journal of the Royal Society Interface 14(134). Johnson (2014), Methods in Ecology and
        Evolution 5, 944-946. Rights and Sterba (2019), Psychological Methods 24, 309-338.

        Examples
        --------
        >>> import ranef as rn
        >>> data = rn.datasets.load("cbpp")
        >>> fit = rn.glmm("incidence / size ~ period + (1 | herd)", data, weights="size")
        >>> print(fit.r2())
        R2: 0.085 marginal, 0.187 conditional
        <BLANKLINE>
          Part                                Variance  Of total  Within  Between
          predictors, within groups (f1)        0.3284     0.081   0.091
          predictors, between groups (f2)       0.0174     0.004            0.040
          random effects, within groups (v)     0.0000     0.000   0.000
          random effects, between groups (m)    0.4125     0.102            0.960
          distribution, theoretical             3.2899     0.813   0.909
        <BLANKLINE>
        Groups: herd.
        """
        from ranef.present.results.effect_sizes import r2_record

        chosen = self._chosen(method)
        return r2_record(self._variance_parts(by, chosen), chosen)

    def icc(self, method: Method | None = None) -> Icc:
        """Intraclass correlations: the share of the random effects in the variance.

        On the scale of the linear predictor, with the distribution-specific variance in place of
        the residual variance.

        Parameters
        ----------
        method : str, optional
            As in :meth:`r2`.

        Returns
        -------
        Icc
            ``adjusted`` (of the variance that the predictors do not explain), ``unadjusted`` (of
            all variance), ``method``, and ``by_group``, a Series with the adjusted share of each
            factor.

        Raises
        ------
        OptionError
            A method that the family does not have.

        References
        ----------
        Nakagawa, Johnson and Schielzeth (2017), Journal of the Royal Society Interface 14.

        Examples
        --------
        >>> import ranef as rn
        >>> data = rn.datasets.load("grouseticks")
        >>> fit = rn.glmm("TICKS ~ YEAR + (1 | LOCATION/BROOD)", data, family="poisson")
        >>> icc = fit.icc()
        >>> round(icc.adjusted, 3), round(icc.unadjusted, 3)
        (0.918, 0.61)
        """
        from ranef.present.results.effect_sizes import icc_record

        chosen = self._chosen(method)
        return icc_record(self._variance_parts(None, chosen), chosen)

    def _chosen(self, method: str | None) -> str:
        from ranef.inference.generalised.response_variance import checked_method

        return checked_method(self._family, method)

    def _variance_parts(self, by: str | None, method: str) -> VarianceParts:
        from ranef.inference.effect_sizes import variance_parts
        from ranef.inference.generalised.response_variance import response_variance
        from ranef.inference.nesting import outermost_factor
        from ranef.problem.parameters import group_lambdas

        factors = {term.factor: term.n_levels for term in self._design.terms}
        if by is None:
            by = outermost_factor(self._design) or min(factors, key=lambda name: factors[name])
        else:
            by = name_option("by", by, tuple(factors), of="grouping factor")
        problem = self._problem
        residual = response_variance(self._family, self._data.y, self._psi, self._weights, method)
        return variance_parts(
            problem,
            problem.rows.groups,
            group_lambdas(problem, self._solution.inner),
            self._design,
            self._estimates.beta,
            by,
            residual,
        )
