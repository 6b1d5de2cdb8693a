"""Which grouping factors are nested in which."""

from __future__ import annotations

import numpy as np

from ranef.design import Design
from ranef.types import Codes

__all__ = ["nested_in", "outermost"]


def nested_in(inner: Codes, outer: Codes, n_levels: int) -> bool:
    """Whether each level of `inner` has rows in one level of `outer` alone.

    Examples
    --------
    >>> nested_in(np.array([0, 0, 1, 2]), np.array([0, 0, 0, 1]), 3)
    True
    """
    first = np.zeros(n_levels, dtype=outer.dtype)
    first[inner] = outer
    return bool(np.all(first[inner] == outer))


def outermost(design: Design) -> str | None:
    """The grouping factor in which all others are nested, the one with the fewest levels."""
    factors = {t.factor: (t.codes, t.n_levels) for t in design.terms}
    for name, (codes, _) in sorted(factors.items(), key=lambda item: item[1][1]):
        if all(nested_in(own, codes, count) for own, count in factors.values()):
            return name
    return None
