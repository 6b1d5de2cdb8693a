"""Tests and intervals of the fixed effects."""

from __future__ import annotations

import numpy as np

from ranef.inference.ddf import Method, RowTests, row_tests
from ranef.options import confidence
from ranef.types import Array

__all__ = ["coefficient_tests"]


def coefficient_tests(beta: Array, method: Method, level: float = 0.95) -> RowTests:
    """t tests (z if degrees of freedom are infinite) against zero, and Wald intervals.

    Parameters
    ----------
    beta : ndarray, shape (p,)
    method : Method
        For degrees of freedom.
    level : float
    """
    confidence("level", level)
    return row_tests(np.eye(beta.size), beta, method, level)
