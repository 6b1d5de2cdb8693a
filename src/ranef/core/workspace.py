"""The compiled kernel."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

import numpy as np

import ranef._core as _core
from ranef._core import Replication, change_fixed, philox
from ranef.core.arguments import core_penalties, core_terms
from ranef.core.crossed import CrossedSolver, Estimation, needs_exact
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
from ranef.core.residuals import Residual
from ranef.core.sums import CoreScaling, CrossProducts
from ranef.page.phrases import count
from ranef.types import Array

__all__ = [
    "CoreKernel",
    "CoreSolved",
    "Replication",
    "change_fixed",
    "one_blas_thread",
    "philox",
    "row_variances",
]

CoreSolved = _core.Solved
"""What the core has found."""

HESSIANS = {
    _core.HessianPath.SUMS_OVER_LEVELS: "sums over levels",
    _core.HessianPath.TRACE_PRODUCTS: "trace products",
    _core.HessianPath.NESTED: "nested tangents",
    _core.HessianPath.TALL_PRODUCTS: "tall products",
    _core.HessianPath.AVERAGE: "average information",
}


@cache
def _use_scipy_blas() -> None:
    """Hand SciPy's BLAS to the core, once: one BLAS with run-time dispatch in the process."""
    import scipy.linalg.cython_blas as blas
    import scipy.linalg.cython_lapack as lapack

    _core.use_blas(dict(blas.__pyx_capi__), dict(lapack.__pyx_capi__))


ALL_THREADS = nullcontext()

_VECTORS = 16
"""Vectors of eight columns that iterations hold at their peak, strips of sums among them."""


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
    try:
        return kernel.workspace.row_variances(rows)
    except _core.NeedsExact:
        raise needs_exact("variances of so many rows", count(rows.y.size, "row")) from None


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
    basis : sequence of CrossProducts
        With `residual`: the A_k. The search is then over its parameters too.
    residual : Residual, optional
    crossed : CrossedSolver, optional
        Crossed factors are then solved by iterations, and log|M| and Gamma are estimates.
    average : bool
        Whether average information stands in for exact second derivatives, which take more memory.

    Attributes
    ----------
    moves : int
        How often it may have been evaluated at another point.
    """

    def __init__(
        self,
        products: CrossProducts,
        reml: bool,
        constant: float = 0.0,
        penalty: Penalty = NO_PENALTY,
        threads: int = 1,
        basis: Sequence[CrossProducts] = (),
        residual: Residual | None = None,
        crossed: CrossedSolver | None = None,
        average: bool = False,
    ) -> None:
        self.workspace = _core.Workspace(
            products,
            reml,
            constant,
            core_penalties(penalty),
            penalty.fixed_rows,
            threads,
            list(basis),
            residual,
            crossed,
            average,
        )
        self._solver = crossed
        self._average = average
        self._products = products
        self._from_rows = 0
        self.moves = 0
        self.dense_columns = self.workspace.tail_columns
        if self.dense_columns > 64:
            _use_scipy_blas()

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
        chain, tail, columns, read = self.workspace.layout
        if self._solver is not None:
            # Lists of places or numbers, and vectors of eight columns.
            return 8 * (read + columns * (8 * _VECTORS + self._solver.deflated))
        entries, scalar = self.workspace.tail
        if self._average:
            return 8 * 4 * entries
        pairs = [q * (q + 1) // 2 for _, q in self._products.sizes]
        if scalar:
            whole = 2
        elif len(chain) == 1:
            whole = 8 + 2 * pairs[chain[0]] + sum(pairs[g] for g in tail)
        else:
            whole = 9
        return 8 * (4 * entries + whole * columns**2)

    @property
    def held(self) -> int:
        """About how many bytes it holds between calls, after the usual questions.

        Six times the numbers of the chain and three times those of the tail, as measured, and the
        rows if it sums over them.
        """
        if self._solver is not None:
            return self.memory
        return 8 * (6 * self.workspace.layout[3] + 3 * self.workspace.tail[0] + self._from_rows)

    @property
    def iterative(self) -> bool:
        """Whether crossed factors are solved by iterations."""
        return self._solver is not None

    def estimation(self, terms: Sequence[TermBlock], theta: Array) -> Estimation | None:
        """The error of what is estimated at theta, where the kernel stands; None if exact."""
        found = self.workspace.estimation(core_terms(terms), theta)
        return None if found is None else Estimation(*found[:-1])

    def covariance_error(self, terms: Sequence[TermBlock], theta: Array) -> float:
        """The largest relative error of the covariances at theta; 0 if exact."""
        own = core_terms(terms)
        found = self.workspace.estimation(own, theta)
        return 0.0 if found is None else self.workspace.covariance_error(own, theta, found[-1])

    def conditional_variance_errors(self) -> list[Array]:
        """Standard errors of conditional variances, (levels, q) by factor; empty if exact."""
        with self._threads():
            errors = self.workspace.conditional_variance_errors()
        return [
            np.asarray(e).reshape(levels, q)
            for e, (levels, q) in zip(errors, self._products.sizes, strict=False)
        ]

    def refine(self, rows: Rows) -> None:
        """From now on sum what is left of X and y over the rows, those of the cross-products.

        Where effects are many times larger than residuals, that keeps digits which cross-products
        lose. An evaluation then takes some passes over the rows.
        """
        self.moves += 1
        self._from_rows = rows.y.size * (len(rows.x) + 1 + sum(len(g.columns) for g in rows.groups))
        self.workspace.refine(rows)

    def at_sigma(self, sigma: float | None) -> None:
        """Set the sigma of all later evaluations; None profiles sigma out, as at first.

        At a sigma it is log|V| + n log(2 pi sigma^2) + r2 / sigma^2 (ML), on the scale of the
        problem's columns; an evaluation comes next. Gamma and second derivatives are those of this
        function of D alone.
        """
        self.workspace.at_sigma(sigma)

    def evaluate(self, lambda_: Sequence[Array]) -> bool:
        self.moves += 1
        with self._threads():
            return self.workspace.evaluate(list(lambda_))

    @property
    def layout(self) -> Layout:
        return Layout(*self.workspace.layout, HESSIANS[self.workspace.hessian_path])

    @property
    def work(self) -> int:
        _, _, columns, entries = self.workspace.layout
        if self._solver is not None:
            return entries * (self._solver.deflated + self._solver.probes)
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
            found = self.workspace.hessian([(d.group, d.d) for d in directions])
        p = self.beta.size
        return Curvature(
            hessian=found.hessian,
            r2=found.r2,
            xx=np.asarray(found.xx).reshape(len(directions), p, p),
        )

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
            return self.workspace.moment_start(core_terms(terms))

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
        self.moves += 1
        with self._threads():
            found = self.workspace.optimise(
                core_terms(terms), start, max_evaluations, gain, method == NEWTON
            )
        return Optimum(
            theta=found.theta,
            criterion=found.criterion,
            status=found.status,
            evaluations=found.evaluations,
            escapes=found.escapes,
            method=found.method,
            log=steps_of(found.log),
        )

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
            found = self.workspace.evidence(core_terms(terms), theta, bases)
        return Evidence(
            gain=found.gain,
            step=found.step,
            dual=found.dual,
            complementarity=found.complementarity,
            curvature=found.curvature,
            rank=found.rank,
            flat=found.flat,
            loose=found.loose,
            rounding=found.rounding,
        )

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
        self.moves += 1
        with self._threads():
            return self.workspace.solve(
                scaling, start, max_evaluations, gain, restarts, method == NEWTON, threads
            )


def steps_of(log: Array) -> tuple[Step, ...]:
    """The lines of a fit log."""
    return tuple(Step(a, b, c, bool(d)) for a, b, c, d in log.tolist())
