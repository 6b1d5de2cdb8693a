"""First-order autoregression: correlations rho^d at a distance d in time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ranef.covariance.kind import Kind, Limit

__all__ = ["AR1", "HETAR1"]


def _names(names: Sequence[str]) -> tuple[str, ...]:
    return ("cor",)


def _correlation(i: int, j: int, positions: Sequence[int]) -> tuple[int, int]:
    return 0, abs(positions[i] - positions[j])


def _limits(positions: Sequence[int]) -> tuple[Limit, ...]:
    """At 1 and at -1 all effects are equal up to their signs."""
    signs = [np.power(sign, np.array(positions))[:, None] for sign in (1.0, -1.0)]
    return Limit(1, 0, lambda at: signs[0]), Limit(1, 0, lambda at: signs[1])


AR1 = Kind(
    "ar1",
    "one variance and a correlation rho^d at the distance d in time",
    one_variance=True,
    correlations=_names,
    correlation=_correlation,
    limits=_limits,
)
HETAR1 = Kind(
    "hetar1",
    "a variance for each time and a correlation rho^d at the distance d in time",
    correlations=_names,
    correlation=_correlation,
    limits=_limits,
)
