"""Compound symmetry: one correlation for all pairs, at least -1 / (q - 1)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ranef.covariance.kind import Kind, Limit

__all__ = ["CS", "HOMCS"]


def _names(names: Sequence[str]) -> tuple[str, ...]:
    return ("cor",)


def _lowest(q: int) -> float:
    return -1.0 / (q - 1)


def _correlation(i: int, j: int, positions: Sequence[int]) -> tuple[int, int]:
    return 0, 1


def _limits(positions: Sequence[int]) -> tuple[Limit, ...]:
    """At 1 all effects are equal, at the lowest value their sum is zero."""
    ones = np.ones((len(positions), 1))
    others = np.linalg.qr(ones, mode="complete")[0][:, 1:]
    return Limit(1, 0, lambda at: ones), Limit(others.shape[1], 0, lambda at: others)


CS = Kind(
    "cs",
    "a variance for each effect and one correlation for all pairs",
    correlations=_names,
    lowest=_lowest,
    correlation=_correlation,
    limits=_limits,
)
HOMCS = Kind(
    "homcs",
    "one variance and one correlation for all pairs",
    one_variance=True,
    correlations=_names,
    lowest=_lowest,
    correlation=_correlation,
    limits=_limits,
)
