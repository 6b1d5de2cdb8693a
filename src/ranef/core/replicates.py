"""Replicates of a fitted model and their refits, in C++ over threads."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import ranef._core as _core
from ranef._core import RefitPlan
from ranef.core.arguments import core_penalties, core_terms
from ranef.core.penalty import NO_PENALTY, Penalty
from ranef.core.protocol import Rows, TermBlock
from ranef.core.sums import CrossProducts
from ranef.core.workspace import Replication, _blas_threads, _use_scipy_blas
from ranef.types import Array

__all__ = ["EffectPool", "RefitPlan", "Refits", "Replicator"]


class EffectPool(NamedTuple):
    """Rows, shape (any, q), that the random effects of one term are drawn from."""

    term: TermBlock
    values: Array


class Refits(NamedTuple):
    """Where the searches ended, on the inner scale; NaN where the arithmetic broke down.

    ``theta`` (n_theta, count), ``beta`` (p, count), all others (count,). The criterion is that of
    the inner columns, ``rows`` the number of rows of each replicate.
    """

    theta: Array
    beta: Array
    criterion: Array
    sigma: Array
    rows: Array
    converged: NDArray[np.bool_]
    evaluations: NDArray[np.int64]


class Replicator:
    """A problem arranged once, to make replicates of.

    Parameters
    ----------
    products : CrossProducts
    reml : bool
    terms : sequence of TermBlock
    penalty : Penalty, optional
        What priors add: refits keep them.
    """

    def __init__(
        self,
        products: CrossProducts,
        reml: bool,
        terms: Sequence[TermBlock],
        penalty: Penalty = NO_PENALTY,
    ) -> None:
        self._core = Replication(
            products,
            reml,
            core_terms(terms),
            core_penalties(penalty),
            np.zeros((0, products.p + 1)) if penalty.fixed_rows is None else penalty.fixed_rows,
        )
        self._dense = self._core.tail_columns > 64
        if self._dense:
            _use_scipy_blas()

    def parametric(self, plan: RefitPlan, theta: Array, beta: Array, sigma: float) -> Refits:
        """Random effects and errors drawn from the model."""
        with self._one_blas_thread():
            return _refits(self._core.parametric(plan, theta, beta, sigma))

    def conditional(
        self, plan: RefitPlan, beta: Array, sigma: float, modes: Sequence[Array]
    ) -> Refits:
        """Errors drawn from the model, random effects kept at `modes`, (levels, q) by factor."""
        flat = [np.ascontiguousarray(m).ravel() for m in modes]
        with self._one_blas_thread():
            return _refits(self._core.conditional(plan, beta, sigma, flat))

    def residual(
        self,
        plan: RefitPlan,
        rows: Rows,
        beta: Array,
        pools: Sequence[EffectPool],
        errors: Array,
    ) -> Refits:
        """Random effects and errors (times the roots of the weights) drawn from pools."""
        terms = core_terms([pool.term for pool in pools])
        effects = [
            (t, np.ascontiguousarray(pool.values)) for t, pool in zip(terms, pools, strict=True)
        ]
        with self._one_blas_thread():
            return _refits(self._core.residual(plan, rows, beta, effects, errors))

    def cluster(self, plan: RefitPlan, rows: Rows) -> Refits:
        """Levels of the only grouping factor drawn with replacement."""
        return _refits(self._core.cluster(plan, rows))

    def response(
        self, seed: int, k: int, theta: Array, beta: Array, sigma: float
    ) -> tuple[Array, Array, float]:
        """Z'Wy (groups one after another), X'Wy and y'Wy of parametric replicate k."""
        groups, fixed, squares = self._core.response(seed, k, theta, beta, sigma)
        return np.concatenate(groups), fixed, squares

    def _one_blas_thread(self) -> AbstractContextManager[Any]:
        # Replicates share the cores; threads of the BLAS would only stand in their way.
        if self._dense:
            return _blas_threads().limit(limits=1)  # type: ignore[no-any-return]
        return nullcontext()


def _refits(found: _core.Refits) -> Refits:
    count = found.criterion.size
    p = found.beta.shape[0]
    return Refits(
        theta=found.theta,
        beta=found.beta.reshape(p, count),
        criterion=found.criterion,
        sigma=found.sigma,
        rows=np.asarray(found.rows),
        converged=np.asarray(found.converged, dtype=np.bool_),
        evaluations=np.asarray(found.evaluations, dtype=np.int64),
    )
