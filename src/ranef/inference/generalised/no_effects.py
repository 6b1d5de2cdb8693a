"""The deviance of a generalised model whose random effects are all zero."""

from __future__ import annotations

import numpy as np

from ranef.errors import NumericalError
from ranef.inference.profile_search import Lowest, lowest
from ranef.problem.generalised import GeneralisedProblem
from ranef.solve.family_ends import INSIDE, watched
from ranef.solve.generalised import GeneralisedSolution
from ranef.types import Array

__all__ = ["deviance_without_effects"]


def deviance_without_effects(problem: GeneralisedProblem, solution: GeneralisedSolution) -> float:
    """The smallest deviance with all variances zero, by Newton's method in the coefficients.

    Parameters
    ----------
    problem : GeneralisedProblem
        Of the family that was asked for.
    solution : GeneralisedSolution
        With the effects. If it is at an end of the family, the model without them may be inside.

    Raises
    ------
    NumericalError
        No minimum was found.
    """
    start = solution.spread(solution.inner_coefficients)
    for end in watched(problem):
        if not solution.determined[end.index]:
            start[end.index] = end.psi(INSIDE)
    found = _lowest(problem, start)
    if not found.certified and solution.ends:
        found = _lowest(solution.problem, solution.inner_coefficients)
    if not found.certified:
        raise NumericalError(
            "the model without random effects cannot be fitted",
            found=f"a deviance of {found.deviance:.6g} that is not at a minimum",
            fix="look at the certificate of the fit for categories without successes or failures",
        )
    return found.deviance


def _lowest(problem: GeneralisedProblem, start: Array) -> Lowest:
    kernel = problem.kernel()
    none = [np.zeros((q, q)) for _, q in problem.sizes]

    def deviance(coefficients: Array) -> float:
        return kernel.value if kernel.evaluate(none, coefficients) else np.inf

    return lowest(deviance, lambda _: (kernel.slopes, kernel.second([])), np.ones_like, start)
