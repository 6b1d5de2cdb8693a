"""First-order autoregression: correlations are powers of one, by the distance in time."""

from __future__ import annotations

from collections.abc import Sequence

from ranef.covariance.kind import Kind

__all__ = ["AR1", "HETAR1"]


def _names(names: Sequence[str]) -> tuple[str, ...]:
    return ("cor",)


def _correlation(i: int, j: int, positions: Sequence[int]) -> tuple[int, int]:
    return 0, abs(positions[i] - positions[j])


AR1 = Kind(
    "ar1",
    "one variance and correlations that fall as powers of one with the distance in time",
    one_variance=True,
    correlations=_names,
    correlation=_correlation,
)
HETAR1 = Kind(
    "hetar1",
    "a variance for each time and correlations that fall as powers of one with the distance",
    correlations=_names,
    correlation=_correlation,
)
