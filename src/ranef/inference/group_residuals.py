"""Level-2 residuals: predicted effects of groups, their standard deviations, and least squares."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ranef.core import CoreKernel
from ranef.core.blocks import factor_blocks
from ranef.design import Design
from ranef.problem import Problem
from ranef.problem.left import left_of_response
from ranef.problem.parameters import group_lambdas
from ranef.solve import Solution
from ranef.solve.solution import at_solution
from ranef.types import Array

__all__ = ["GroupResiduals", "group_residuals", "standardized_modes"]

# Share of an effect's variance below which its prediction is rounding error.
NOTHING = 1e-8


class GroupResiduals(NamedTuple):
    """By term of one grouping factor, (levels, q) each, data's scale.

    ``shrunken``: conditional modes; ``least_squares``: of the rows of the group alone, NaN where
    these do not determine them; ``standardized``: modes over their own standard deviations.
    """

    terms: tuple[int, ...]
    shrunken: tuple[Array, ...]
    least_squares: tuple[Array, ...]
    standardized: tuple[Array, ...]


def standardized_modes(problem: Problem, kernel: CoreKernel, inner: Array) -> list[Array]:
    """b over its own standard deviation, (levels, q) for each term; NaN without a variance.

    Over data from the model at these variances, with G and H parts of Z'V^-1 [Z X],

        Var(b_j) = sigma^2 D (G_j - H_j M H_j') D = sigma^2 (D - C_j - D H_j M H_j'D),

    C_j the conditional variance over sigma^2: b_j is the less variable the more it is shrunken.

    Parameters
    ----------
    kernel : CoreKernel
        Its last evaluation was at `inner`.
    """
    variance = kernel.r2 / problem.nu
    spread = []
    for lambda_, given, scores in zip(
        group_lambdas(problem, inner), kernel.conditional_variances(), kernel.scores(), strict=True
    ):
        d = lambda_ @ lambda_.T
        moved = d @ scores[:, :, : problem.p]
        taken = moved @ kernel.xx_inverse @ moved.transpose(0, 2, 1)
        spread.append((d, d - given - taken))
    modes = kernel.modes()
    out = []
    for term, b in zip(problem.terms, problem.scaling.B, strict=True):
        at = slice(term.offset, term.offset + term.q)
        d, all_of = spread[term.group]
        prior = np.einsum("ia,ab,ib->i", b, d[at, at], b)
        own = np.einsum("ia,jab,ib->ji", b, all_of[:, at, at], b)
        here = own > NOTHING * prior
        values = modes[term.group][:, at] @ b.T
        z = np.full(values.shape, np.nan)
        np.divide(values, np.sqrt(variance * np.where(here, own, 1.0)), out=z, where=here)
        out.append(z)
    return out


def group_residuals(
    problem: Problem,
    solution: Solution,
    design: Design,
    y: Array,
    weights: Array | None,
    group: int,
) -> GroupResiduals:
    """Shrunken and unshrunken residuals of the levels of one grouping factor.

    Least squares are of what the fixed part and the predicted effects of the other factors leave,
    on the random-effects columns of the factor, with the weights of the rows.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Response less offset.
    group : int
        Position of the grouping factor.
    """
    with at_solution(problem, solution) as kernel:
        rows = problem.rows_of(design, y, weights)
        modes = kernel.modes()
        others = [None if g == group else b for g, b in enumerate(modes)]
        left = left_of_response(rows, kernel.beta, others)
        if rows.weights is not None:
            left = left * rows.weights
        own = rows.groups[group]
        right = np.empty((own.n_levels, len(own.columns)))
        for k, column in enumerate(own.columns):
            z = ((np.ones(left.size) if column is None else column) - own.shifts[k]) / own.scales[k]
            right[:, k] = np.bincount(own.codes, weights=z * left, minlength=own.n_levels)
        squares = factor_blocks(problem.products)[group].random
        sizes = np.sqrt(np.einsum("jaa->ja", squares))
        scaled = squares / np.maximum(sizes[:, :, None] * sizes[:, None, :], 1e-300)
        known = np.linalg.eigvalsh(scaled)[:, 0] > NOTHING
        least = np.full(right.shape, np.nan)
        least[known] = np.linalg.solve(squares[known], right[known][:, :, None])[:, :, 0]
        standardized = standardized_modes(problem, kernel, solution.inner)
        terms = tuple(k for k, term in enumerate(problem.terms) if term.group == group)

        def to_data(values: Array) -> tuple[Array, ...]:
            out = []
            for k in terms:
                term = problem.terms[k]
                part = values[:, term.offset : term.offset + term.q]
                out.append(problem.scaling.y_scale * part @ problem.scaling.B[k].T)
            return tuple(out)

        return GroupResiduals(
            terms, to_data(modes[group]), to_data(least), tuple(standardized[k] for k in terms)
        )
