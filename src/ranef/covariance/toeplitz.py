"""Toeplitz covariances: one correlation for each distance."""

from __future__ import annotations

from collections.abc import Sequence

from ranef.covariance.kind import Kind

__all__ = ["HOMTOEP", "TOEP"]


def _names(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"cor at distance {lag}" for lag in range(1, len(names)))


def _correlation(i: int, j: int, positions: Sequence[int]) -> tuple[int, int]:
    return abs(i - j) - 1, 1


TOEP = Kind(
    "toep",
    "a variance for each time and a correlation for each distance",
    correlations=_names,
    correlation=_correlation,
)
HOMTOEP = Kind(
    "homtoep",
    "one variance and a correlation for each distance",
    one_variance=True,
    correlations=_names,
    correlation=_correlation,
)
