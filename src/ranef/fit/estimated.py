"""What a fit estimates: fixed effects, variances, conditional modes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ranef.fit.record import FitRecord
from ranef.options import boolean
from ranef.types import Array

if TYPE_CHECKING:
    import pandas as pd

    from ranef.present.protocol import TermCovariance
    from ranef.residual.base import Line

__all__ = ["Estimated"]


class Estimated(FitRecord):
    """The estimates; each member delegates to a function."""

    @property
    def fixef(self) -> pd.Series[float]:
        """Fixed effects by name, shape (p,); aliased columns are NaN."""
        from ranef.present.frames.estimates import fixef_series

        return fixef_series(self._design.x_names, self._estimates.beta, self._design.dropped)

    @property
    def vcov(self) -> pd.DataFrame:
        """Covariance matrix of the estimated fixed effects, shape (p, p)."""
        from ranef.present.frames.estimates import vcov_frame

        return vcov_frame(self._design.x_names, self._estimates.vcov)

    @property
    def sigma(self) -> float:
        """Residual standard deviation, in units of the response."""
        return self._estimates.sigma

    @property
    def residual_parameters(self) -> pd.DataFrame:
        """What is estimated of the residuals beside :attr:`sigma`; empty without ``residual=``.

        Returns
        -------
        DataFrame
            Of ``strata(f)``: one row a stratum with columns stratum, rows, ratio (of its residual
            SD to that of the first stratum, which is :attr:`sigma`) and sd. Of
            ``ar1(time | g)``: one row with columns time, group, step (the time between neighbours,
            or what divides all such distances) and rho, the correlation at the distance of a step.

        Examples
        --------
        >>> import ranef as rn
        >>> data = rn.datasets.load("orthodont")
        >>> fit = rn.lmm("distance ~ age * Sex + (1 | Subject)", data, residual="strata(Sex)")
        >>> fit.residual_parameters.round(3)
          stratum  rows  ratio     sd
        0    Male    64  1.000  1.670
        1  Female    44  0.468  0.781
        """
        import pandas as pd

        part = self._problem.residual
        if part is None or part.phi is None:
            return pd.DataFrame()
        return pd.DataFrame(part.structure.frame(part.phi, self.sigma))

    @property
    def _residual_text(self) -> str:
        """The structure of the residuals as it was asked for; empty without."""
        part = self._problem.residual
        return "" if part is None else part.structure.spec.text

    @property
    def _residual_lines(self) -> tuple[Line, ...]:
        """The parameters of the residuals one by one, for pages and tables."""
        part = self._problem.residual
        if part is None or part.phi is None:
            return ()
        return part.structure.lines(part.phi, self.sigma)

    @property
    def _residual_values(self) -> dict[str, float]:
        """The parameters of the residuals by name, without sigma."""
        lines = self._residual_lines
        named = {f"{'sd__' * line.sd}{line.label}|Residual": line.value for line in lines}
        first = lines[0] if lines else None
        return dict(list(named.items())[1:]) if first is not None and first.sd else named

    @property
    def theta(self) -> Array:
        """Covariance parameters relative to sigma, terms in lme4's order.

        A free covariance, of reduced rank too, has the lower triangle of its factor by column; a
        structure its standard deviations, then its correlations.
        """
        return self._solution.theta.copy()

    def varcorr(self) -> pd.DataFrame:
        """Variances and covariances of the random effects, the residual variance last.

        Returns
        -------
        DataFrame
            Columns group, term1, term2 (None on the diagonal), variance (or covariance, in units of
            the response squared over those of the terms), sd (or correlation).

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> fit.varcorr()["sd"].round(2).tolist()
        [24.74, 5.92, 0.07, 25.59]
        """
        from ranef.present.frames.estimates import varcorr_frame

        return varcorr_frame(self._covariances, self.sigma)

    @property
    def _covariances(self) -> tuple[TermCovariance, ...]:
        """Covariance matrices of the random-effects terms, in their order."""
        from ranef.present.protocol import TermCovariance
        from ranef.problem.parameters import data_parameters

        problem = self._problem
        own = data_parameters(problem.terms, self._solution.theta, self.sigma)
        parts = zip(problem.labels, self._estimates.covariances, problem.terms, own, strict=True)
        return tuple(TermCovariance(*part) for part in parts)

    @property
    def random_parameters(self) -> pd.DataFrame:
        """What each covariance structure estimates, one row a parameter.

        A structured covariance has fewer parameters than :meth:`varcorr` has rows: those are in
        this frame. Free covariances have their standard deviations and correlations, a reduced rank
        its loadings.

        Returns
        -------
        DataFrame
            Columns group, structure (the tag of the formula), parameter, estimate. Standard
            deviations are in units of the response over those of the column.

        Examples
        --------
        >>> import ranef as rn
        >>> data = rn.datasets.load("machines")
        >>> fit = rn.lmm("score ~ Machine + homcs(0 + Machine | Worker)", data)
        >>> fit.random_parameters.round(2)
            group structure parameter  estimate
        0  Worker     homcs        sd      6.06
        1  Worker     homcs       cor      0.62
        """
        from ranef.present.frames.structures import parameters_frame

        return parameters_frame(self._covariances)

    @property
    def _has_residual(self) -> bool:
        """Whether there is a residual variance, as in every linear model."""
        return True

    def ranef(self, condvar: bool = True) -> dict[str, pd.DataFrame]:
        """Conditional modes of the random effects by grouping factor, one row a level.

        Parameters
        ----------
        condvar : bool
            With a column ``<term>_sd`` for each term: the conditional standard deviation given the
            data and the estimated parameters.

        Returns
        -------
        dict of str to DataFrame
            Rows are levels, in their order; columns are terms, in units of the response over the
            term's.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> fit.ranef()["Subject"].loc["308"].round(2).to_dict()
        {'Intercept': 2.26, 'Days': 9.2, 'Intercept_sd': 12.07, 'Days_sd': 2.3}
        """
        from ranef.present.frames.estimates import ranef_frames

        spread = self._conditional_covariances if boolean("condvar", condvar) else None
        levels = [term.levels for term in self._design.terms]
        return ranef_frames(self._problem.labels, levels, self._modes, spread)

    def coef(self) -> dict[str, pd.DataFrame]:
        """Fixed effects plus conditional modes by grouping factor, one row a level.

        Returns
        -------
        dict of str to DataFrame
            Rows are levels, columns the coefficients. An effect that is random alone is the
            conditional mode itself.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> fit.coef()["Subject"].loc["308"].round(2).to_dict()
        {'Intercept': 253.66, 'Days': 19.67}
        """
        from ranef.present.frames.estimates import coef_frames

        levels = [term.levels for term in self._design.terms]
        return coef_frames(self.fixef, self._problem.labels, levels, self._modes)
