"""Priors that outweigh the data: likelihood times prior grows without end with a variance."""

from __future__ import annotations

import numpy as np

from ranef.problem import ProblemShape, roots
from ranef.types import Array

__all__ = ["outweighed"]

BEYOND = 1e3
"""Standard deviation of an effect, in sigma and for a column of unit size, that none has: where a
search has come so far it is on its way to infinity."""


def outweighed(problem: ProblemShape, theta: Array) -> str:
    """The term whose variance a prior has driven beyond all bounds at an inner theta, or nothing.

    A prior of infinite scale has no mode with the likelihood where its density grows faster than
    the likelihood of few groups falls. For a gamma prior of J groups of one random effect and an
    intercept, under REML, that is the case from a shape of J on.
    """
    if problem.prior is None:
        return ""
    sizes = [
        float(np.abs(block).max(initial=0.0)) if problem.prior.terms[k] else 0.0
        for k, block in enumerate(roots(problem.terms, theta))
    ]
    largest = int(np.argmax(sizes))
    return problem.labels[largest].label if sizes[largest] > BEYOND else ""
