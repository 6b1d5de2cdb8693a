"""Groups of successes alone or of failures alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ranef.design.generalised_data import GeneralisedData
from ranef.diagnose.generalised.single_trials import trials_of_levels
from ranef.page import phrases
from ranef.page.phrases import figures
from ranef.types import Array, Finding

__all__ = ["MANY", "homogeneous_findings"]

MANY = 0.5
"""Share of the levels with two trials or more."""


def homogeneous_findings(data: GeneralisedData, covariances: Sequence[Array]) -> Iterator[Finding]:
    """Factors of which half of the levels or more have one outcome only.

    Parameters
    ----------
    data : GeneralisedData
    covariances : sequence of ndarray
        Of the random effects, one for each term.
    """
    if data.family.RESPONSE != "binary":
        return
    y, m = data.y, data.weights
    hits = y if m is None else y * m
    seen = set()
    for term, covariance in zip(data.design.terms, covariances, strict=True):
        if term.factor in seen:
            continue
        seen.add(term.factor)
        trials = trials_of_levels(data, term)
        successes = np.rint(np.bincount(term.codes, weights=hits, minlength=term.n_levels))
        several = trials > 1.0
        none, all_ = several & (successes == 0.0), several & (successes == trials)
        count, of = int(np.count_nonzero(none | all_)), int(np.count_nonzero(several))
        if not of or count < MANY * of:
            continue
        sd = float(np.sqrt(covariance[0, 0]))
        yield Finding(
            code="homogeneous-groups",
            severity="note",
            message=f"{phrases.share(count, of, 'level')} of '{term.factor}' "
            f"{phrases.one_of_them(count, 'has', 'have')} one outcome only, and such levels set no "
            "upper limit to the variance",
            evidence=f"{phrases.count(int(none.sum()), 'level')} without a success, "
            f"{phrases.whole(all_.sum())} without a failure; SD of '{term.factor}' {figures(sd)}",
            where=term.factor,
            fix="look at fit.laplace_error: Laplace's method is poor if there are many such "
            "levels; n_agq=15 uses quadrature, and a prior of the variance, "
            "prior=rn.priors.HalfNormal(2.5), limits it",
        )
