"""Coefficients with errors that hold where the covariance of the model is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ranef.fit.record import FitRecord
from ranef.present.progress import progress

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Robustly"]


class Robustly(FitRecord):
    """The method of cluster-robust inference; it delegates to functions."""

    @progress("computing robust standard errors")
    def robust(self, kind: str = "CR2", cluster: Any = None, level: float = 0.95) -> pd.DataFrame:
        """Tests and intervals of the fixed effects with cluster-robust standard errors.

        They hold whatever the covariance of the rows within a cluster is: a slope left out of the
        random part, residuals that are correlated or have unequal variances. Clusters have to be
        independent of each other. The estimates are those of the fit. With weights, rows are first
        scaled by the roots of their weights.

        Parameters
        ----------
        kind : {"CR0", "CR1", "CR2"}
            ``"CR2"`` adjusts the residuals so that the covariance is unbiased if the model is
            right, whatever the number of clusters. ``"CR0"`` takes them as they are and is too
            small with few clusters; ``"CR1"`` multiplies it by J / (J - 1), for J clusters.
        cluster : str or array-like, optional
            A grouping factor, another variable of the model, or the cluster of each row. By default
            the grouping factor in which all others are nested. No random effect may reach across
            clusters: crossed factors need a cluster in which all of them are nested.
        level : float
            Of the intervals.

        Returns
        -------
        DataFrame
            As :meth:`coefficients`: estimate, std_error, df, statistic, p_value, conf_low,
            conf_high. The degrees of freedom count how well the robust variance is known.

        Raises
        ------
        OptionError
            Another `kind`, clusters that do not fit, crossed factors, a prior of fixed effects.

        References
        ----------
        Bell and McCaffrey (2002), Survey Methodology 28, 169-181. Pustejovsky and Tipton (2018),
        Small-sample methods for cluster-robust variance estimation and hypothesis testing in fixed
        effects models, Journal of Business & Economic Statistics 36, 672-683.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("math ~ ses * sector + (1 | sch.id)", rn.datasets.load("hsb"))
        >>> fit.robust("CR2")[["std_error", "df"]].round(2)
                    std_error      df
        Intercept        0.22   88.51
        ses              0.14   77.51
        sector           0.35  149.10
        ses:sector       0.21  135.48
        """
        from ranef.present.frames.estimates import coefficient_frame

        vcov = kind if cluster is None else {kind: cluster}
        columns = self._tests("auto", level, vcov)._asdict()
        return coefficient_frame(self._design.x_names, columns, self._design.dropped)
