"""Looks at the residuals, effects and influence of a linear model, of its data and simulations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from ranef.core import CoreKernel, Rows, one_blas_thread
from ranef.core.columns import available_cores
from ranef.design import Design
from ranef.inference.checks.distances import GroupDistances, group_distances
from ranef.inference.checks.looks import Look, Shown, Simulate
from ranef.inference.nesting import outermost
from ranef.inference.other_responses import (
    Left,
    at_same_variances,
    inner_columns,
    most_together,
)
from ranef.inference.residual_tests import FITTED
from ranef.inference.row_influence import solved_columns
from ranef.inference.rows import fixed_part, leverages_at, random_part
from ranef.problem import Problem
from ranef.problem.left import left_of_response, weighted
from ranef.solve import Solution
from ranef.solve.solution import at_solution
from ranef.types import Array, Codes

__all__ = ["linear_looks"]

Draw = Callable[[int, int], Array]
"""Responses from one number on, and how many, shape (n, count)."""


@dataclass(frozen=True, slots=True)
class _Model:
    """What does not depend on the response.

    ``room`` (n,): 1 less the leverages, NaN where a row is fitted whatever its response is.
    ``groups`` give the distances of groups, or ``rows`` (n,) those of rows: what a squared
    standardised residual is multiplied by.
    """

    problem: Problem
    design: Design
    offset: Array | None
    room: Array = field(repr=False)
    groups: GroupDistances | None = field(repr=False)
    rows: Array | None = field(repr=False)

    def look(self, left: Left, sigma: float) -> Look:
        """At one response; `sigma` is that of the inner scale."""
        scaling = self.problem.scaling
        z = left.residuals / (sigma * np.sqrt(self.room))
        effects = [
            scaling.y_scale * left.modes[t.group][:, t.offset : t.offset + t.q] @ b.T
            for t, b in zip(self.problem.terms, scaling.B, strict=True)
        ]
        fixed = fixed_part(self.design.X, scaling.beta(left.beta), self.offset)
        blocks = [(term.codes, term.Z) for term in self.design.terms]
        distances = None
        if self.groups is not None:
            distances = self.groups.of(left.residuals, sigma**2)
        elif self.rows is not None:
            distances = z**2 * self.rows
        return Look(z, fixed + random_part(blocks, effects), effects, distances)


def linear_looks(
    problem: Problem,
    solution: Solution,
    design: Design,
    y: Array,
    weights: Array | None,
    offset: Array | None,
    whole_rows: bool,
    draw: Draw,
    n: int,
    threads: int | None,
    tick: Callable[[int], None],
) -> tuple[Look, Simulate, int | None]:
    """The look at the data, how to look at `n` simulated ones, and the factor of the distances.

    Every response is fitted with the variances of the random effects that the fit has; sigma is
    that of each.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Response less offset.
    whole_rows : bool
        Whether rows have residuals of their own: those that are correlated in time have not.
    draw : callable
    n : int
    threads : int, optional
        They share the responses.
    tick : callable
        Told how many responses are done.

    Returns
    -------
    own : Look
    simulate : callable
    group : int or None
        The grouping factor whose distances are given; None for rows, or if there are none.
    """
    with at_solution(problem, solution) as kernel:
        rows = problem.rows_of(design, y, weights)
        model, group = _model(problem, solution, kernel, rows, design, offset, whole_rows)
        modes, beta = kernel.modes(), kernel.beta
        sigma = float(np.sqrt(kernel.r2 / problem.nu))
    left = weighted(left_of_response(rows, beta, modes), rows.weights)
    squares = float(left @ weighted(left_of_response(rows, beta), rows.weights))
    own = model.look(Left(left, beta, modes, squares), sigma)

    def simulate(summary: Callable[[Look], Shown]) -> Iterator[Shown]:
        for first in range(0, n, size := min(n, most_together(problem))):
            drawn = draw(first, min(size, n - first))
            drawn = drawn if offset is None else drawn - offset[:, None]
            responses = [_with_response(problem, design, rows, c, weights) for c in drawn.T]
            with at_solution(problem, solution) as kernel:
                left_of = at_same_variances(problem, solution, kernel, rows, responses)

            def one(k: int, left_of: Callable[[int], Left] = left_of) -> Shown:
                left = left_of(k)
                return summary(model.look(left, sigma * float(np.sqrt(left.squares / squares))))

            with one_blas_thread(), ThreadPoolExecutor(threads or available_cores()) as pool:
                for k, shown in enumerate(pool.map(one, range(len(responses))), start=first + 1):
                    yield shown
                    tick(k)

    return own, simulate, group


def _with_response(
    problem: Problem, design: Design, rows: Rows, y: Array, weights: Array | None
) -> Rows:
    y = np.ascontiguousarray(y)
    if problem.residual is None or problem.residual.whitening is None:
        return rows.replace(y=y)
    return problem.rows_of(design, y, weights)


def _model(
    problem: Problem,
    solution: Solution,
    kernel: CoreKernel,
    rows: Rows,
    design: Design,
    offset: Array | None,
    whole_rows: bool,
) -> tuple[_Model, int | None]:
    room = 1.0 - leverages_at(kernel, rows, "a check of the model")
    room = np.where(room > FITTED, room, np.nan)
    solved = solved_columns(problem, solution, kernel, rows)
    group, groups, by_row = None, None, None
    if problem.p:
        group = _outermost(rows)
        inverse = kernel.xx_inverse
        if group is not None:
            x = inner_columns(rows.x, rows.x_shifts, rows.x_scales, problem.n)
            x = x if rows.weights is None else x * np.sqrt(rows.weights)[:, None]
            factor = rows.groups[group]
            groups = group_distances(x, solved, inverse, factor.codes, factor.n_levels)
        elif whole_rows:
            share = np.einsum("ia,ab,ib->i", solved, inverse, solved)
            by_row = share / (room * problem.p)
    return _Model(problem, design, offset, room, groups, by_row), group


def _outermost(rows: Rows) -> int | None:
    if not rows.groups:
        return None
    codes: list[Codes] = [np.asarray(g.codes) for g in rows.groups]
    return outermost(codes, [g.n_levels for g in rows.groups])
