"""When two ends of a search are the same optimum."""

from __future__ import annotations

import numpy as np

from ranef.problem import Problem, lower_triangles
from ranef.problem.parameters import theta_of_blocks
from ranef.types import Array

__all__ = ["SAME_BASIN", "canonical"]

SAME_BASIN = 1e-6
"""Difference of two criteria, deviance units, up to which they are one optimum: as in the core."""


def canonical(problem: Problem, inner: Array) -> Array:
    """The same covariances with non-negative diagonals: signs of columns are free."""
    blocks = []
    for t in lower_triangles(inner, [t.q for t in problem.terms]):
        signs = np.where(np.diag(t) < 0.0, -1.0, 1.0)
        blocks.append(t * signs + 0.0)
    return theta_of_blocks(blocks)
