"""The compiled kernel."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any, NamedTuple

import numpy as np

import ranef._core as _core
from ranef._core import Replication, change_fixed, philox
from ranef.core.penalty import NO_PENALTY, Penalty
from ranef.core.protocol import (
    NEWTON,
    Curvature,
    Direction,
    Evidence,
    Layout,
    Optimum,
    Rows,
    Solved,
    Step,
    TermBlock,
)
from ranef.core.sums import CoreScaling, CrossProducts, fixed_argument, group_arguments
from ranef.types import Array, ColumnPlan

__all__ = [
    "Begun",
    "CoreKernel",
    "CoreSolved",
    "Replication",
    "change_fixed",
    "one_blas_thread",
    "philox",
    "row_variances",
    "solve_model",
]

CoreSolved = _core.Solved
"""What the core has found."""

HESSIANS = ("sums over levels", "trace products", "nested tangents", "tall products")


@cache
def _use_scipy_blas() -> None:
    """Hand SciPy's BLAS to the core, once: one BLAS with run-time dispatch in the process."""
    import scipy.linalg.cython_blas as blas
    import scipy.linalg.cython_lapack as lapack

    _core.use_blas(dict(blas.__pyx_capi__), dict(lapack.__pyx_capi__))


ALL_THREADS = nullcontext()


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


class Begun(NamedTuple):
    """How far the core came with a model: the kernel at its solution, where nothing had to be
    decided on the way."""

    scaling: CoreScaling
    products: CrossProducts
    kernel: CoreKernel | None
    found: Solved | None
    seconds: float
    """Until the cross-products were there."""


def solve_model(
    plan: ColumnPlan,
    y: Array,
    weights: Array | None,
    reml: bool,
    max_evaluations: int,
    gain: float,
    restarts: int,
    method: str,
    threads: int,
    collinear: float,
    nothing: float,
) -> Begun:
    """From columns to a solution in one call.

    It ends with the cross-products where X is nearly `collinear` or leaves `nothing` of y, where
    sizes cannot be squared, and where factors are crossed.
    """
    scaling, products, workspace, found, seconds = _core.solve_model(
        plan.core, y, weights, reml, max_evaluations, gain, restarts, method == NEWTON, threads,
        collinear, nothing,
    )  # fmt: skip
    kernel = None if workspace is None else CoreKernel.at(workspace, products)
    return Begun(scaling, products, kernel, found, seconds)


def row_variances(kernel: CoreKernel, rows: Rows) -> Array:
    """Prediction error variances of x'beta + z'b over sigma^2, times the weights, shape (n,).

    For the rows of the fit with their weights these are the leverages. Codes of -1 stand for
    levels that the fit does not have: their random effects are left out.
    """
    if not rows.groups:
        n = rows.y.size
        x = np.empty((n, len(rows.x)), order="F")
        for j, (column, shift, scale) in enumerate(
            zip(rows.x, rows.x_shifts, rows.x_scales, strict=True)
        ):
            x[:, j] = ((1.0 if column is None else column) - shift) / scale
        forms = np.einsum("ij,ij->i", x @ kernel.xx_inverse, x)
        return np.asarray(forms if rows.weights is None else forms * rows.weights)
    return kernel.workspace.row_variances(group_arguments(rows), fixed_argument(rows), rows.weights)


class CoreKernel:
    """One criterion with its working memory, in C++ (see :class:`~ranef.core.Kernel`).

    Parameters
    ----------
    products : CrossProducts
    reml : bool
    constant : float
        Added to the criterion: what scaling y and X has taken out of it.
    penalty : Penalty
        Priors.
    threads : int
        They arrange the cross-products; the result does not depend on their number.
    """

    def __init__(
        self,
        products: CrossProducts,
        reml: bool,
        constant: float = 0.0,
        penalty: Penalty = NO_PENALTY,
        threads: int = 1,
    ) -> None:
        self.workspace = _core.Workspace(
            products, reml, constant, _penalties(penalty), penalty.fixed_rows, threads
        )
        self._take(products)

    def _take(self, products: CrossProducts) -> None:
        self._products = products
        self.dense_columns = self.workspace.tail_columns
        if self.dense_columns > 64:
            _use_scipy_blas()

    @classmethod
    def at(cls, workspace: Any, products: CrossProducts) -> CoreKernel:
        """Around a workspace that is there already."""
        out = cls.__new__(cls)
        out.workspace = workspace
        out._take(products)
        return out

    def _threads(self) -> AbstractContextManager[Any]:
        """One thread in BLAS: large tails are shared among threads of the core's own."""
        if self.dense_columns > 64:
            return _blas_threads().limit(limits=1)  # type: ignore[no-any-return]
        return ALL_THREADS

    @property
    def crossed(self) -> list[int]:
        """Groups that are not eliminated level by level, by number."""
        return self.workspace.layout[1]

    @property
    def memory(self) -> int:
        """Bytes that the crossed factors take at the peak of a certified fit.

        Four matrices on the pattern of the factor: the Schur complement, which is kept where a
        variance is zero, its factor, and the inverse, twice while it is made. And for second
        derivatives whole matrices: the inverse and one product with random intercepts alone, more
        otherwise.
        """
        chain, tail, columns, _ = self.workspace.layout
        entries, scalar = self.workspace.tail
        pairs = [q * (q + 1) // 2 for _, q in self._products.sizes]
        if scalar:
            whole = 2
        elif len(chain) == 1:
            whole = 8 + 2 * pairs[chain[0]] + sum(pairs[g] for g in tail)
        else:
            whole = 9
        return 8 * (4 * entries + whole * columns**2)

    def refine(self, rows: Rows) -> None:
        """From now on sum what is left of X and y over the rows, those of the cross-products.

        Where effects are many times larger than residuals, that keeps digits which cross-products
        lose. An evaluation then takes some passes over the rows.
        """
        self.workspace.refine(
            group_arguments(rows),
            fixed_argument(rows),
            rows.y,
            rows.y_shift,
            rows.y_scale,
            rows.weights,
        )

    def at_sigma(self, sigma: float | None) -> None:
        """From now on the criterion at this sigma; None profiles sigma out, as at first.

        At a sigma it is log|V| + n log(2 pi sigma^2) + r2 / sigma^2 (ML), on the scale of the
        problem's columns; an evaluation comes next. Gamma and second derivatives are those of this
        function of D alone.
        """
        self.workspace.at_sigma(sigma)

    def evaluate(self, lambda_: Sequence[Array]) -> bool:
        with self._threads():
            return self.workspace.evaluate(list(lambda_))

    @property
    def layout(self) -> Layout:
        return Layout(*self.workspace.layout, HESSIANS[self.workspace.hessian_path])

    @property
    def work(self) -> int:
        _, _, columns, entries = self.workspace.layout
        return entries + columns * columns

    @property
    def value(self) -> float:
        return self.workspace.value

    @property
    def rounding(self) -> float:
        """Size of the rounding error of the criterion, deviance units."""
        return self.workspace.rounding

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
        if not directions:  # of a model without random effects, for one
            p = self.beta.size
            return Curvature(np.zeros((0, 0)), np.zeros(0), np.zeros((0, p, p)))
        with self._threads():
            hessian, r2, xx = self.workspace.hessian([(d.group, d.d) for d in directions])
        p = self.beta.size
        return Curvature(hessian, r2, np.asarray(xx).reshape(len(directions), p, p))

    def average_information(self, directions: Sequence[Direction]) -> Array:
        with self._threads():
            return self.workspace.average_information([(d.group, d.d) for d in directions])

    def modes(self) -> list[Array]:
        return [block[:, :, 0] for block in self.workspace.modes()]

    def scores(self) -> list[Array]:
        """Z'V^-1 [X y] by grouping factor, (levels, q, p + 1) each."""
        return list(self.workspace.scores())

    def residual_scores(self) -> list[Array]:
        """Z'V^-1 (y - X beta) by grouping factor, (levels, q) each."""
        return [e[:, :, -1] - e[:, :, :-1] @ self.beta for e in self.scores()]

    def conditional_variances(self) -> list[Array]:
        with self._threads():
            return self.workspace.conditional_variances()

    def moment_start(self, terms: Sequence[TermBlock]) -> Array:
        with self._threads():
            return self.workspace.moment_start(terms)

    def optimise(
        self,
        terms: Sequence[TermBlock],
        start: Array,
        max_evaluations: int,
        gain: float,
        method: str = NEWTON,
    ) -> Optimum:
        if not terms:  # nothing to search for
            status = "converged" if self.evaluate([]) else "broke down"
            return Optimum(start, self.value, status, 1, 0, method, ())
        with self._threads():
            theta, value, status, evaluations, escapes, found_by, log = self.workspace.optimise(
                terms, start, max_evaluations, gain, method == NEWTON
            )
        return Optimum(theta, value, status, evaluations, escapes, found_by, steps_of(log))

    def evidence(
        self, terms: Sequence[TermBlock], theta: Array, bases: Sequence[Array]
    ) -> Evidence:
        """The certificate's numbers at theta, where the kernel stands.

        Parameters
        ----------
        terms : sequence of TermBlock
        theta : ndarray, shape (k,)
        bases : sequence of ndarray, shape (q, q)
            b = B b_inner for each term, for eigenvalues in the data's units.
        """
        with self._threads():
            return Evidence(*self.workspace.evidence(terms, theta, bases))

    def solve(
        self,
        scaling: CoreScaling,
        start: Array | None,
        max_evaluations: int,
        gain: float,
        restarts: int,
        method: str = NEWTON,
        threads: int = 1,
    ) -> Solved:
        """Search, certificate and restarts in one call; the moments are the start where None.

        The last evaluation is the one at the solution.
        """
        with self._threads():
            return self.workspace.solve(
                scaling, start, max_evaluations, gain, restarts, method == NEWTON, threads
            )


def steps_of(log: Array) -> tuple[Step, ...]:
    """The lines of a fit log."""
    return tuple(Step(a, b, c, bool(d)) for a, b, c, d in log.tolist())
