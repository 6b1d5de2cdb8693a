"""The summary that users hold: a record that prints itself."""

from __future__ import annotations

from ranef.present.summary.html import render_html
from ranef.present.summary.record import SummaryRecord
from ranef.present.summary.text import render_text

__all__ = ["Summary"]


class Summary(SummaryRecord):
    """The summary of a fit. ``str()`` is the text form, at most 100 columns wide.

    Attributes
    ----------
    title : str
    formula : str
    nobs : int
    groups : tuple of (str, int)
        Grouping factors with their numbers of levels.
    priors : tuple of str
        One phrase for each prior, empty without.
    verdict : str
        The certificate as one sentence.
    criteria : tuple of (str, float)
        AIC, BIC, log-likelihood, criterion and residual degrees of freedom.
    residual_quantiles : tuple of float
        Minimum, quartiles and maximum of the Pearson residuals over sigma; empty where the fit
        keeps no rows.
    components : tuple of Component
    fixed : tuple of FixedEffect
    ddf : str
        Method for the degrees of freedom; empty for z tests.
    dropped : tuple of str
        Aliased columns.
    missing : str
        Which rows were left out, empty if none.
    findings : tuple of Finding
    errors : str
        Which standard errors, empty for the model's own.
    zeros : str
        How degrees of freedom treat a variance of zero, empty where none is.
    residual : str
        The structure of the residuals as it was asked for, empty without.
    residual_lines : tuple of ResidualLine
        Its parameters.
    structures : tuple of str
        What each covariance structure means.
    family : str
        Of a generalised model, with its link in words; empty for linear models.
    ratio : str
        What exp of a coefficient is, if ratios are shown; else empty.
    dispersion : str
        The dispersion of the family with its standard error, empty without.
    parts : tuple of PartBlock
        Coefficients of the other parts of a model: zeros, dispersion, thresholds.
    """

    __slots__ = ()

    def __str__(self) -> str:
        return render_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return render_html(self)
