"""Effect sizes: shares of the variance, and standardised coefficients."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Self

from ranef.errors import OptionError
from ranef.fit.record import FitRecord
from ranef.options import name as name_option
from ranef.types import Array

if TYPE_CHECKING:
    from ranef.inference.effect_sizes import VarianceParts
    from ranef.present.results.effect_sizes import R2, Icc

__all__ = ["EffectSizes"]

WITHOUT = "the variance of fit.fitted, and fit.sigma squared, are all parts that there are"


class EffectSizes(FitRecord):
    """The methods that measure effects; each delegates to a function."""

    def r2(self, by: str | None = None) -> R2:
        """The share of the variance that the model explains, within and between groups.

        The variance that the model implies for a row, averaged over the rows, has five parts:
        predictors and random effects, each within and between groups, and the residual. Random
        effects within groups are slopes of predictors that vary there, and nested factors.
        Predictors need not be centred for that. The marginal R2 is the share of the predictors,
        the conditional one that of predictors and random effects.

        Parameters
        ----------
        by : str, optional
            The grouping factor whose groups define within and between. The default is the one in
            which all others are nested, or the one with the fewest levels.

        Returns
        -------
        R2
            ``marginal``, ``conditional``, ``by``, and ``frame`` with each part's variance and its
            share of the total, of the variance within and of that between; prints as a table.

        Raises
        ------
        OptionError
            `by` is not a grouping factor.

        Notes
        -----
        An offset is not counted. With weights the residual variance is that of a row of weight 1.

        References
        ----------
        Johnson (2014), Methods in Ecology and Evolution 5, 944-946. Rights and Sterba (2019),
        Quantifying explained variance in multilevel models, Psychological Methods 24, 309-338.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("math ~ ses * sector + (ses | sch.id)", rn.datasets.load("hsb"))
        >>> print(fit.r2())
        R2: 0.118 marginal, 0.202 conditional
        <BLANKLINE>
          Part                                Variance  Of total  Within  Between
          predictors, within groups (f1)        2.6613     0.058   0.067
          predictors, between groups (f2)       2.7935     0.061            0.421
          random effects, within groups (v)     0.0331     0.001   0.001
          random effects, between groups (m)    3.8347     0.083            0.579
          residual                             36.7875     0.798   0.932
        <BLANKLINE>
        Groups: sch.id.
        """
        from ranef.present.results.effect_sizes import r2_record

        self._need_random("fit.r2()", WITHOUT)
        return r2_record(self._variance_parts(by))

    def icc(self) -> Icc:
        """Intraclass correlations: the share of the random effects in the variance.

        With random slopes the variance of the random effects depends on the row, and its mean over
        the rows is taken.

        Returns
        -------
        Icc
            ``adjusted`` (of the variance that the predictors do not explain), ``unadjusted`` (of
            all variance), and ``by_group``, a Series with the adjusted share of each factor.

        References
        ----------
        Nakagawa, Johnson and Schielzeth (2017), Journal of the Royal Society Interface 14.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("strength ~ 1 + (1 | batch/cask)", rn.datasets.load("pastes"))
        >>> fit.icc().by_group.round(3).to_dict()
        {'cask:batch': 0.783, 'batch': 0.154}
        """
        from ranef.present.results.effect_sizes import icc_record

        self._need_random("fit.icc()", WITHOUT)
        return icc_record(self._variance_parts(None))

    def _spread(self, which: str) -> tuple[float, float]:
        """A standard deviation that effects are measured by, and its degrees of freedom."""
        from ranef.inference.means.effect_size import spread_of

        blocks = [(term.codes, term.Z) for term in self._design.terms]
        return spread_of(which, self._row_variances, blocks, self._derivatives.covariance)

    def _variance_parts(self, by: str | None) -> VarianceParts:
        from ranef.inference.effect_sizes import variance_parts
        from ranef.problem.parameters import group_lambdas
        from ranef.source import rows_of

        factors = {term.factor: term.n_levels for term in self._design.terms}
        if by is None:
            by = self._outermost_factor or min(factors, key=lambda name: factors[name])
        else:
            by = name_option("by", by, tuple(factors), of="grouping factor")
        residual = self._mean_spread() * self._estimates.sigma**2
        if self._elsewhere is not None:
            from ranef.inference.effect_sizes.of_sums import variance_parts_of_sums

            columns = self._elsewhere.unweighted_columns("the variance of the predictors")
            of = [columns.factor(g) for g in range(len(columns.groups))].index(by)
            covariances, beta = self._estimates.covariances, self._estimates.beta
            return variance_parts_of_sums(columns, covariances, beta, of, residual)
        estimates, problem = self._estimates, self._problem
        return variance_parts(
            problem,
            rows_of(self._design, problem.scaling, self._data.y, None).groups,
            [estimates.sigma * t for t in group_lambdas(problem, self._solution.inner)],
            self._design,
            estimates.beta,
            by,
            residual,
        )

    def _mean_spread(self) -> float:
        """Mean residual variance of the rows over sigma^2, weights apart."""
        part = self._problem.residual
        own = None if part is None or part.phi is None else part.structure.weights(None, part.phi)
        return 1.0 if own is None else float((1.0 / own).mean())

    def _standardised(self) -> Self:
        """The fit to standardised numbers."""
        from ranef.inference.effect_sizes import standardised_design

        if self._problem.prior is not None:
            raise OptionError(
                "standardize='refit' is for fits without priors",
                found="a penalised fit",
                fix="use standardize='basic', or standardise the data before fitting",
            )
        design, scale = standardised_design(
            self._formula, self._table, self._design, self._data.left_out
        )
        offset = self._data.offset
        data = replace(self._data, design=design, offset=None if offset is None else offset / scale)
        return self._of(replace(self._spec, given=None), data)

    def _coefficient_units(self, within: bool) -> Array:
        """What standardises each coefficient, those left out of the fit last (NaN)."""
        import numpy as np

        from ranef.inference.effect_sizes import coefficient_units

        parts = None
        if within:
            self._need_random("standardize='within'", "use standardize='refit' or 'basic'")
            if self._outermost_factor is None:
                factors = ", ".join(dict.fromkeys(term.factor for term in self._design.terms))
                raise OptionError(
                    "standardize='within' needs groups that the others are nested in",
                    found=f"crossed grouping factors {factors}",
                    fix="use standardize='refit' or standardize='basic'",
                )
            parts = self._variance_parts(None)
        if self._elsewhere is None:
            units = coefficient_units(self._design, parts)
        else:
            from ranef.inference.effect_sizes.of_sums import coefficient_units_of_sums

            columns = self._elsewhere.unweighted_columns("the spread of the predictors")
            if self._data.offset_name is not None or self._formula.offsets:
                self._elsewhere.missed("the spread of the response without the offset")
            units = coefficient_units_of_sums(columns, parts, columns.outermost)
        return np.concatenate([units, np.full(len(self._design.dropped), np.nan)])
