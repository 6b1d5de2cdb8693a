"""Independent effects of one variance."""

from __future__ import annotations

from ranef.covariance.kind import Kind

__all__ = ["HOMDIAG"]

HOMDIAG = Kind("homdiag", "independent effects of one variance", one_variance=True)
