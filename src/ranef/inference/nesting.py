"""Which grouping factors are nested in which."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ranef.design import Design
from ranef.types import Codes

__all__ = ["nested_in", "outermost", "outermost_factor"]


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


def outermost(codes: Sequence[Codes], sizes: Sequence[int]) -> int | None:
    """The position of the factor in which all others are nested; None if there is none.

    Parameters
    ----------
    codes : sequence of ndarray of int, shape (n,)
        By factor.
    sizes : sequence of int
        Levels of each.
    """
    last = min(range(len(codes)), key=sizes.__getitem__)
    nested = all(nested_in(own, codes[last], n) for own, n in zip(codes, sizes, strict=True))
    return last if nested else None


def outermost_factor(design: Design) -> str | None:
    """The same by name, of the grouping factors of a design."""
    factors = {t.factor: (t.codes, t.n_levels) for t in design.terms}
    if not factors:
        return None
    codes, sizes = zip(*factors.values(), strict=True)
    place = outermost(codes, sizes)
    return None if place is None else list(factors)[place]
