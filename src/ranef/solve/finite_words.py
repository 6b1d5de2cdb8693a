"""What a certificate says if the likelihood has no finite maximum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ranef.types import INTERCEPT

if TYPE_CHECKING:
    from ranef.problem.separation import Separation
    from ranef.solve.finite import RisingVariances

__all__ = ["no_maximum"]

MOST_NAMED = 4

SD = 2.5
"""Of the normal prior that is advised, in units of the linear predictor (Gelman and others 2008,
Annals of Applied Statistics 2, 1360-1383)."""


def no_maximum(separation: Separation | None, variances: RisingVariances | None) -> str:
    """The verdict in plain words: why, and what to do. One of the two is a proof."""
    if separation is not None and separation.exists is True:
        return f"no finite maximum: {_separated(separation)}"
    assert variances is not None
    return f"no finite maximum: {_rising(variances)}"


def _separated(found: Separation) -> str:
    names = list(found.coefficients)
    along = _listed([f"{_spell(k)} ({v:+.3g})" for k, v in found.coefficients.items()])
    count = int(found.predicted.sum())
    n = found.predicted.size
    rows = f"all {n:,} rows" if found.complete else f"{count:,} of {n:,} rows"
    first = f"the likelihood rises for ever along {along}, which predicts {rows} perfectly"
    if found.complete:
        what = "The coefficients have no estimates"
    else:
        several = len(names) > 1
        what = (
            f"The {'estimates' if several else 'estimate'} of {_listed(list(map(_spell, names)))} "
            f"and {'their standard errors' if several else 'its standard error'} mean nothing"
        )
        what += "" if found.cut_points else "; `fit.limit` has what the data still determine"
    if not found.fixed:  # an answer at the end of the scale that no row has
        return f"{first}. {what}. Leave out the answers that no row has"
    prior = ", ".join(f"{name!r}: {SD}" for name in found.fixed[:MOST_NAMED])
    more = ", ..." if len(found.fixed) > MOST_NAMED else ""
    return (
        f"{first}. {what}. Give a normal prior, prior=rn.priors.Normal({{{prior}{more}}}), or "
        "merge categories, or drop the term"
    )


def _rising(found: RisingVariances) -> str:
    of = _listed(list(found.terms))
    limit = "" if found.loglik != found.loglik else f" to a log-likelihood of {found.loglik:.4g}"
    return (
        f"the likelihood rises for ever with the variance of the random effects {of}{limit}: "
        f"{found.proof}. An optimum that Laplace's method shows at a large variance is an error of "
        "that method. Give the variance a prior, prior=rn.priors.HalfNormal(2.5), or leave the "
        "random effects out"
    )


def _listed(items: list[str]) -> str:
    if len(items) > MOST_NAMED:
        return f"{', '.join(items[:MOST_NAMED])} and {len(items) - MOST_NAMED} more"
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def _spell(name: str) -> str:
    return f"({INTERCEPT})" if name == INTERCEPT else name
