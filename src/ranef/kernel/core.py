"""The compiled kernel. This is the only module that imports ``ranef._core``."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

import numpy as np

import ranef._core as _core
from ranef._core import CrossProducts, Replication, change_fixed, philox
from ranef.kernel.penalty import Penalty
from ranef.kernel.protocol import (
    LBFGS,
    NEWTON,
    Curvature,
    Direction,
    Optimum,
    Rows,
    Step,
    TermBlock,
)
from ranef.types import Array

__all__ = [
    "CoreKernel",
    "CrossProducts",
    "Replication",
    "change_fixed",
    "cross_products",
    "one_blas_thread",
    "philox",
    "row_variances",
]

NO_PENALTY = Penalty()

STATUS = ("converged", "no progress", "evaluation limit", "broke down")


@cache
def _use_scipy_blas() -> None:
    """Hand SciPy's BLAS to the core, once: one BLAS with run-time dispatch in the process."""
    import scipy.linalg.cython_blas as blas
    import scipy.linalg.cython_lapack as lapack

    _core.use_blas(dict(blas.__pyx_capi__), dict(lapack.__pyx_capi__))


# From this many dense columns on a factorisation gains more from a second thread than it loses
# to waiting for one on a busy machine.
THREADED_COLUMNS = 1500


@cache
def _blas_threads() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


def one_blas_thread() -> AbstractContextManager[Any]:
    """One BLAS thread for each of several fits that run side by side.

    The limit is one of the process: set around all of them, it also keeps fits that end at
    different times from leaving each other's limit behind.
    """
    return _blas_threads().limit(limits=1)  # type: ignore[no-any-return]


def _groups(rows: Rows) -> list[tuple[Any, ...]]:
    return [
        (g.codes, g.n_levels, list(g.columns), list(g.shifts), list(g.scales)) for g in rows.groups
    ]


def _fixed(rows: Rows) -> tuple[Any, ...]:
    return (list(rows.x), list(rows.x_shifts), list(rows.x_scales))


def _penalties(penalty: Penalty) -> list[tuple[Any, ...]]:
    return [
        (
            term.block.group,
            term.block.offset,
            term.change,
            term.form.log_det,
            term.form.log_correlation,
            term.form.trace,
            term.form.log_sd,
            term.form.sd,
            term.form.tail_weight,
            term.form.tail_scale,
            term.form.constant,
        )
        for term in penalty.terms
    ]


def cross_products(rows: Rows, threads: int = 1) -> CrossProducts:
    """[Z X y]'W[Z X y] of shifted and scaled columns, in one pass over the rows.

    The result has the same bits whatever the number of threads.
    """
    return _core.cross_products(
        _groups(rows), _fixed(rows), rows.y, rows.y_shift, rows.y_scale, rows.weights, threads
    )


def row_variances(kernel: CoreKernel, rows: Rows) -> Array:
    """Prediction error variances of x'beta + z'b over sigma^2, times the weights, shape (n,).

    For the rows of the fit with their weights these are the leverages. Codes of -1 stand for
    levels that the fit does not have: their random effects are left out.
    """
    return kernel.workspace.row_variances(_groups(rows), _fixed(rows), rows.weights)


class CoreKernel:
    """One criterion with its working memory, in C++ (see :class:`~ranef.kernel.Kernel`).

    Parameters
    ----------
    products : CrossProducts
    reml : bool
    constant : float
        Added to the criterion: what scaling y and X has taken out of it.
    penalty : Penalty
        Priors.
    """

    def __init__(
        self,
        products: CrossProducts,
        reml: bool,
        constant: float = 0.0,
        penalty: Penalty = NO_PENALTY,
    ) -> None:
        rows = np.zeros((0, products.p + 1)) if penalty.fixed_rows is None else penalty.fixed_rows
        self.workspace = _core.Workspace(products, reml, constant, _penalties(penalty), rows)
        self._dense_columns = self.workspace.layout[2]
        if self._dense_columns > 64:
            _use_scipy_blas()

    def _threads(self) -> AbstractContextManager[Any]:
        if 64 < self._dense_columns < THREADED_COLUMNS:
            return _blas_threads().limit(limits=1)  # type: ignore[no-any-return]
        return nullcontext()

    def evaluate(self, lambda_: Sequence[Array]) -> bool:
        with self._threads():
            return self.workspace.evaluate(list(lambda_))

    @property
    def work(self) -> int:
        _, _, columns, entries = self.workspace.layout
        return entries + columns * columns

    @property
    def value(self) -> float:
        return self.workspace.value

    @property
    def nu(self) -> float:
        return self.workspace.nu

    @property
    def r2(self) -> float:
        return self.workspace.r2

    @property
    def log_determinant(self) -> float:
        return self.workspace.log_determinant

    @property
    def log_determinant_x(self) -> float:
        return self.workspace.log_determinant_x

    @property
    def beta(self) -> Array:
        return self.workspace.beta

    @property
    def xx_inverse(self) -> Array:
        return self.workspace.xx_inverse

    def gamma(self) -> list[Array]:
        with self._threads():
            return self.workspace.gamma()

    def hessian(self, directions: Sequence[Direction]) -> Curvature:
        with self._threads():
            hessian, r2, xx = self.workspace.hessian([(d.group, d.d) for d in directions])
        p = self.beta.size
        return Curvature(hessian, r2, np.asarray(xx).reshape(len(directions), p, p))

    def average_information(self, directions: Sequence[Direction]) -> Array:
        with self._threads():
            return self.workspace.average_information([(d.group, d.d) for d in directions])

    def modes(self) -> list[Array]:
        return [block[:, :, 0] for block in self.workspace.modes()]

    def residual_scores(self) -> list[Array]:
        """Z'V^-1 (y - X beta) by grouping factor, (levels, q) each."""
        return [e[:, :, -1] - e[:, :, :-1] @ self.beta for e in self.workspace.scores()]

    def conditional_variances(self) -> list[Array]:
        with self._threads():
            return self.workspace.conditional_variances()

    def moment_start(self, terms: Sequence[TermBlock]) -> Array:
        with self._threads():
            return self.workspace.moment_start([(t.group, t.offset, t.q) for t in terms])

    def optimise(
        self,
        terms: Sequence[TermBlock],
        start: Array,
        max_evaluations: int,
        gain: float,
        method: str = NEWTON,
    ) -> Optimum:
        with self._threads():
            theta, value, status, evaluations, escapes, newton, log = self.workspace.optimise(
                [(t.group, t.offset, t.q) for t in terms],
                start,
                max_evaluations,
                gain,
                method == NEWTON,
            )
        steps = tuple(Step(*line) for line in log)
        found_by = NEWTON if newton else LBFGS
        return Optimum(theta, value, STATUS[status], evaluations, escapes, found_by, steps)
