"""Profiles of the deviance along single parameters (Bates, Maechler, Bolker & Walker 2015, 5.1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ranef.core import needs_exact
from ranef.covariance import structure_of
from ranef.errors import OptionError
from ranef.inference.estimates import Estimates
from ranef.inference.parameters import Parameter, parameters_of, values_of
from ranef.inference.profile_points import FixedEffect, Point, Profiled
from ranef.inference.profile_variance import VarianceParameter
from ranef.inference.profile_walk import STEPS, ProfileTrace, no_trace, trace_of
from ranef.options import confidence
from ranef.problem import Problem, ProblemShape
from ranef.solve import Control, Solution
from ranef.types import Array

if TYPE_CHECKING:
    from ranef.priors.assign import Assigned

__all__ = ["is_fixed", "profile_traces", "refuse_penalised", "work"]


def work(names: Sequence[str], problem: Problem) -> int:
    """How much :func:`profile_traces` has to do, in steps of its `tick`."""
    return 2 * STEPS * len(parameters_of(names, problem.labels, problem.terms))


def refuse_penalised(prior: Assigned | None) -> None:
    """A profile is one of the likelihood.

    Raises
    ------
    OptionError
    """
    if prior is not None:
        raise OptionError(
            "a profile is one of the likelihood, and this fit has a prior",
            found="a penalised criterion",
            fix="profile the fit without the prior, or use confint(method='bootstrap')",
        )


def profile_traces(
    problem: Problem,
    solution: Solution,
    estimates: Estimates,
    names: Sequence[str],
    control: Control,
    level: float,
    tick: Callable[[int], None] = lambda done: None,
) -> tuple[ProfileTrace, ...]:
    """Profiles of all parameters of an ML fit, to the ends of the intervals at `level`.

    `tick` is told how far they are, of :func:`work` to do.
    """
    confidence("level", level)
    refuse_penalised(problem.prior)
    if problem.solver is not None:
        raise needs_exact("profiles of the likelihood")
    covariances = list(estimates.covariances)
    parameters = parameters_of(names, problem.labels, problem.terms)
    values = values_of(
        parameters,
        estimates.beta[None, :],
        [c[None, :, :] for c in covariances],
        np.array([estimates.sigma]),
    )[0]
    out: list[ProfileTrace] = []
    for k, (parameter, estimate) in enumerate(zip(parameters, values.tolist(), strict=True)):

        def reached(side: int, share: float, before: int = k) -> None:
            tick(int(STEPS * (2 * before + side + min(share, 1.0))))

        if np.isnan(estimate) or is_fixed(problem, parameter):
            out.append(no_trace(parameter, estimate))
            continue
        profiled: Profiled
        if parameter.kind == "fixed":
            profiled = FixedEffect(problem, parameter.i, control.gain)
            start = solution.inner
        else:
            profiled = VarianceParameter(problem, parameter, estimates.sigma)
            start = profiled.start(covariances, solution.theta)
        first = Point(estimate, estimates.deviance, start)
        bounds = _bounds(parameter, estimate)
        step = _first_step(problem, estimates, parameter, estimate)
        ends = (0.0, np.inf) if parameter.kind == "sigma" else None

        def along(point: Point, profiled: Profiled = profiled) -> Array:
            found = profiled.best(point)
            covariances = [c[None, :, :] for c in found.covariances]
            sigma = np.array([found.sigma])
            own = values_of(parameters, found.coefficients[None, :], covariances, sigma)
            return np.asarray(own[0])

        out.append(
            trace_of(parameter, profiled, first, step, bounds, level, reached, ends, along, values)
        )
    return tuple(out)


def is_fixed(problem: ProblemShape, parameter: Parameter) -> bool:
    """Whether a correlation is 1 or -1 whatever the data: of covariances of rank 1."""
    return parameter.kind == "cor" and structure_of(problem.terms[parameter.term]).most_rank == 1


def _bounds(parameter: Parameter, estimate: float) -> tuple[float, float]:
    """Ends of the parameter space; for sigma a value that stands for zero."""
    if parameter.kind == "fixed":
        return -np.inf, np.inf
    if parameter.kind == "cor":
        return parameter.lowest, 1.0
    return (0.0 if parameter.kind == "sd" else 1e-3 * estimate), np.inf


def _first_step(
    problem: Problem, estimates: Estimates, parameter: Parameter, estimate: float
) -> float:
    """About half a standard error."""
    if parameter.kind == "fixed":
        return 0.5 * float(np.sqrt(estimates.vcov[parameter.i, parameter.i]))
    if parameter.kind == "sigma":
        return 0.5 * estimate / float(np.sqrt(2.0 * problem.n))
    root = float(np.sqrt(problem.labels[parameter.term].n_levels))
    if parameter.kind == "cor":
        return 0.5 * (1.0 - estimate**2 + 0.01) / root
    return 0.5 * (estimate + 0.01 * estimates.sigma) / root
