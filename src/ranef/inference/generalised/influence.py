"""A generalised model without each level of a grouping factor.

The measures are those of a linear model (:mod:`ranef.inference.influence`). The model is fitted
again from its estimates. If there are many levels and each has random effects of its own, F is a
sum over them, and the part F_j of level j has a gradient g_j and a Hessian H_j at the estimates.
One Newton step for F - F_j is then (H - H_j)^-1 g_j, and 0.5 g_j'(H - H_j)^-1 g_j is the decrease
that it predicts (Pregibon 1981, Annals of Statistics 9, 705-724, for rows of logistic models).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ranef.core import Rows
from ranef.core.columns import row_threads
from ranef.core.generalised import Channel, GeneralisedKernel
from ranef.covariance import structure_of
from ranef.errors import NumericalError
from ranef.inference.generalised.estimates import GeneralisedEstimates
from ranef.inference.generalised.joint import gradient_along, hessian_along, joint_covariance
from ranef.inference.influence import (
    GONE,
    LARGE_GAIN,
    MANY,
    MOST_LOSS,
    ONE_STEP,
    REFIT,
    LeftOut,
    Units,
    measures,
)
from ranef.inference.nesting import outermost
from ranef.inference.parameters import parameters_of, values_of
from ranef.problem.generalised import GeneralisedProblem
from ranef.problem.parameters import group_lambdas, to_data
from ranef.solve import Control
from ranef.solve.face import moved
from ranef.solve.generalised import GeneralisedSolution
from ranef.types import Array, Codes

__all__ = ["leave_out_generalised", "problem_of_rows"]

GOOD_GAIN = 1e-4  # deviance units that a refit may leave


class _Found(NamedTuple):
    """Estimates on the data's scale."""

    coefficients: Array
    vcov: Array
    covariances: list[Array]
    singular: bool
    converged: bool
    method: str


def leave_out_generalised(
    solution: GeneralisedSolution,
    estimates: GeneralisedEstimates,
    units: Units,
    control: Control,
    exact: bool = False,
    tick: Callable[[int], None] = lambda done: None,
) -> LeftOut:
    """Fit the model without each unit.

    Parameters
    ----------
    solution : GeneralisedSolution
    estimates : GeneralisedEstimates
    units : Units
    control : Control
    exact : bool
        Whether every unit gets a refit, also where one step does.
    tick : callable
        Told how many units are done.
    """
    problem, p, n_units = solution.problem, solution.problem.p, len(units.levels)
    m = problem.change.shape[0]
    coefficients = np.full((n_units, m), np.nan)
    vcov = np.full((n_units, p, p), np.nan)
    covariances = [np.full((n_units, t.q, t.q), np.nan) for t in problem.terms]
    singular, converged = np.zeros(n_units, dtype=bool), np.zeros(n_units, dtype=bool)
    method = [GONE] * n_units
    start = _start(solution)
    step = None
    if not exact and start is not None and n_units >= MANY and _separable(problem, units):
        step = _Steps(solution, estimates)
    for j, rows in enumerate(_rows_of(units.codes, n_units)):
        found = None if step is None else step.without(rows)
        if found is None:
            kept = np.ones(problem.n, dtype=bool)
            kept[rows] = False
            found = _refit(problem_of_rows(problem, np.flatnonzero(kept)), control, start)
        if found is not None:
            coefficients[j], vcov[j], method[j] = found.coefficients, found.vcov, found.method
            singular[j], converged[j] = found.singular, found.converged
            for t, own in enumerate(found.covariances):
                covariances[t][j] = own
        tick(j + 1)
    # All but sigma.
    parameters = parameters_of(problem.coefficient_names, problem.labels, problem.terms)[:-1]
    values = values_of(parameters, coefficients, covariances, np.zeros(n_units))
    whole = [c[None, :, :] for c in estimates.covariances]
    all_rows = problem.coefficients(solution.inner_coefficients)
    own = values_of(parameters, all_rows[None, :], whole, np.zeros(1))[0]
    return LeftOut(
        parameters,
        own,
        values,
        np.bincount(units.codes, minlength=n_units),
        *measures(estimates.beta - coefficients[:, :p], estimates.vcov, vcov),
        singular,
        converged,
        tuple(method),
    )


def problem_of_rows(problem: GeneralisedProblem, rows: NDArray[np.intp]) -> GeneralisedProblem:
    """The problem of some rows; levels without rows are no levels of it."""

    def of(column: Array | None) -> Array | None:
        return None if column is None else np.ascontiguousarray(column[rows])

    whole = problem.rows
    groups = []
    for group in whole.groups:
        levels, codes = np.unique(np.asarray(group.codes)[rows], return_inverse=True)
        groups.append(
            group.replace(
                codes=codes.astype(np.int32),
                n_levels=int(levels.size),
                columns=[of(c) for c in group.columns],
            )
        )
    channels = [
        Channel(
            tuple(of(c) for c in channel.columns),
            channel.coefficients,
            None if channel.which is None else np.ascontiguousarray(channel.which[rows]),
        )
        for channel in problem.channels
    ]
    some: Rows = whole.replace(
        groups=groups,
        x=[of(c) for c in whole.x],
        y=np.ascontiguousarray(whole.y[rows]),
        weights=of(whole.weights),
    )
    return replace(problem, rows=some, offset=of(problem.offset), channels=tuple(channels))


def _rows_of(codes: Codes, n_units: int) -> list[NDArray[np.intp]]:
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=n_units))[:-1]
    return np.split(order, ends)


def _start(solution: GeneralisedSolution) -> Array | None:
    """Where a refit starts; at a variance of zero F has no slope in it, and a search is stuck."""
    pairs = zip(solution.problem.terms, solution.covariances, strict=True)
    if all(np.linalg.matrix_rank(c) == structure_of(term).most_rank for term, c in pairs):
        return np.concatenate([solution.inner, solution.inner_coefficients])
    return None


def _separable(problem: GeneralisedProblem, units: Units) -> bool:
    """Whether no random effect is shared by two units, and F has no penalty."""
    if not units.factor or problem.prior is not None:
        return False
    codes = [np.asarray(g.codes) for g in problem.rows.groups]
    outer = outermost(codes, [g.n_levels for g in problem.rows.groups])
    return outer is not None and np.array_equal(codes[outer], units.codes)


class _Steps:
    """One Newton step from the estimates of all rows."""

    def __init__(self, solution: GeneralisedSolution, estimates: GeneralisedEstimates) -> None:
        self.solution, self.face = solution, estimates.joint.face
        self.problem = solution.problem
        self.lambdas = group_lambdas(self.problem, solution.inner)
        with solution.standing.ask() as kernel:
            self.hessian = hessian_along(self.problem, self.face, kernel)
        p = self.problem.p
        self.whiten = np.linalg.inv(np.linalg.cholesky(estimates.vcov)) if p else np.zeros((0, 0))

    def without(self, rows: NDArray[np.intp]) -> _Found | None:
        """Estimates without some rows; None if one step is not enough."""
        own = problem_of_rows(self.problem, rows)
        kernel = own.kernel()
        if not kernel.evaluate(self.lambdas, self.solution.inner_coefficients):
            return None
        gradient = gradient_along(own, self.face, kernel)
        left = self.hessian - hessian_along(own, self.face, kernel)
        try:
            inverse = np.linalg.inv(left)
            np.linalg.cholesky(left)
        except np.linalg.LinAlgError:
            return None
        step = inverse @ gradient
        if not 0.5 * gradient @ step < LARGE_GAIN:
            return None
        k, p = len(self.face.coordinates), self.problem.p
        vcov = 2.0 * (self.problem.change @ inverse[k:, k:] @ self.problem.change.T)[:p, :p]
        relative = self.whiten @ vcov @ self.whiten.T
        if p and not np.linalg.eigvalsh(relative)[-1] < MOST_LOSS:
            return None
        inner = moved(self.face, step[:k])
        coefficients = self.problem.coefficients(self.solution.inner_coefficients + step[k:])
        covariances = to_data(self.problem, inner)[1]
        return _Found(coefficients, vcov, covariances, False, True, ONE_STEP)


def _refit(problem: GeneralisedProblem, control: Control, start: Array | None) -> _Found | None:
    """Estimates for the rows that are left; None if these do not determine the model."""
    if min((g.n_levels for g in problem.rows.groups), default=2) < 2:
        return None
    if problem.n <= problem.change.shape[0]:
        return None
    kernel: GeneralisedKernel = problem.kernel(row_threads(problem.n, control.threads))
    found = kernel.solve(
        problem.scaling.core,
        start,
        control.max_evaluations,
        control.gain,
        0 if start is not None else control.restarts,
        control.method,
    )
    if found.status == "broke down":
        return None
    solution = GeneralisedSolution(problem, found)
    p = problem.p
    try:
        vcov = joint_covariance(solution, kernel).coefficients[:p, :p]
    except (NumericalError, np.linalg.LinAlgError):
        return None
    if not np.isfinite(vcov).all():
        return None
    certificate = solution.certificate
    good = found.status == "converged" and certificate.gain < GOOD_GAIN
    return _Found(
        solution.coefficients,
        vcov,
        list(solution.covariances),
        bool(certificate.singular),
        good,
        REFIT,
    )
