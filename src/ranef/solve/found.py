"""The result of a search, if Python puts it together instead of the core."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ranef.core import Evidence
from ranef.types import Array

__all__ = ["Found"]


class Found(NamedTuple):
    """A :class:`~ranef.core.Solved`."""

    inner: Array
    criterion: float
    status: str
    evaluations: int
    escapes: int
    method: str
    log: Array
    theta: Array
    covariances: list[Array]
    evidence: Evidence
    starts: int
    elsewhere: int
    basins: int
    loses_digits: bool
    search_seconds: float
    certificate_seconds: float
    phi: Array = np.zeros(0)
    error: tuple[float, ...] | None = None
