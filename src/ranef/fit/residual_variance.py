"""The residual variance of a linear model, and the structure of the residuals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ranef.fit.record import FitRecord

if TYPE_CHECKING:
    import pandas as pd

    from ranef.residual.base import Line

__all__ = ["ResidualVariance"]


class ResidualVariance(FitRecord):
    """Members about the residuals; each delegates to their structure."""

    @property
    def sigma(self) -> float:
        """Residual standard deviation, in units of the response."""
        return self._estimates.sigma

    @property
    def residual_parameters(self) -> pd.DataFrame:
        """Parameters of the residuals besides :attr:`sigma`; empty without ``residual=``.

        Returns
        -------
        DataFrame
            Of ``strata(f)``: one row a stratum with columns stratum, rows, ratio (of its residual
            SD to that of the first stratum, which is :attr:`sigma`) and sd. Of
            ``ar1(time | g)``: one row with columns time, group, step (the time between neighbours,
            or what divides all such distances) and rho, the correlation at a distance of one step.

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
    def _covariance_scale(self) -> float:
        """What standard deviations in `theta` are multiples of."""
        return self._estimates.sigma
