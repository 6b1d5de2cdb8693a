"""A model without each level of a grouping factor.

The cross-products of the kept rows are those of all rows less those of the level, so that a refit
costs a few evaluations and no pass over the rows. The measures are those of Loy and Hofmann (2014),
HLMdiag: a suite of diagnostics for hierarchical linear models in R, Journal of Statistical Software
56(5), section 4. With b and vcov of all rows, b_j and vcov_j without level j, and p coefficients,

    Cook_j     = (b - b_j)' vcov^-1 (b - b_j) / p,
    MDFFITS_j  = (b - b_j)' vcov_j^-1 (b - b_j) / p,
    COVTRACE_j = |tr(vcov^-1 vcov_j) - p|,
    COVRATIO_j = det(vcov_j) / det(vcov).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ranef.core import Evidence, Kernel, Layout, Rows
from ranef.core.downdate import Downdate
from ranef.covariance import structure_of
from ranef.design import Design
from ranef.errors import NumericalError
from ranef.inference.estimates import Estimates
from ranef.inference.nested_blocks import NestedBlocks
from ranef.inference.nesting import outermost
from ranef.inference.one_step import OneStep, one_step
from ranef.inference.parameters import Parameter, parameters_of, values_of
from ranef.problem import Problem
from ranef.solve import Control, Solution
from ranef.solve.solution import at_solution, evaluate_at, search
from ranef.types import Array, Codes

__all__ = ["FIXED", "GONE", "ONE_STEP", "REFIT", "LeftOut", "Units", "leave_out"]

REFIT = "refit"
ONE_STEP = "one step"
FIXED = "variances kept"
GONE = "not estimable"

# Levels from which one Newton step is taken first, and the predicted decrease of the criterion,
# deviance units, from which a level is refitted all the same. With 1,000 groups of 45 rows that
# leaves coefficients within 2e-6 of a standard error of a refit's, standard deviations within 3e-6.
MANY = 500
LARGE_GAIN = 3e-3
WIDEST = 100  # columns of a block: wider ones cost more than a refit

# Blocks of cross-products read by all refits together, above which variances are kept: a minute.
MOST_WORK = 2e10
REFIT_EVALUATIONS = 8  # of a refit from the estimates of all rows, second derivatives counted in

MOST_LOSS = 2.0  # of a variance of a combination of coefficients, as a factor, by one step

DENSE = 200.0  # multiplications of a dense block in the time that one number of a chain takes

# Variance of a combination of coefficients over that with all rows: beyond, rounding error alone
# determines the combination.
UNKNOWN = 1e10


class Units(NamedTuple):
    """What is left out, one after another."""

    name: str
    codes: Codes
    levels: tuple[Any, ...]
    factor: bool = False
    """Whether they are the levels of a grouping factor of the model."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Estimates without each unit.

    Attributes
    ----------
    parameters : tuple of Parameter
    estimates : ndarray, shape (parameters,)
        Of all rows.
    values : ndarray, shape (units, parameters)
        Without each unit; NaN where the kept rows do not determine the model.
    rows : ndarray of int, shape (units,)
    cooks_distance, mdffits, covtrace, covratio : ndarray, shape (units,)
    singular, converged : ndarray of bool, shape (units,)
    method : tuple of str
        How each was found: "refit", "one step", "variances kept" or "not estimable".
    """

    parameters: tuple[Parameter, ...]
    estimates: Array = field(repr=False)
    values: Array = field(repr=False)
    rows: NDArray[np.int64] = field(repr=False)
    cooks_distance: Array = field(repr=False)
    mdffits: Array = field(repr=False)
    covtrace: Array = field(repr=False)
    covratio: Array = field(repr=False)
    singular: NDArray[np.bool_] = field(repr=False)
    converged: NDArray[np.bool_] = field(repr=False)
    method: tuple[str, ...] = field(repr=False)


def leave_out(
    problem: Problem,
    solution: Solution,
    estimates: Estimates,
    design: Design,
    y: Array,
    weights: Array | None,
    units: Units,
    control: Control,
    exact: bool = False,
    tick: Callable[[int], None] = lambda done: None,
) -> LeftOut:
    """Fit the model without each unit.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Response less offset.
    exact : bool
        Whether the variances are estimated again however long that takes.
    """
    n_units = len(units.levels)
    rows = problem.rows_of(design, y, weights)
    downdate = Downdate(problem.products, rows, units.codes, n_units)
    k = len(problem.terms)
    beta, sigma = np.full((n_units, problem.p), np.nan), np.full(n_units, np.nan)
    vcov = np.full((n_units, problem.p, problem.p), np.nan)
    relative = [np.full((n_units, t.q, t.q), np.nan) for t in problem.terms]
    singular, converged = np.zeros(n_units, dtype=bool), np.zeros(n_units, dtype=bool)
    method = [GONE] * n_units
    start = _start(problem, solution)
    with at_solution(problem, solution) as whole:
        inverse, layout = whole.xx_inverse, whole.layout
    metric = np.linalg.inv(np.linalg.cholesky(inverse)) if problem.p else np.zeros((0, 0))
    stepped = np.zeros(n_units, dtype=bool)
    blocks = None if exact or n_units < MANY else _blocks(problem, rows, units, start)
    if blocks is not None:
        one = one_step(problem, solution.inner, blocks, downdate)
        stepped = _accurate(one, metric)
        at = np.flatnonzero(stepped)
        scaling = problem.scaling
        sigma[at] = scaling.y_scale * np.sqrt(one.variance[at])
        beta[at] = [scaling.beta(b) for b in one.beta[at]]
        vcov[at] = scaling.R @ one.xx_inverse[at] @ scaling.R.T
        vcov[at] *= sigma[at, None, None] ** 2
        for t, (term, b) in enumerate(zip(problem.terms, scaling.B, strict=True)):
            own = slice(term.offset, term.offset + term.q)
            relative[t][at] = b @ one.covariances[term.group][at, own, own] @ b.T
        converged[at] = True
        method = [ONE_STEP if here else GONE for here in stepped]
    refit = exact or _cheap(layout, int(np.sum(~stepped)), problem.n_theta)
    for done, j in enumerate(np.flatnonzero(~stepped).tolist()):
        if (
            min(downdate.levels_left(j), default=2) > 1
            and problem.n - downdate.rows_of_unit[j] > problem.p
        ):
            kept = _kept(problem, downdate, rows, units.codes, j)
            found = _without(kept, solution, control, start, refit, metric)
            if found is not None:
                method[j] = REFIT if refit else FIXED
                beta[j], vcov[j], sigma[j] = found.beta, found.vcov, found.sigma
                singular[j], converged[j] = found.singular, found.converged
                for t in range(k):
                    relative[t][j] = found.relative[t]
        tick(int(stepped.sum()) + done + 1)
    absolute = [sigma[:, None, None] ** 2 * r for r in relative]
    parameters = parameters_of(design.x_names, problem.labels, problem.terms)
    values = values_of(parameters, beta, absolute, sigma)
    own = values_of(
        parameters,
        estimates.beta[None, :],
        [c[None, :, :] for c in estimates.covariances],
        np.array([estimates.sigma]),
    )[0]
    return LeftOut(
        parameters,
        own,
        values,
        downdate.rows_of_unit,
        *measures(estimates.beta - beta, estimates.vcov, vcov),
        singular,
        converged,
        tuple(method),
    )


def _blocks(problem: Problem, rows: Rows, units: Units, start: Array | None) -> NestedBlocks | None:
    """Blocks by unit where one step can be taken; None where it cannot.

    All factors are nested in the one that is left out, with blocks that are not large; the fit is
    off the boundary, has no prior, and its sums have digits enough.
    """
    if not units.factor or start is None or problem.rows is not None:
        return None
    if problem.prior is not None or problem.p == 0:
        return None
    codes, sizes = [g.codes for g in rows.groups], [g.n_levels for g in rows.groups]
    outer = outermost(codes, sizes)
    if outer is None or codes[outer] is not units.codes:
        return None
    blocks = NestedBlocks(codes, sizes, outer)
    return blocks if blocks.widest([q for _, q in problem.products.sizes]) <= WIDEST else None


def _accurate(one: OneStep, metric: Array) -> NDArray[np.bool_]:
    """Which levels need no refit: their step is small, and no coefficient rests on them."""
    out = (one.gain < LARGE_GAIN) & (one.variance > 0.0)
    relative = metric @ one.xx_inverse[out] @ metric.T
    out[out] = np.linalg.eigvalsh(relative)[:, -1] < MOST_LOSS
    return np.asarray(out)


class _Found(NamedTuple):
    beta: Array
    vcov: Array
    sigma: float
    relative: list[Array]
    singular: bool
    converged: bool


def measures(change: Array, vcov: Array, without: Array) -> tuple[Array, Array, Array, Array]:
    """Cook's distance, MDFFITS, COVTRACE and COVRATIO.

    Parameters
    ----------
    change : ndarray, shape (units, p)
    vcov : ndarray, shape (p, p)
    without : ndarray, shape (units, p, p)
        The same without each unit.
    """
    units, p = change.shape
    if p == 0:
        nothing = np.full(units, np.nan)
        return nothing, nothing.copy(), nothing.copy(), nothing.copy()
    # In the metric of vcov: sizes of the coefficients do not matter.
    whiten = np.linalg.inv(np.linalg.cholesky(vcov))
    moved = change @ whiten.T
    relative = whiten @ without @ whiten.T
    known = np.isfinite(relative).all(axis=(1, 2))
    mdffits, log_ratio = np.full(units, np.nan), np.full(units, np.nan)
    solved = np.linalg.solve(relative[known], moved[known][:, :, None])[:, :, 0]
    mdffits[known] = np.einsum("ja,ja->j", moved[known], solved) / p
    log_ratio[known] = np.linalg.slogdet(relative[known])[1]
    return (
        np.einsum("ja,ja->j", moved, moved) / p,
        mdffits,
        np.abs(np.einsum("jaa->j", relative) - p),
        np.exp(log_ratio),
    )


def _without(
    problem: Problem,
    solution: Solution,
    control: Control,
    start: Array | None,
    refit: bool,
    metric: Array,
) -> _Found | None:
    """Estimates for the kept rows; None where these do not determine the model."""
    kernel = problem.kernel()
    try:
        evaluate_at(problem, kernel, solution.inner)
        if not _determined(kernel, metric):
            return None
        if not refit:
            lost = solution.certificate.singular
            return _found(problem, kernel, list(solution.covariances), lost, True)
        found = search(problem, control, None, kernel, inner=start).found
        if found.status == "broke down":
            return None
        evidence = Evidence(*found.evidence)
        lost = any(
            rank < structure_of(term).most_rank
            for rank, term in zip(evidence.rank, problem.terms, strict=True)
        )
        good = found.status == "converged" and evidence.gain < 1e-4
        return _found(problem, kernel, list(found.covariances), lost, good)
    except (NumericalError, np.linalg.LinAlgError):
        return None


def _found(
    problem: Problem, kernel: Kernel, relative: list[Array], singular: bool, converged: bool
) -> _Found | None:
    scaling = problem.scaling
    sigma = scaling.y_scale * float(np.sqrt(kernel.r2 / problem.nu))
    if not np.isfinite(sigma) or sigma <= 0.0:
        return None
    vcov = sigma**2 * (scaling.R @ kernel.xx_inverse @ scaling.R.T)
    return _Found(scaling.beta(kernel.beta), vcov, sigma, relative, singular, converged)


def _determined(kernel: Kernel, metric: Array) -> bool:
    """Whether the kept rows say something about every combination of the coefficients."""
    if not metric.size:
        return True
    half = metric @ kernel.xx_inverse
    if float(np.vdot(half, metric)) < UNKNOWN:  # the sum of the eigenvalues, none of them negative
        return True
    relative = half @ metric.T
    return bool(np.all(np.isfinite(relative)) and np.linalg.eigvalsh(relative)[-1] < UNKNOWN)


def _kept(problem: Problem, downdate: Downdate, rows: Rows, codes: Codes, unit: int) -> Problem:
    products = downdate.without(unit)
    if problem.rows is None:
        return replace(problem, products=products)
    return replace(problem, products=products, rows=_some(rows, codes != unit))


def _some(rows: Rows, kept: NDArray[np.bool_]) -> Rows:
    def of(column: Array | None) -> Array | None:
        return None if column is None else np.ascontiguousarray(column[kept])

    groups = [
        g.replace(codes=np.ascontiguousarray(g.codes[kept]), columns=[of(c) for c in g.columns])
        for g in rows.groups
    ]
    return rows.replace(
        groups=groups,
        x=[of(c) for c in rows.x],
        y=np.ascontiguousarray(rows.y[kept]),
        weights=of(rows.weights),
    )


def _start(problem: Problem, solution: Solution) -> Array | None:
    """Inner theta; at zero the criterion has no slope in it, and a search cannot start there."""
    pairs = zip(problem.terms, solution.covariances, strict=True)
    sound = all(np.linalg.matrix_rank(c) == structure_of(term).most_rank for term, c in pairs)
    return solution.inner if sound else None


def _cheap(layout: Layout, n_units: int, n_theta: int) -> bool:
    """Whether all refits take about a minute or less."""
    evaluation = layout.entries + float(layout.dense_columns) ** 3 / DENSE
    return n_units * REFIT_EVALUATIONS * (1 + n_theta) * evaluation < MOST_WORK
