"""Whether the likelihood of a response has no finite maximum."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ranef.family import Family
from ranef.inference.simulate import SimulatedTerm
from ranef.problem.separation import RandomPart, cumulative_rows, infinite_variances, separation
from ranef.types import Array

__all__ = ["has_no_maximum"]


def has_no_maximum(
    family: Family, x: Array, terms: Sequence[SimulatedTerm], y: Array, others: int
) -> bool:
    """Whether it is proven that there is none.

    For binary, count and ordered responses, whose log-density may rise for ever with the linear
    predictor; of other responses nothing is proven.

    Parameters
    ----------
    family : Family
    x : ndarray, shape (n, p)
    terms : sequence of SimulatedTerm
    y : ndarray, shape (n,)
        As the family takes it.
    others : int
        Coefficients of the other predictors: the cut points of ordered answers.
    """
    if family.RESPONSE == "ordered":
        answers = y.astype(np.int_) - 1
        if np.unique(answers).size <= others:  # an answer that nobody gave
            return True
        rows, signs, _ = cumulative_rows(x, answers, others)
        return separation(rows, signs, [""] * rows.shape[1]).exists is True
    if family.parts or family.RESPONSE not in ("binary", "count"):
        return False
    signs = np.where(y == 0.0, -1, 0).astype(np.int8)
    if family.RESPONSE == "binary":
        signs[y == 1.0] = 1
    if separation(x, signs, [""] * x.shape[1]).exists is True:
        return True
    parts = [RandomPart("", term.codes, term.n_levels, term.z) for term in terms]
    return infinite_variances(x, parts, signs).possible is True
