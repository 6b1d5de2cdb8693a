"""Levels drawn with replacement from sums: a replicate is another selection of the same blocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ranef.core.given import GroupSums, cross_products_from
from ranef.core.replicates import Refits
from ranef.problem import Problem
from ranef.solve.solution import evaluate_at
from ranef.sums.inner import LevelProducts
from ranef.types import Array

__all__ = ["cluster_refits"]


def cluster_refits(
    problem: Problem,
    levels: LevelProducts,
    *,
    seed: int,
    count: int,
    start: Array,
    max_evaluations: int,
    gain: float,
    tick: Callable[[int], None],
) -> Refits:
    """Refits to levels of the only grouping factor, drawn with replacement.

    The seed gives other draws than for rows in memory.

    Parameters
    ----------
    problem : Problem
    levels : LevelProducts
        Without weights.
    seed, count, start, max_evaluations, gain, tick
        As in :class:`~ranef.core.replicates.RefitPlan`.
    """
    p = problem.p
    theta, beta = np.full((problem.n_theta, count), np.nan), np.full((p, count), np.nan)
    criterion, sigma = np.full((2, count), np.nan)
    rows, evaluations = np.zeros(count), np.zeros(count, dtype=np.int64)
    converged = np.zeros(count, dtype=np.bool_)
    n_levels = levels.rows.size
    for k in range(count):
        drawn = np.random.Generator(np.random.Philox(key=[seed, k])).integers(
            n_levels, size=n_levels
        )
        replicate = _drawn(problem, levels, drawn)
        rows[k] = replicate.n
        kernel = replicate.kernel()
        found = kernel.optimise(replicate.terms, start, max_evaluations, gain)
        evaluations[k] = found.evaluations
        if found.status != "broke down":
            evaluate_at(replicate, kernel, found.theta)
            theta[:, k], beta[:, k], criterion[k] = found.theta, kernel.beta, kernel.value
            sigma[k] = np.sqrt(kernel.r2 / replicate.nu)
            converged[k] = found.status == "converged"
        tick(k + 1)
    return Refits(theta, beta, criterion, sigma, rows, converged, evaluations)


def _drawn(problem: Problem, levels: LevelProducts, drawn: NDArray[np.int64]) -> Problem:
    """The problem of a selection of levels."""
    q, chosen = levels.q, levels.products[drawn]
    group = GroupSums(chosen[:, :q, :q], chosen[:, :q, q:])
    total = chosen[:, q:, q:].sum(axis=0)
    products = cross_products_from(int(np.rint(levels.rows[drawn].sum())), total, [group], [])
    return replace(problem, products=products)
