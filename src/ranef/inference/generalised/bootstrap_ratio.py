"""The parametric bootstrap of a likelihood ratio of generalised models.

Both models are fitted to responses drawn from the smaller one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ranef.errors import NumericalError
from ranef.inference.bootstrap_ratio import WORSE, BootstrapRatio
from ranef.inference.generalised.bootstrap import at_once
from ranef.inference.generalised.refits import Origin, Refitted, Search, refitted
from ranef.solve import Control
from ranef.solve.generalised import solve_generalised
from ranef.types import Array

__all__ = ["bootstrap_ratios"]


def bootstrap_ratios(
    small: Origin,
    large: Origin,
    order: NDArray[np.int64] | None,
    n: int,
    key: int,
    control: Control,
    threads: int,
    tick: Callable[[int], None],
) -> BootstrapRatio:
    """Draw responses from the smaller model and fit both models to each.

    A replicate without a finite maximum counts by the limit that the searches come close to.

    Parameters
    ----------
    small, large : Origin
    order : ndarray or None, shape (n,)
        The row of the smaller model for each row of the larger one.
    n : int
        Replicates.
    key : int
    control : Control
    threads : int
    tick : callable
        Told how many replicates are done.
    """
    ratios = np.full(n, np.nan)
    for first in range(0, n, size := at_once(small.mean.size)):
        count = min(size, n - first)
        y = small.draw(count, key, first)
        there = y if order is None else np.asfortranarray(y[order])

        def reached(done: int, before: int = first) -> None:
            tick(before + done // 2)

        def second(done: int, before: int = first, small_ones: int = count) -> None:
            tick(before + (small_ones + done) // 2)

        low = refitted(small, y, Search(control, threads, reached))
        high = refitted(large, there, Search(control, threads, second))
        found = _usable(low) - _usable(high)
        for k in np.flatnonzero(~(found >= -WORSE) & np.isfinite(_usable(low))):
            found[k] = _usable(low)[k] - _anew(large, there[:, k], control)
        found[~(found >= -WORSE)] = np.nan
        ratios[first : first + count] = np.maximum(found, 0.0)
        tick(first + count)
    return BootstrapRatio(ratios, int(np.count_nonzero(np.isnan(ratios))))


def _usable(made: Refitted) -> Array:
    """The deviances of searches that ended."""
    return np.where(made.refits.converged | made.certified, made.refits.criterion, np.nan)


def _anew(origin: Origin, y: Array, control: Control) -> float:
    """The deviance by a search of its own, from start values of its own."""
    problem = origin.problem.with_response(y)
    try:
        return solve_generalised(problem, replace(control, threads=1)).criterion
    except NumericalError:
        return float("nan")
