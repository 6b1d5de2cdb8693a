"""Structures of residuals of the compiled core."""

from __future__ import annotations

from collections.abc import Sequence

import ranef._core as _core
from ranef._core import Residual
from ranef.core.sums import CrossProducts
from ranef.types import Array

__all__ = ["Residual", "combine", "core_residual"]


def core_residual(kind: str, counts: Sequence[int], gaps: Sequence[int] = ()) -> Residual:
    """A structure of the residuals by name.

    Parameters
    ----------
    kind : {"strata", "ar1"}
    counts : sequence of int
        Rows by stratum, or pairs of neighbours by the gap between them.
    gaps : sequence of int
        Ascending; of ``"ar1"`` alone.
    """
    return _core.Residual(kind=kind, counts=list(counts), gaps=list(gaps))


def combine(
    products: Sequence[CrossProducts], coefficients: Array, sum_log_weights: float
) -> CrossProducts:
    """A sum of cross-products of one pattern, each times its coefficient.

    `sum_log_weights` is that of the result.
    """
    return _core.combine(list(products), coefficients, sum_log_weights)
