"""The parametric bootstrap of a likelihood ratio: both models fitted to draws from the smaller."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ranef.core.workspace import one_blas_thread
from ranef.covariance import semidefinite_cholesky
from ranef.design import Data
from ranef.inference.bootstrap import GAIN, lifted_start
from ranef.inference.least_squares import least_squares
from ranef.inference.simulate import SimulatedTerm, simulate_response
from ranef.problem import Problem
from ranef.solve import Control, Solution
from ranef.types import Array

__all__ = ["BootstrapRatio", "Truth", "bootstrap_ratio"]

TIE = 1e-8  # deviance units: a drawn ratio this little below the observed one equals it
WORSE = 1e-4  # deviance units by which the larger model may stay behind: more, and it is refitted
CHUNK = 16  # replicates between two looks at the bar


@dataclass(frozen=True, slots=True)
class Truth:
    """A fitted model as something to draw from and to fit again.

    Attributes
    ----------
    data : Data
    problem : Problem or None
        None for a model without random effects.
    solution : Solution or None
    mean : ndarray, shape (n,)
        X beta.
    covariances : tuple of ndarray, shape (q, q)
    sigma : float
    """

    data: Data
    problem: Problem | None
    solution: Solution | None
    mean: Array = field(repr=False)
    covariances: tuple[Array, ...]
    sigma: float
    reml: bool


class BootstrapRatio(NamedTuple):
    """What the replicates say.

    Attributes
    ----------
    ratios : ndarray, shape (n,)
        Drawn statistics; NaN where a fit failed.
    failed : int
        Replicates without a statistic.
    """

    ratios: Array
    failed: int

    def p_value(self, statistic: float) -> float:
        """(1 + replicates with a ratio of at least the statistic) / (1 + replicates).

        Davison and Hinkley (1997), Bootstrap methods and their application, section 4.2.
        """
        used = self.ratios[np.isfinite(self.ratios)]
        return (1.0 + np.count_nonzero(used >= statistic - TIE)) / (1.0 + used.size)


def bootstrap_ratio(
    small: Truth,
    large: Truth,
    order: NDArray[np.int64] | None,
    coding: float,
    n: int,
    key: int,
    threads: int,
    control: Control,
    tick: Callable[[int], None],
) -> BootstrapRatio:
    """Draw responses from the smaller model and fit both models to each.

    Parameters
    ----------
    small, large : Truth
        Both by ML, or both by REML with the same span of X.
    order : ndarray or None, shape (n,)
        The row of the smaller model for each row of the larger one.
    coding : float
        What is added to the ratio where X is coded in two ways.
    n : int
        Replicates.
    key : int
        Of the random streams: replicate k has its own, so that the result does not depend on
        `threads`.
    threads : int
    control : Control
        Of the search.
    tick : callable
        Told how many replicates are done.
    """
    fits = _fitter(small, control), _fitter(large, control)
    roots = [semidefinite_cholesky(c) for c in small.covariances]
    weights = small.data.weights
    noise = small.sigma if weights is None else small.sigma / np.sqrt(weights)
    terms = [SimulatedTerm(t.codes, t.Z, t.n_levels) for t in small.data.design.terms]

    def ratio(k: int) -> float:
        y = simulate_response(terms, small.mean, roots, noise, key, k)
        low = fits[0](y, False)
        there = y if order is None else y[order]
        high = fits[1](there, False)
        if not low - high - coding >= -WORSE:
            high = fits[1](there, True)
        found = low - high - coding
        return max(found, 0.0) if found >= -WORSE else float("nan")

    ratios = np.full(n, np.nan)
    dense = any(_dense(t) for t in (small, large))
    with one_blas_thread() if dense else nullcontext(), ThreadPoolExecutor(threads) as pool:
        for chunk in _chunks(n, CHUNK * threads):
            ratios[chunk.start : chunk.stop] = list(pool.map(ratio, chunk))
            tick(chunk.stop)
    return BootstrapRatio(ratios, int(np.count_nonzero(np.isnan(ratios))))


def _chunks(n: int, size: int) -> Iterator[range]:
    for start in range(0, n, size):
        yield range(start, min(start + size, n))


def _fitter(model: Truth, control: Control) -> Callable[[Array, bool], float]:
    """The criterion of the model fitted to a response; NaN where the search ends elsewhere."""
    data = model.data
    if model.problem is None or model.solution is None:
        alone = least_squares(data.design.X, data.weights, model.reml)
        return lambda y, again: alone.criterion(y)
    problem = model.problem
    start = lifted_start(problem, model.solution.inner)

    def fit(y: Array, again: bool) -> float:
        kernel = problem.with_response(data.design, y, data.weights, threads=1).kernel()
        at = kernel.moment_start(problem.terms) if again else start
        found = kernel.optimise(
            problem.terms, at, control.max_evaluations, max(GAIN, control.gain), control.method
        )
        return found.criterion if found.status == "converged" else float("nan")

    return fit


def _dense(model: Truth) -> bool:
    return model.problem is not None and len(model.problem.products.sizes) > 1
