"""Toeplitz covariances: one correlation for each distance."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from ranef.covariance.kind import Kind, Limit
from ranef.types import Array

__all__ = ["HOMTOEP", "TOEP"]


def _names(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"cor at distance {lag}" for lag in range(1, len(names)))


def _correlation(i: int, j: int, positions: Sequence[int]) -> tuple[int, int]:
    return abs(i - j) - 1, 1


def _limits(positions: Sequence[int]) -> tuple[Limit, ...]:
    """Sums of waves, a cosine and a sine each, except at the frequencies 0 and pi."""
    q = len(positions)
    shapes = [(waves, zero, pi) for waves in range(q) for zero in (0, 1) for pi in (0, 1)]
    return tuple(
        Limit(2 * waves + zero + pi, waves, partial(_waves, q, zero, pi))
        for waves, zero, pi in shapes
        if 0 < 2 * waves + zero + pi < q
    )


def _waves(q: int, zero: int, pi: int, frequencies: Array) -> Array:
    time = np.arange(q)
    fixed = [np.cos(w * time) for w, used in ((0.0, zero), (np.pi, pi)) if used]
    free = [wave(w * time) for w in frequencies for wave in (np.cos, np.sin)]
    return np.column_stack([*fixed, *free])


TOEP = Kind(
    "toep",
    "a variance for each time and a correlation for each distance",
    correlations=_names,
    correlation=_correlation,
    limits=_limits,
)
HOMTOEP = Kind(
    "homtoep",
    "one variance and a correlation for each distance",
    one_variance=True,
    correlations=_names,
    correlation=_correlation,
    limits=_limits,
)
