"""What a user calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Literal, cast

from ranef.answers import refuse_unknown_options
from ranef.fit import Fit, MixedFit
from ranef.fit.fitting import fit_model
from ranef.fit.given import Given
from ranef.formula import parse
from ranef.options import instance, one_of
from ranef.present.progress import progress, progress_bar
from ranef.solve import Control

if TYPE_CHECKING:
    import pandas as pd

    from ranef.fit.generalised import GeneralisedFit
    from ranef.present.protocol import FittedModel
    from ranef.present.table.facade import ComparisonTable

__all__ = ["anova", "compare", "glmm", "lm", "lmm"]


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
    given = Given(data, weights, offset, contrasts, prior, missing, control, subset, residual)
    return fit_model(parse(formula), given, reml=reml, start=start)


@refuse_unknown_options("rn.glmm")
@progress("fitting the model")
def glmm(
    formula: str,
    data: Any,
    family: Any = "binomial",
    *,
    n_agq: int = 1,
    zero_inflation: str | None = None,
    dispersion: str | None = None,
    weights: str | Any = None,
    offset: str | Any = None,
    contrasts: Mapping[str, Any] | None = None,
    prior: Any = None,
    missing: Literal["drop", "raise"] = "drop",
    subset: str | None = None,
    start: Any = None,
    control: Control | None = None,
) -> GeneralisedFit:
    """Fit a generalised linear mixed model by maximum likelihood.

    Parameters
    ----------
    formula : str
        As in :func:`lmm`. The response of a binomial model is a column of 0 and 1, of truth values
        or of two categories, ``cbind(hits, misses)``, or a proportion with ``weights`` trials.
    data : pandas, Polars, PyArrow, DuckDB relation, or mapping of columns
    family : str or family
        ``"binomial"``, ``"binomial(probit)"``, ``"poisson"``, ``"gamma(log)"``,
        ``"gaussian(log)"``, ``"inverse_gaussian(log)"``, ``"nbinom2"``, ``"nbinom1"``, ``"beta"``,
        ``"betabinomial"``, ``"tweedie(1.5)"``, ``"cumulative(logit)"`` for ordered answers,
        ``"truncated_poisson"``, ``"truncated_nbinom2"``, ``"hurdle_poisson"``,
        ``"hurdle_nbinom2"``; or ``rn.Binomial(link="probit")``.
    n_agq : int, default 1
        1: Laplace's method. More: adaptive Gauss-Hermite quadrature with this number of nodes in
        each dimension. It needs a single grouping factor; the most is 25 nodes for one random
        effect of a group, 15 for two and 9 for three.
    zero_inflation : str, optional
        ``"~ x"``: adds extra zeros; the formula is that of the log odds of an extra zero, with
        fixed effects only. For a hurdle family it is that of the log odds of a zero, ``"~ 1"`` by
        default.
    dispersion : str, optional
        ``"~ x"``: a formula for the logarithm of the family's dispersion, with fixed effects only.
    weights : str or array-like, optional
        For ``binomial`` and ``betabinomial`` the number of trials of each row. For ``gaussian``,
        ``gamma`` and ``inverse_gaussian`` weights divide the variance. For other families they
        multiply the log-likelihood of the row.
    offset : str or array-like, optional
        Known part of the linear predictor, added to ``offset()`` terms of the formula.
    contrasts, missing, subset, control
        As in :func:`lmm`.
    prior : prior, sequence of priors, or mapping, optional
        As in :func:`lmm`, in units of the linear predictor.
    start : array-like, optional
        Start values for theta, or for theta and then all coefficients.

    Returns
    -------
    GeneralisedFit

    Raises
    ------
    FormulaError
        The formula cannot be read.
    UnknownColumnError
        A name is not a column.
    DataError, DesignError
        The data cannot be used, or do not identify the model.
    OptionError
        An argument has a value that is not accepted.

    Notes
    -----
    The likelihood has all constants. Laplace's method takes the observed curvature of the
    log-density at the modes, as glmmTMB does; lme4 takes the expected one, which differs unless the
    link is canonical.

    References
    ----------
    Breslow and Clayton (1993), Journal of the American Statistical Association 88, 9-25. Pinheiro
    and Chao (2006), Journal of Computational and Graphical Statistics 15, 58-81.

    Examples
    --------
    >>> import ranef as rn
    >>> data = rn.datasets.load("contraception")
    >>> fit = rn.glmm("use ~ age + urban + (1 | district)", data, family="binomial")
    >>> fit.certificate.verdict
    'interior optimum'
    """
    from ranef.family import ZeroInflated, parse_family
    from ranef.fit.generalised import GeneralisedFit
    from ranef.fit.generalised.fitting import Asked, fit_generalised

    own = parse_family(family)
    if zero_inflation is not None and "zero" not in own.parts:
        own = ZeroInflated(own)
    given = Given(data, weights, offset, contrasts, prior, missing, control, subset)
    texts = {"zero": zero_inflation, "dispersion": dispersion}
    asked = Asked(own, n_agq, {part: text for part, text in texts.items() if text is not None})
    return fit_generalised(GeneralisedFit, parse(formula), given, asked, start)


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
    weights, offset, contrasts, missing, subset, control
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
    given = Given(data, weights, offset, contrasts, None, missing, control, subset)
    return fit_model(parse(formula, random=False), given, reml=reml)


@refuse_unknown_options("rn.compare")
@progress("comparing the models")
def compare(
    *models: MixedFit | Sequence[MixedFit],
    labels: Sequence[str] | None = None,
    scale: Literal["variance", "sd"] = "variance",
    ic: Literal["ml", "as-fitted"] = "ml",
    vcov: Any = None,
    exponentiate: bool = False,
) -> ComparisonTable:
    """Models side by side in a publication table.

    Parameters
    ----------
    *models : Fit
        One after the other, or in a list.
    labels : sequence of str, optional
        Column headings; ``Model 1``, ``Model 2``, ... by default.
    scale : {"variance", "sd"}
        Random effects as variances and covariances, or as SDs and correlations.
    ic : {"ml", "as-fitted"}
        With ``"ml"``, models fitted by REML with different fixed parts are fitted once more by ML
        and their comparable criteria are shown too.
    vcov : str or mapping, optional
        ``"CR2"`` and others of ``Fit.robust``: cluster-robust standard errors and the stars that
        follow from them. A note says so.
    exponentiate : bool
        exp of the coefficients: odds ratios, rate ratios, or ratios if the response of a linear
        model is a ``log()``. Standard errors are by the delta method, stars those of the
        coefficients.

    Returns
    -------
    ComparisonTable
        ``str()`` is the text form; ``to_markdown``, ``to_html``, ``to_latex``, ``to_docx``,
        ``to_frame``.

    Examples
    --------
    >>> import ranef as rn
    >>> data = rn.datasets.load("sleepstudy")
    >>> m1 = rn.lmm("Reaction ~ Days + (1 | Subject)", data)
    >>> m2 = rn.lmm("Reaction ~ Days + (Days | Subject)", data)
    >>> aic = rn.compare(m1, m2).to_frame().loc[("fit", "AIC")]
    >>> aic.xs("estimate", level="part").round(1).to_dict()
    {'Model 1': 1794.5, 'Model 2': 1755.6}
    """
    from ranef.present.table.build import build_table

    fits = _fits(models)
    one_of("ic", ic, ("ml", "as-fitted"))
    ml = None
    if ic == "ml" and any(model.reml for model in fits):
        ml = [model._by_ml() for model in fits]
    return build_table(
        cast("list[FittedModel]", fits),
        labels=labels,
        scale=scale,
        ic=ic,
        ml=ml,
        vcov=vcov,
        exponentiate=exponentiate,
    )


@refuse_unknown_options("rn.anova")
def anova(
    *models: MixedFit | Sequence[MixedFit],
    method: Literal["lrt", "bootstrap", "exact"] = "lrt",
    n: int = 1000,
    seed: int | None = None,
) -> pd.DataFrame:
    """Likelihood ratio tests between nested models.

    Each model is tested against the next smaller one. All have the same response, rows, weights
    and offset; the order of the rows may differ.

    Parameters
    ----------
    *models : Fit
        One after the other, or in a list; in any order.
    method : {"lrt", "bootstrap", "exact"}
        ``"lrt"``: the distribution of the ratio in large samples. A variance cannot be negative: if
        one is tested, this is a mixture of chi-squares, not chi-square with `df` degrees of
        freedom. ``"bootstrap"``: both models are fitted to `n` responses drawn from the smaller
        one. ``"exact"``: the distribution in samples of any size, for one variance against none.
    n : int
        Replicates of the bootstrap.
    seed : int, optional
        The same seed gives the same p values of ``"bootstrap"`` and ``"exact"``.

    Returns
    -------
    DataFrame
        One row a model, the smallest first: npar, aic, bic, loglik, deviance (-2 loglik),
        statistic, df, p_value, law (in words). Where only bounds of the p value are known,
        `p_value` is the upper one and `law` gives both.

    Raises
    ------
    OptionError
        Fewer than two models; models of other data or of another kind; models that are not nested;
        priors; another `method`, or one that does not apply.

    Warns
    -----
    UserWarning
        Models by REML whose fixed parts span different columns have been fitted again by ML; or
        the smaller model is singular, so that only bounds are known.

    References
    ----------
    Self and Liang (1987), Journal of the American Statistical Association 82, 605-610. Stram and
    Lee (1994), Biometrics 50, 1171-1177. Crainiceanu and Ruppert (2004), Journal of the Royal
    Statistical Society B 66, 165-185.

    Examples
    --------
    >>> import ranef as rn
    >>> data = rn.datasets.load("sleepstudy")
    >>> m1 = rn.lmm("Reaction ~ Days + (Days || Subject)", data)
    >>> m2 = rn.lmm("Reaction ~ Days + (Days | Subject)", data)
    >>> table = rn.anova(m1, m2)
    >>> table[["npar", "statistic", "p_value"]].iloc[1].round(2).to_list(), table["law"].iloc[1]
    ([6.0, 0.04, 0.84], 'chi2(1)')
    """
    from ranef.fit.ratios import need_two_of_a_kind
    from ranef.present.frames.anova import models_frame

    fits = _fits(models, "rn.anova")
    one_of("method", method, ("lrt", "bootstrap", "exact"))
    need_two_of_a_kind(fits)
    # A bootstrap has a bar of its own.
    with progress("comparing the models") if method == "lrt" else nullcontext():
        found = fits[0]._ratios(fits, method, n, seed, progress_bar)._asdict()
    return models_frame(found.pop("formulas"), found)


def _fits(models: Sequence[Any], function: str = "rn.compare") -> list[MixedFit]:
    """The fits, given one after the other or in one list."""
    if len(models) == 1 and isinstance(models[0], (list, tuple)):
        models = models[0]
    example = f"as in {function}(m1, m2), with what rn.lmm returned"
    what = f"{function} compares fits"
    kind: type[Any] = MixedFit
    return [instance("models", model, kind, example, what=what) for model in models]
