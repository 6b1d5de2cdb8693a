"""Bootstrap of a fit whose crossed factors were solved by iterations.

Responses are drawn for the rows. Each refit starts at the estimates with the probes of the fit. It
then takes one or two evaluations, and the error of the probes is nearly the same in all refits.
"""

from __future__ import annotations

import numpy as np

from ranef.core.columns import row_threads
from ranef.covariance import semidefinite_cholesky, structure_of
from ranef.design import Design
from ranef.errors import OptionError
from ranef.inference.bootstrap import BootstrapDraws, BootstrapPlan, lifted_start
from ranef.inference.conditional import conditional_modes
from ranef.inference.parameters import parameters_of, values_of
from ranef.inference.rows import random_part
from ranef.inference.simulate import SimulatedTerm, draw_key, noise_of, simulate_response
from ranef.problem import Problem, covariances
from ranef.problem.parameters import parts
from ranef.solve import Control, Solution
from ranef.solve.solution import at_solution
from ranef.sums.inner import LevelProducts
from ranef.types import Array

__all__ = ["iterative_draws"]

ENOUGH = 1e-4
"""Deviance units left to gain at which a refit ends: a hundredth of a standard error."""


def iterative_draws(
    problem: Problem,
    solution: Solution,
    design: Design,
    y: Array,
    weights: Array | None,
    control: Control,
    plan: BootstrapPlan,
    levels: LevelProducts | None = None,
) -> BootstrapDraws:
    """Replicates as :func:`~ranef.inference.bootstrap.bootstrap_draws` makes them.

    Raises
    ------
    OptionError
        A kind that draws from residuals or clusters.
    """
    if plan.kind not in ("parametric", "conditional"):
        raise OptionError(
            f"kind={plan.kind!r} needs an exact factorisation of the crossed factors",
            found="crossed factors that are solved by iterations",
            fix="use kind='parametric', or fit with control=rn.Control(crossed='exact')",
        )
    del y, levels  # other responses are drawn, and no clusters
    key = draw_key(plan.seed)
    with at_solution(problem, solution) as kernel:
        beta = problem.scaling.beta(kernel.beta)
        sigma = problem.scaling.y_scale * float(np.sqrt(kernel.r2 / problem.nu))
        modes = conditional_modes(problem, solution, kernel)
    mean = design.X @ beta
    terms: tuple[SimulatedTerm, ...] = ()
    if plan.kind == "conditional":
        mean = mean + random_part([(term.codes, term.Z) for term in design.terms], modes)
    else:
        terms = tuple(SimulatedTerm(t.codes, t.Z, len(t.levels)) for t in design.terms)
    drawn = [sigma**2 * c for c in solution.covariances] if terms else []
    roots = [semidefinite_cholesky(c) for c in drawn]
    noise = noise_of(problem, sigma, weights)
    threads = row_threads(design.n, control.threads)
    start = lifted_start(problem, solution.inner)
    count = int(plan.n)
    betas = np.full((count, problem.p), np.nan)
    sigmas, criteria = np.full((2, count), np.nan)
    spreads = [np.full((count, block.q, block.q), np.nan) for block in problem.terms]
    singular, converged = np.zeros((2, count), dtype=bool)
    evaluations = np.zeros(count, dtype=np.int64)
    for k in range(count):
        drawn_y = simulate_response(terms, mean, roots, noise, key, k)
        own = problem.with_response(design, drawn_y, weights, threads)
        refit = own.kernel(threads)
        found = refit.optimise(own.terms, start, control.max_evaluations, ENOUGH, control.method)
        evaluations[k] = found.evaluations
        if found.status != "broke down":
            sigmas[k] = own.scaling.y_scale * float(np.sqrt(refit.r2 / own.nu))
            betas[k] = own.scaling.beta(refit.beta)
            criteria[k] = refit.value
            converged[k] = found.status == "converged"
            inner = covariances(own.terms, found.theta)
            for spread, matrix, b in zip(spreads, inner, own.scaling.B, strict=True):
                spread[k] = sigmas[k] ** 2 * (b @ matrix @ b.T)
            singular[k] = any(
                structure_of(block).face(x).rank < structure_of(block).most_rank
                for block, x in zip(own.terms, parts(own.terms, found.theta), strict=True)
            )
        plan.tick(k + 1)
    parameters = parameters_of(design.x_names, problem.labels, problem.terms)
    return BootstrapDraws(
        parameters=parameters,
        values=values_of(parameters, betas, spreads, sigmas),
        criterion=criteria,
        singular=singular,
        converged=converged,
        evaluations=evaluations,
        kind=plan.kind,
        seed=key,
    )
