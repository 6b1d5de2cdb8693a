"""Toeplitz covariances: one correlation for each distance."""

from __future__ import annotations

from collections.abc import Sequence

from ranef.covariance.kind import Kind

__all__ = ["HOMTOEP", "TOEP"]


def _names(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"cor at distance {lag}" for lag in range(1, len(names)))


def _place(i: int, j: int) -> int:
    return abs(i - j) - 1


TOEP = Kind(
    "toep",
    "a variance for each time and a correlation for each distance",
    correlations=_names,
    matrix=_place,
)
HOMTOEP = Kind(
    "homtoep",
    "one variance and a correlation for each distance",
    one_variance=True,
    correlations=_names,
    matrix=_place,
)
