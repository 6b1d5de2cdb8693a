"""Other start values for theta, on the inner scale where columns have unit size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ranef.core import TermBlock
from ranef.problem.parameters import nearest
from ranef.types import Array

__all__ = ["other_starts"]


def other_starts(terms: Sequence[TermBlock], count: int) -> list[Array]:
    """Starts in other regions: strong effects, weak ones, alternating with correlations.

    Deterministic, so that a fit can be repeated.
    """
    starts = []
    for k in range(count):
        blocks = []
        for i, term in enumerate(terms):
            size = (2.0, 0.1, 1.0)[(k + i) % 3]
            block = size * np.eye(term.q)
            if k % 3 == 2:
                signs = np.where(np.indices(block.shape).sum(0) % 2, -1.0, 1.0)
                block += 0.5 * size * np.tril(signs, -1)
            blocks.append(block)
        starts.append(nearest(terms, [t @ t.T for t in blocks]))
    return starts
