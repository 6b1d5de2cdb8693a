"""When two ends of a search are the same optimum."""

from __future__ import annotations

from ranef.covariance import structure_of
from ranef.problem import Problem
from ranef.problem.parameters import joined, parts
from ranef.types import Array

__all__ = ["SAME_BASIN", "canonical"]

SAME_BASIN = 1e-6
"""Difference of two criteria, deviance units, up to which they are one optimum: as in the core."""


def canonical(problem: Problem, inner: Array) -> Array:
    """The same covariances with the signs that are reported."""
    own = parts(problem.terms, inner)
    return joined(
        [structure_of(b).canonical(x) + 0.0 for b, x in zip(problem.terms, own, strict=True)]
    )
