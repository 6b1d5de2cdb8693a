"""Linear models, with random effects and without."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from ranef.answers import refuse_unknown_options
from ranef.fit import Fit
from ranef.fit.fitting import fit_model
from ranef.fit.given import Given
from ranef.formula import parse
from ranef.present.progress import progress
from ranef.solve import Control

__all__ = ["lm", "lmm"]


@refuse_unknown_options("rn.lmm")
@progress("fitting the model")
def lmm(
    formula: str,
    data: Any,
    *,
    reml: bool = True,
    weights: str | Any = None,
    offset: str | Any = None,
    contrasts: Mapping[str, Any] | None = None,
    prior: Any = None,
    missing: Literal["drop", "raise"] = "drop",
    subset: str | None = None,
    residual: str | None = None,
    start: Any = None,
    control: Control | None = None,
    labels: Mapping[str, str] | None = None,
) -> Fit:
    """Fit a linear mixed model.

    Parameters
    ----------
    formula : str
        lme4's formula language: ``"math ~ ses * sector + (ses | sch.id)"``. A word before the
        parenthesis gives the covariance matrix a structure, as in glmmTMB: ``us`` (the default),
        ``diag``, ``homdiag``, ``cs``, ``homcs``, ``ar1``, ``hetar1``, ``toep``, ``homtoep``, and
        ``rr(x | g, 2)`` of rank 2. ``ar1(0 + week | rat)`` has an effect for each week.
    data : pandas, Polars, PyArrow, DuckDB relation, or mapping of columns
    reml : bool, default True
        Restricted maximum likelihood, or maximum likelihood.
    weights : str or array-like, optional
        Precision weights: the residual variance of a row is sigma^2 / weight. Like an offset they
        are in the order of the rows; a pandas series with the labels of the rows is put in order.
    offset : str or array-like, optional
        Known part of the mean, added to ``offset()`` terms of the formula. Predictions for new
        data read a named column there. An array belongs to the rows of this fit; predictions for
        new data then need another one.
    contrasts : mapping, optional
        ``{"f": "sum"}``; also ``"helmert"``, ``"poly"``, ``"treatment"`` or a labelled matrix.
        Treatment coding on the first level is the default for every category.
    prior : prior, sequence of priors, or mapping, optional
        ``rn.priors.Wishart()`` and the others: then the estimates are those with the largest
        penalised likelihood. A prior of covariances goes to every random-effects term, several
        multiply; a mapping gives them by grouping factor, and ``"fixed"``.
    missing : {"drop", "raise"}
        What to do with rows in which a variable of the model is missing: leave them out and
        record them, or raise an error.
    subset : str, optional
        A condition on columns of the data: ``"age > 10 & sex == 'F'"``. Rows where it does not
        hold, or is not known because a value is missing, are left out before group means, knots
        or levels are computed, and counted in ``missing_rows``.
    residual : str, optional
        A structure of the residuals: ``"strata(f)"``, a variance for each level of f (nlme's
        ``varIdent``), or ``"ar1(time | g)"``, first-order autocorrelation within the levels of g
        by a time in whole numbers (``corAR1``). :attr:`Fit.residual_parameters` has the
        estimates.
    start : array-like, shape (k,), optional
        Start values for theta, on the scale of ``Fit.theta``.
    control : Control, optional
    labels : mapping of str to str, optional
        What readers call the variables, by column: ``{"ses": "Socioeconomic status"}``. Tables,
        pictures and reports of the fit use these words. Data that know them already, as
        ``data.attrs["labels"]`` of a pandas frame, need not be asked again.

    Returns
    -------
    Fit

    Raises
    ------
    FormulaError
        The formula cannot be read.
    UnknownColumnError
        A name is not a column.
    DataError, DesignError
        The data cannot be used, or do not identify the model. ``error.findings`` holds the
        findings about the data, ``error.remedy`` a fit of the nearest model that they identify.
    OptionError
        An argument has a value that is not accepted.

    References
    ----------
    Bates, Maechler, Bolker and Walker (2015), Fitting Linear Mixed-Effects Models Using lme4,
    Journal of Statistical Software 67(1).

    Examples
    --------
    >>> import ranef as rn
    >>> fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff"))
    >>> fit.fixef.round(1).to_dict(), round(fit.sigma, 2)
    ({'Intercept': 1527.5}, 49.51)
    """
    given = Given(
        data, weights, offset, contrasts, prior, missing, control, subset, residual, labels
    )
    return fit_model(parse(formula), given, reml=reml, start=start)


@refuse_unknown_options("rn.lm")
@progress("fitting the model")
def lm(
    formula: str,
    data: Any,
    *,
    reml: bool = True,
    weights: str | Any = None,
    offset: str | Any = None,
    contrasts: Mapping[str, Any] | None = None,
    missing: Literal["drop", "raise"] = "drop",
    subset: str | None = None,
    control: Control | None = None,
    labels: Mapping[str, str] | None = None,
) -> Fit:
    """Fit a linear model without random effects, as a baseline for mixed models.

    Formulas, contrasts, missing rows, tables and tests are those of :func:`lmm`, and so are the
    criteria: `loglik` of a fit by REML and by ML is comparable with that of a mixed model with the
    same fixed part.

    Parameters
    ----------
    formula : str
        ``"math ~ ses * sector"``.
    data : pandas, Polars, PyArrow, DuckDB relation, or mapping of columns
    reml : bool, default True
        Whether `loglik` is the REML log-likelihood and `sigma` has n - p in its denominator;
        otherwise maximum likelihood, with n. Coefficients are the same.
    weights, offset, contrasts, missing, subset, control, labels
        As in :func:`lmm`.

    Returns
    -------
    Fit
        Without random effects: `theta` and `ranef()` are empty. Degrees of freedom are n - p by
        every method.

    Raises
    ------
    FormulaError
        The formula cannot be read, or has a random part.
    UnknownColumnError
        A name is not a column.
    DataError, DesignError
        The data cannot be used, or leave nothing to estimate the residual variance from.
    OptionError
        An argument has a value that is not accepted.

    Examples
    --------
    >>> import ranef as rn
    >>> data = rn.datasets.load("sleepstudy")
    >>> baseline = rn.lm("Reaction ~ Days", data)
    >>> mixed = rn.lmm("Reaction ~ Days + (Days | Subject)", data)
    >>> round(baseline.aic - mixed.aic, 1)
    144.0
    """
    given = Given(data, weights, offset, contrasts, None, missing, control, subset, labels=labels)
    return fit_model(parse(formula, random=False), given, reml=reml)
