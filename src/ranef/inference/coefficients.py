"""Tests and intervals of the fixed effects."""

from __future__ import annotations

import numpy as np

from ranef.errors import OptionError
from ranef.inference.ddf import Method, RowTests, row_tests
from ranef.types import Array

__all__ = ["check_level", "coefficient_tests"]


def coefficient_tests(beta: Array, method: Method, level: float = 0.95) -> RowTests:
    """t tests (z if degrees of freedom are infinite) against zero, and Wald intervals.

    Parameters
    ----------
    beta : ndarray, shape (p,)
    method : Method
        For degrees of freedom.
    level : float
    """
    check_level(level)
    return row_tests(np.eye(beta.size), beta, method, level)


def check_level(level: float) -> None:
    """Raise unless 0 < level < 1."""
    if not 0.0 < level < 1.0:
        raise OptionError(
            "a confidence level lies between 0 and 1", found=f"level={level}", fix="use 0.95"
        )
