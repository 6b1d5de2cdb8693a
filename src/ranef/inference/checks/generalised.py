"""Looks at the residuals, effects and influence of a generalised model, data and simulations.

Random effects are found anew for each response, at the variances of the fit and at coefficients
that one exact Newton step has brought to the response. Residuals are quantile residuals at these
modes. Influence is that of the working model: with the scores s and the curvatures W of the rows
at the modes, and R = X + Z db/dbeta,

    b_(j) = b - (A - A_j)^-1 X_j's_j,   A = X'W R,  A_j = X_j'W_j R_j,

for a group with random effects of its own, and A^-1 r_i s_i / (1 - h_i) for a row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from ranef.core import one_blas_thread
from ranef.core.columns import available_cores
from ranef.core.generalised import GeneralisedKernel
from ranef.family import Family, Psi
from ranef.inference.checks.distances import group_distances
from ranef.inference.checks.linear import Draw
from ranef.inference.checks.looks import Look, Shown, Simulate
from ranef.inference.generalised.residuals import generalised_residuals
from ranef.inference.nesting import outermost
from ranef.inference.other_responses import inner_columns
from ranef.problem.generalised import GeneralisedProblem
from ranef.problem.parameters import group_lambdas
from ranef.solve.generalised import GeneralisedSolution
from ranef.types import Array

__all__ = ["generalised_looks"]

FARTHEST = 8.0  # of a quantile residual: beyond, probabilities are rounding error
AT_ONCE = 1_000_000  # numbers: of the responses that are drawn together


@dataclass(frozen=True, slots=True)
class _Model:
    """What does not depend on the response; `family` and `psi` are of the family asked for."""

    solution: GeneralisedSolution
    family: Family
    psi: Psi
    weights: Array | None
    x: Array = field(repr=False)
    leverages: Array | None = field(repr=False)
    group: int | None
    key: int

    def look(self, kernel: GeneralisedKernel, inner: Array, y: Array, number: int) -> Look:
        """At one response, whose modes the kernel stands at, with inner coefficients."""
        problem, psi = self.solution.problem, self.psi
        cuts = problem.part("thresholds")
        if cuts is not None:
            psi = (problem.coefficients(inner)[cuts],)
        eta = kernel.eta + problem.middle(inner)
        seed = (self.key + number) % 2**64
        z = generalised_residuals(self.family, y, eta, psi, self.weights, "quantile", seed)
        modes = kernel.modes()
        effects = [
            modes[t.group][:, t.offset : t.offset + t.q] @ b.T
            for t, b in zip(problem.terms, problem.scaling.B, strict=True)
        ]
        fitted = self.family.mean(eta, psi)
        distances = self._distances(kernel) if problem.p else None
        return Look(np.clip(z, -FARTHEST, FARTHEST), fitted, effects, distances)

    def _distances(self, kernel: GeneralisedKernel) -> Array | None:
        """None if the curvatures do not determine the coefficients."""
        problem = self.solution.problem
        of_eta, _ = kernel.row_derivatives(2)
        scores, weights = of_eta[1], -of_eta[2]
        r = self.x.copy(order="F")
        moves = kernel.mode_derivatives([]) if problem.terms else []
        for group, move in zip(problem.rows.groups, moves, strict=True):
            z = inner_columns(group.columns, group.shifts, group.scales, problem.n)
            for j in range(z.shape[1]):
                r += z[:, j : j + 1] * move[group.codes, j, : problem.p]
        solved = weights[:, None] * r
        information = self.x.T @ solved
        try:
            inverse = np.linalg.inv(0.5 * (information + information.T))
            np.linalg.cholesky(inverse)
        except np.linalg.LinAlgError:
            return None
        if self.group is not None:
            factor = problem.rows.groups[self.group]
            made = group_distances(self.x, solved, inverse, factor.codes, factor.n_levels)
            return made.of(scores, 1.0)
        assert self.leverages is not None
        forms = np.einsum("ia,ab,ib->i", r, inverse, r)
        room = 1.0 - np.minimum(self.leverages, 1.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            out = np.where(room > 0.0, (scores / room) ** 2 * forms / problem.p, np.nan)
        return np.asarray(out)


def generalised_looks(
    solution: GeneralisedSolution,
    family: Family,
    psi: Psi,
    y: Array,
    weights: Array | None,
    leverages: Callable[[], Array],
    threads: int | None,
    draw: Draw,
    key: int,
    n: int,
    tick: Callable[[int], None],
) -> tuple[Look, Simulate, int | None]:
    """The look at the data, how to look at `n` simulated ones, and the factor of the distances.

    Parameters
    ----------
    family : Family
        That was asked for, `psi` its other predictors.
    y : ndarray, shape (n,)
        As the family takes it.
    leverages : callable
        The leverages of the rows, asked for if distances are those of rows.
    threads : int, optional
        They share the responses.
    draw : callable
        Responses from one number on, and how many.
    key : int
        Of the draws of the residuals of discrete responses.
    n : int
    tick : callable
        Told how many responses are done.

    Returns
    -------
    own, simulate, group
        As in :func:`~ranef.inference.checks.linear.linear_looks`. A response whose modes cannot be
        found is left out.
    """
    problem = solution.problem
    rows = problem.rows
    codes = [np.asarray(g.codes) for g in rows.groups]
    group = outermost(codes, [g.n_levels for g in rows.groups]) if codes else None
    by_row = bool(problem.p) and group is None
    model = _Model(
        solution,
        family,
        psi,
        weights,
        inner_columns(rows.x, rows.x_shifts, rows.x_scales, problem.n),
        leverages() if by_row else None,
        group,
        key,
    )
    with solution.standing.ask() as kernel:
        own = model.look(kernel, solution.inner_coefficients, y, 0)

    def simulate(summary: Callable[[Look], Shown]) -> Iterator[Shown]:
        lambdas = group_lambdas(problem, solution.inner)
        size = max(1, AT_ONCE // problem.n)
        for first in range(0, n, size):
            drawn = draw(first, min(size, n - first))

            def one(k: int, drawn: Array = drawn, first: int = first) -> Shown | None:
                response = np.ascontiguousarray(drawn[:, k])
                kernel = problem.with_response(response).kernel()
                if not kernel.evaluate(lambdas, solution.inner_coefficients):
                    return None
                inner = _stepped(problem, kernel, lambdas, solution.inner_coefficients)
                return summary(model.look(kernel, inner, response, first + k + 1))

            with one_blas_thread(), ThreadPoolExecutor(threads or available_cores()) as pool:
                for k, shown in enumerate(pool.map(one, range(drawn.shape[1])), start=first + 1):
                    if shown is not None:
                        yield shown
                    tick(k)

    return own, simulate, group


def _stepped(
    problem: GeneralisedProblem, kernel: GeneralisedKernel, lambdas: list[Array], inner: Array
) -> Array:
    """Inner coefficients one Newton step on, where the kernel then stands; the dispersion stays.

    Those of the fit if the step does not lead down: a response may have no finite maximum.
    """
    cuts = problem.part("thresholds")
    count = problem.p if cuts is None else cuts.stop
    if not count:
        return inner
    before, slopes = kernel.value, kernel.slopes[:count]
    step = np.zeros(inner.size)
    try:
        np.linalg.cholesky(curvature := kernel.second([])[:count, :count])
        step[:count] = np.linalg.solve(curvature, slopes)
    except np.linalg.LinAlgError:
        return inner
    if kernel.evaluate(lambdas, inner - step) and kernel.value <= before:
        return np.asarray(inner - step)
    kernel.evaluate(lambdas, inner)
    return inner
