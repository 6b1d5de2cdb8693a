"""What a fit estimates: fixed effects, variances, conditional modes."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from ranef.fit.mixed_record import MixedRecord
from ranef.options import boolean, name
from ranef.types import Array

if TYPE_CHECKING:
    import pandas as pd

    from ranef.present.protocol import TermCovariance

__all__ = ["Estimated"]


class Estimated(MixedRecord):
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
    @abstractmethod
    def sigma(self) -> float | None:
        """Residual standard deviation, in units of the response; None if there is none."""

    @property
    @abstractmethod
    def _covariance_scale(self) -> float:
        """What standard deviations in `theta` are multiples of: sigma in a linear model, or 1."""

    @property
    def theta(self) -> Array:
        """Covariance parameters relative to sigma, terms in lme4's order.

        A free covariance, also one of reduced rank, has the lower triangle of its factor by column.
        A structure has its standard deviations, then its correlations.
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
        own = data_parameters(problem.terms, self._solution.theta, self._covariance_scale)
        parts = zip(problem.labels, self._estimates.covariances, problem.terms, own, strict=True)
        return tuple(TermCovariance(*part) for part in parts)

    @property
    def random_parameters(self) -> pd.DataFrame:
        """Parameters of each covariance structure, one row for each.

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
        return self._estimates.sigma is not None

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

    def ranef_error(self) -> dict[str, pd.DataFrame]:
        """How far the standard deviations of :meth:`ranef` may be from the exact ones.

        The standard deviations are estimates if crossed factors were solved by iterations (see
        ``crossed`` of :class:`~ranef.Control`). Otherwise they are exact, and all errors are 0.
        Conditional modes come from linear systems and do not have this error.

        Returns
        -------
        dict of str to DataFrame
            By grouping factor, one row a level: half-widths of intervals that cover 95% or more,
            in columns ``<term>_sd`` and in units of the random effect. They include the noise of
            the probes (Hutchinson 1990) and an upper bound for the effect of the error of the
            variances.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> float(fit.ranef_error()["Subject"].to_numpy().max())
        0.0
        """
        from ranef.present.frames.estimates import ranef_frames

        levels = [term.levels for term in self._design.terms]
        frames = ranef_frames(self._problem.labels, levels, self._conditional_sd_errors, None)
        return {group: frame.add_suffix("_sd") for group, frame in frames.items()}

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

    def ranef_vcov(self, group: str | None = None) -> pd.DataFrame:
        """Covariances between the random effects of one level, given the data and parameters.

        What ``attr(ranef(m), "postVar")`` is in lme4: the fixed effects and variances are taken as
        known. The square roots of the diagonals are the columns ``<term>_sd`` of :meth:`ranef`.

        Parameters
        ----------
        group : str, optional
            The grouping factor, or the label of a second term on it (``"Subject.1"``); it need not
            be given if there is one term.

        Returns
        -------
        DataFrame
            Rows are levels and effects (an index of two levels, the second called ``term``),
            columns effects: ``frame.loc["308"]`` is the matrix of one level.

        Raises
        ------
        OptionError
            Another `group`, or none where there are several.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> fit.ranef_vcov("Subject").loc["308"].round(1)  # doctest: +NORMALIZE_WHITESPACE
                   Intercept  Days
        term
        Intercept      145.7 -21.4
        Days           -21.4   5.3
        """
        import pandas as pd

        self._need_random("fit.ranef_vcov()", "fit a model with rn.lmm(formula, data)")
        labels = [label.label for label in self._problem.labels]
        if group is None and len(labels) == 1:
            group = labels[0]
        k = labels.index(name("group", group, labels, of="random-effects term"))
        label, arrays = self._problem.labels[k], self._conditional_covariances[k]
        index = pd.MultiIndex.from_product(
            [list(self._design.terms[k].levels), list(label.names)], names=[label.factor, "term"]
        )
        q = len(label.names)
        return pd.DataFrame(arrays.reshape(-1, q), index=index, columns=list(label.names))
