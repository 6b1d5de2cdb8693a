"""Whether the residuals of a generalised fit follow the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ranef.fit.generalised.refitting import GeneralisedRefitting
from ranef.options import seed as checked_seed
from ranef.options import whole
from ranef.present.progress import progress_bar
from ranef.types import Array

if TYPE_CHECKING:
    from ranef.present.results.residual_check import ResidualCheck

__all__ = ["GeneralisedChecking"]


class GeneralisedChecking(GeneralisedRefitting):
    """The method that tests residuals; it delegates to a function."""

    def check_residuals(self, n: int = 249, seed: int | None = None) -> ResidualCheck:
        """Test overdispersion, zeros, and the distribution of the residuals, and draw them.

        Uniformity of the quantile residuals, outliers, and spread of the residuals against the
        fitted values; for counts and numbers of successes the dispersion: Pearson's chi-squared
        over what it is if the model holds; for counts with zeros their number, over what the fitted
        distributions expect. The model is fitted again to `n` responses drawn from it, with new
        random effects, which gives p values that count the estimation of the parameters and of the
        random effects. Those of dispersion and zeros are two-sided: a ratio above 1 is
        overdispersion or an excess of zeros.

        Parameters
        ----------
        n : int
            Refits.
        seed : int, optional
            The same seed gives the same refits.

        Returns
        -------
        ResidualCheck
            ``.frame``: one row a test, with statistic, p_value, method; ``.plot()``.

        Raises
        ------
        OptionError
            `n` below 1, or a `seed` that is not a whole number from 0 to 2^64 - 1.

        Notes
        -----
        A single 0 or 1 in a row says nothing about dispersion, and a family with a dispersion of
        its own for continuous responses estimates it: neither has that test. In the negative
        binomial and beta-binomial families the test asks whether there is more variance than these
        explain.

        References
        ----------
        Hartig, DHARMa: residual diagnostics for hierarchical regression models (R package). Dunn
        and Smyth (1996), Randomized quantile residuals, Journal of Computational and Graphical
        Statistics 5, 236-244.

        Examples
        --------
        >>> import ranef as rn
        >>> data = rn.datasets.load("cbpp")
        >>> fit = rn.glmm("incidence / size ~ period + (1 | herd)", data, weights="size")
        >>> check = fit.check_residuals(99, seed=1)
        >>> bool(check.frame.loc["dispersion", "statistic"] > 1.0)
        True
        """
        from ranef.family import Psi
        from ranef.inference.generalised.psi import psi_of_rows
        from ranef.inference.generalised.residual_tests import generalised_tests
        from ranef.present.results.residual_check import ResidualCheck

        n = whole("n", n, of="the number of refits")
        checked_seed("seed", seed)

        def psi_of(coefficients: Array) -> Psi:
            return psi_of_rows(self._problem, self._data, coefficients)

        with progress_bar("refits for the tests of residuals", n) as tick:
            tests = generalised_tests(
                self._origin(),
                self._data.y,
                self._eta,
                psi_of,
                self._control,
                n,
                seed,
                tick,
            )
        return ResidualCheck(self._formula.text, tests, self._fitted)
