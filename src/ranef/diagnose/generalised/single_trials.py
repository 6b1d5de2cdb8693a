"""Random effects of a binomial model with one trial for each level."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ranef.design.generalised_data import GeneralisedData
from ranef.design.terms import RandomTerm
from ranef.page.phrases import count
from ranef.types import Array, Finding

__all__ = ["single_trial_findings"]


def single_trial_findings(data: GeneralisedData) -> Iterator[Finding]:
    """Factors of which no level has two trials: their variance is not identified.

    With normal random effects the probability of a single trial is a curve of the linear predictor
    whatever the variance is, and only the form of the curve could tell.
    """
    if data.family.RESPONSE != "binary":
        return
    for term in {term.factor: term for term in data.design.terms}.values():
        trials = trials_of_levels(data, term)
        if not (trials > 1.0).any():
            yield Finding(
                code="one-trial-per-level",
                severity="problem",
                message=f"every level of '{term.factor}' has one trial, so its variance is not "
                "identified: a larger variance only rescales the coefficients",
                evidence=f"{count(term.n_levels, 'level')}, {count(data.design.n, 'row')} of one "
                "trial",
                where=term.factor,
                fix=f"leave '{term.factor}' out of the random part; a variance needs levels of "
                "two trials or more",
            )


def trials_of_levels(data: GeneralisedData, term: RandomTerm) -> Array:
    """Trials of each level, shape (levels,)."""
    counts = np.bincount(term.codes, weights=data.weights, minlength=term.n_levels)
    return np.asarray(counts, dtype=np.float64)
