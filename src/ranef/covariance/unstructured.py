"""Free covariances: of full rank, and of reduced rank."""

from __future__ import annotations

from ranef.covariance.kind import Kind

__all__ = ["REDUCED_RANK", "UNSTRUCTURED"]

UNSTRUCTURED = Kind("us", "a variance for each effect and a correlation for each pair", free=True)
REDUCED_RANK = Kind("rr", "a reduced rank", free=True)
