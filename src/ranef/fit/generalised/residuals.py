"""Residuals of a generalised fit, row by row."""

from __future__ import annotations

from typing import Any, Literal

from ranef.fit.by_row import ByRow
from ranef.fit.generalised.record import GeneralisedRecord

__all__ = ["GeneralisedResiduals"]


class GeneralisedResiduals(GeneralisedRecord, ByRow):
    """The method that compares the rows with the model; it delegates to a function."""

    def residuals(
        self,
        kind: Literal["response", "pearson", "deviance", "working", "quantile"] = "response",
        rows: Literal["used", "all"] = "used",
        seed: int | None = 1,
    ) -> Any:
        """Residuals, one for each row used, at the conditional modes.

        Parameters
        ----------
        kind : str
            ``"response"``: response minus :attr:`fitted`, of binomial responses the proportion of
            successes, of ordered answers their number from 1. ``"pearson"``: these over the
            standard deviation that the family gives the row; as in R without the dispersion of
            gaussian, gamma, inverse Gaussian and Tweedie responses. ``"deviance"``: the signed root
            of the row's contribution to the family's deviance, which leaves out the same
            dispersions. ``"working"``: response residuals over the derivative of the mean in the
            linear predictor, so that they are on its scale. ``"quantile"``: the normal quantile of
            the distribution function at the response, drawn between its two values where the
            response is discrete: standard normal if the model holds, for any family.
        rows : {"used", "all"}
            ``"all"`` gives a value for each row of the data, NaN in the rows that were left out.
        seed : int, optional
            Of the draws of ``"quantile"``: the same seed gives the same residuals. None draws
            anew.

        Returns
        -------
        Series or ndarray
            As :attr:`fitted`: with the labels of the rows if these have labels.

        Raises
        ------
        OptionError
            Another kind, or a seed that is not a whole number.

        Notes
        -----
        The conditional modes are fitted to the same rows. If groups are small, residuals at the
        modes vary less than the response does around its own mean.

        References
        ----------
        Dunn and Smyth (1996), Randomized quantile residuals, Journal of Computational and Graphical
        Statistics 5, 236-244.

        Examples
        --------
        >>> import ranef as rn
        >>> data = rn.datasets.load("cbpp")
        >>> fit = rn.glmm("incidence / size ~ period + (1 | herd)", data, weights="size")
        >>> fit.residuals("pearson").head(3).round(2).tolist()
        [-1.34, 1.08, 2.88]
        """
        from ranef.inference.generalised.residuals import generalised_residuals
        from ranef.present.frames.rows import check_rows, on_all_rows

        everything = check_rows(rows)
        values = generalised_residuals(
            self._family, self._data.y, self._eta, self._psi, self._weights, kind, seed
        )
        if everything:
            return on_all_rows(values, self._index, self.missing_rows)
        return self._on_rows(values)
