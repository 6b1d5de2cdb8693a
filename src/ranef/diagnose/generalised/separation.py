"""Models without a finite maximum: responses that predictors separate, variances without end."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ranef.diagnose.words import join
from ranef.page import phrases
from ranef.problem.separation import Separation
from ranef.solve import Certificate
from ranef.solve.finite_words import towards
from ranef.types import INTERCEPT, Finding

__all__ = ["NORMAL_SD", "separation_findings"]

NORMAL_SD = 2.5
"""Of the normal prior that is advised, in units of the linear predictor (Gelman and others 2008,
Annals of Applied Statistics 2, 1360-1383)."""

MOST_NAMED = 4


def separation_findings(certificate: Certificate) -> Iterator[Finding]:
    """What keeps the likelihood from having a maximum."""
    found = certificate.separation
    if found is not None and found.exists is True:
        yield _separated(found)
    rising = certificate.variances
    if rising is not None:
        known = bool(np.isfinite(rising.loglik))
        limit = f"it rises towards a log-likelihood of {rising.loglik:,.2f}: " if known else ""
        yield Finding(
            code="separation",
            severity="problem",
            message=f"the likelihood rises for ever with the variance by {join(rising.terms)}: "
            "in the limit the random effects predict every row",
            evidence=f"{limit}{rising.proof}",
            where=", ".join(rising.terms),
            fix="give the variance a prior, prior=rn.priors.HalfNormal(2.5), or leave the random "
            "effects out",
        )


def _separated(found: Separation) -> Finding:
    names = ["the intercept" if k == INTERCEPT else k for k in found.coefficients]
    count, n = int(np.count_nonzero(found.predicted)), found.predicted.size
    rows = f"all {phrases.count(n, 'row')}" if found.complete else phrases.share(count, n, "row")
    prior = ", ".join(f"{k!r}: {NORMAL_SD}" for k in found.fixed[:MOST_NAMED])
    prior += ", ..." if len(found.fixed) > MOST_NAMED else ""
    fix = (
        f"a normal prior, prior=rn.priors.Normal({{{prior}}}), gives a finite estimate; or merge "
        "categories, or leave the term out"
        if found.fixed
        else "leave out the answers that no row has"
    )
    fix += "" if found.cut_points else "; fit.limit shows what the data still determine"
    return Finding(
        code="separation",
        severity="problem",
        message=f"{_listed(names)} {phrases.one_of_them(len(names), 'predicts', 'predict')} "
        f"{rows} perfectly: the likelihood rises for ever, and there is no estimate",
        evidence=f"it rises {towards(found)}",
        where=", ".join(found.coefficients),
        fix=fix,
    )


def _listed(names: list[str]) -> str:
    if len(names) <= MOST_NAMED:
        return join(names)
    return f"{', '.join(names[:MOST_NAMED])} and {len(names) - MOST_NAMED} more"
