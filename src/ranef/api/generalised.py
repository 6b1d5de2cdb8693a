"""Generalised linear mixed models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from ranef.answers import refuse_unknown_options
from ranef.fit.given import Given
from ranef.formula import parse
from ranef.present.progress import progress
from ranef.solve import Control

if TYPE_CHECKING:
    from ranef.fit.generalised import GeneralisedFit

__all__ = ["glmm"]


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
    labels: Mapping[str, str] | None = None,
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
    contrasts, missing, subset, control, labels
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
    given = Given(data, weights, offset, contrasts, prior, missing, control, subset, labels=labels)
    texts = {"zero": zero_inflation, "dispersion": dispersion}
    asked = Asked(own, n_agq, {part: text for part, text in texts.items() if text is not None})
    return fit_generalised(GeneralisedFit, parse(formula), given, asked, start)
