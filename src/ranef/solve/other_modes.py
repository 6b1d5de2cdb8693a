"""Whether the random effects may have other modes given the data than the ones that were found.

If the log-density of some row is not concave in its predictor, that of the random effects given
the data need not be concave either. It is at the modes found, which are a maximum. Whether it was
on the way to them from zero is what a search from there tells.
"""

from __future__ import annotations

import numpy as np

from ranef.core import CoreSolved
from ranef.core.family_rows import log_concave
from ranef.core.generalised import GeneralisedKernel
from ranef.problem.generalised import GeneralisedProblem
from ranef.problem.parameters import group_lambdas

__all__ = ["may_have_other_modes"]

SAME = 1e-6
"""Deviance units between the values at modes that are the same."""


def may_have_other_modes(
    problem: GeneralisedProblem, kernel: GeneralisedKernel, found: CoreSolved
) -> bool:
    """Ask where a search has ended and the kernel stands."""
    family = problem.family
    constants = family.core_constants(problem.n_answers)
    if log_concave(family.core_name, family.link, constants):
        return False
    by_eta, _ = kernel.row_derivatives(2)
    if not np.any(by_eta[2] > 0.0):
        return False
    fresh = problem.with_nodes(1).kernel()
    at = group_lambdas(problem, found.inner), np.asarray(found.coefficients)
    if not fresh.evaluate(*at) or fresh.expected_steps > 0:
        return True
    return bool(problem.n_agq == 1 and abs(fresh.value - kernel.value) > SAME)
