"""The responses of a family in the form in which they are compared with simulated ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ranef.family import Family
from ranef.inference.checks.simulated import Responses
from ranef.types import Array

__all__ = ["responses_of_family"]

_BOUNDS = {"positive": (0.0, np.inf), "not negative": (0.0, np.inf), "proportion": (0.0, 1.0)}


def responses_of_family(
    family: Family, own: Array, drawn: Array, weights: Array | None, levels: Sequence[str]
) -> Responses:
    """Counts, categories, proportions or real numbers.

    Proportions of the same number of trials in every row are compared as numbers of successes.

    Parameters
    ----------
    own : ndarray, shape (n,)
        As the family takes it.
    drawn : ndarray, shape (n, draws)
    weights : ndarray or None, shape (n,)
    levels : sequence of str
        Names of the categories of the response, if they have names.
    """
    kind = family.RESPONSE
    if kind == "ordered":
        return Responses(own, drawn, "category", tuple(levels), 1)
    if kind in ("count", "positive count"):
        return Responses(own, drawn, "whole")
    if kind != "binary":
        return Responses(own, drawn, bounds=_BOUNDS.get(kind, (-np.inf, np.inf)))
    trials = 1.0 if weights is None else float(weights[0])
    if weights is not None and not np.all(weights == trials):
        return Responses(own, drawn, "share", bounds=(0.0, 1.0), what="Proportion of successes")
    if trials == 1.0:
        return Responses(own, drawn, "category", tuple(levels) or ("0", "1"))
    return Responses(np.rint(own * trials), np.rint(drawn * trials), "whole", what="Successes")
