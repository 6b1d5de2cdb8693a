"""Pairs of models, one nested in the other: what tests of linear and generalised fits share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from ranef.errors import OptionError, warn
from ranef.fit.mixed_record import MixedRecord
from ranef.fit.ratios import Ratios
from ranef.inference.likelihood_ratio import Ratio, statistic_of, within_error
from ranef.inference.model_nesting import Variances
from ranef.page.phrases import count

__all__ = [
    "bootstrap_words",
    "by_size",
    "checked_statistic",
    "no_test",
    "not_nested",
    "refuse_prior",
    "refuse_same",
    "table_of",
    "variances_of",
    "warn_singular",
]

FEW = 0.1  # of the replicates: more failures than this are told as a warning of their own


def by_size(fits: Sequence[MixedRecord]) -> list[int]:
    """The places of the fits, those with few parameters first."""
    return sorted(range(len(fits)), key=lambda k: fits[k]._estimates.n_parameters)


def variances_of(record: MixedRecord) -> Variances:
    """The random part of a fit."""
    sigma = record._estimates.sigma
    scale = 1.0 if sigma is None else sigma**2
    ranks = record._solution.certificate.rank if record._design.terms else {}
    return Variances(
        record._data,
        tuple(c / scale for c in record._estimates.covariances),
        tuple(ranks[term.label] for term in record._design.terms),
    )


def refuse_prior(record: MixedRecord) -> None:
    """A likelihood ratio is of estimates that maximise the likelihood.

    Raises
    ------
    OptionError
    """
    if record._problem.prior is not None:
        raise OptionError(
            "a likelihood ratio test is for fits without priors",
            found=f"priors in {record._formula.text}",
            fix="fit without prior=",
        )


def not_nested(small: str, large: str, found: str) -> OptionError:
    """The error of two models, each in words, of which the smaller is no case of the larger."""
    return OptionError(
        "the models are not nested",
        where=f"smaller  {small}\nlarger   {large}",
        found=found,
        fix="rn.compare(m1, m2) puts their information criteria side by side",
    )


def refuse_same(small: MixedRecord, large: MixedRecord) -> None:
    """Refuse two models of the same size, one nested in the other.

    Raises
    ------
    OptionError
    """
    if small._estimates.n_parameters == large._estimates.n_parameters:
        raise OptionError(
            "two of the models are the same model",
            where=f"{small._formula.text}\n{large._formula.text}",
            found=f"{count(small._estimates.n_parameters, 'parameter')} in both",
            fix="leave out one of them",
        )


def checked_statistic(gained: float, large: MixedRecord, error: float = 0.0) -> float:
    """The likelihood ratio; NaN, with a warning, if the larger model is worse."""
    statistic = statistic_of(gained, error)
    if np.isnan(statistic):
        warn(
            UserWarning,
            "a larger model fits worse than one nested in it: it is not at its optimum",
            where=large._formula.text,
            found=f"{-gained:.3g} deviance units",
            fix="look at its certificate, and fit it with other start values",
        )
    return statistic


def no_test() -> Ratio:
    """In place of a test where there is no statistic."""
    return Ratio(float("nan"), ("",), float("nan"), float("nan"))


def warn_singular(ratio: Ratio, small: MixedRecord) -> None:
    """Say why only bounds are known."""
    if not ratio.exact and ratio.singular:
        warn(
            UserWarning,
            "the smaller model is singular itself: its p value is an upper bound",
            where=small._formula.text,
            found=ratio.law_and_bounds,
            fix='use method="bootstrap"',
        )


def bootstrap_words(n: int, failed: int) -> str:
    """The law of a bootstrap; many failures are a warning too."""
    if failed > FEW * n:
        warn(
            UserWarning,
            "many replicates of the bootstrap could not be fitted",
            found=f"{failed} of {n}",
            fix="simplify the larger model",
        )
    return f"bootstrap, {count(n - failed, 'replicate')}" + (f", {failed} failed" if failed else "")


def table_of(
    models: Sequence[MixedRecord],
    names: Sequence[str],
    statistics: Sequence[float],
    judge: Callable[[int, float], Ratio],
    errors: Sequence[float] = (),
) -> Ratios:
    """The tests of all models, each against the one before it.

    Parameters
    ----------
    models : sequence of MixedRecord
        The smallest first.
    names : sequence of str
    statistics : sequence of float
        Of all models but the first; NaN if there is none.
    judge : callable
        Of the place of a model, from 1, and its statistic.
    errors : sequence of float
        Of the statistics, if they are estimates.
    """
    statistic, df, p_value = np.full((3, len(models)), np.nan)
    laws = [""]
    estimates = [model._estimates for model in models]
    for k, own in enumerate(statistics, start=1):
        statistic[k] = own
        error = errors[k - 1] if errors else 0.0
        judged = no_test() if np.isnan(own) else within_error(own, error, partial(judge, k))
        df[k] = estimates[k].n_parameters - estimates[k - 1].n_parameters
        p_value[k] = judged.p_high
        laws.append(judged.law_and_bounds)
    loglik = np.array([e.loglik for e in estimates])
    return Ratios(
        formulas=tuple(names),
        npar=np.array([float(e.n_parameters) for e in estimates]),
        aic=np.array([e.aic for e in estimates]),
        bic=np.array([e.bic for e in estimates]),
        loglik=loglik,
        deviance=-2.0 * loglik,
        statistic=statistic,
        df=df,
        p_value=p_value,
        law=tuple(laws),
    )
