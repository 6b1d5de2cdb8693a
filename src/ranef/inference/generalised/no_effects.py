"""The deviance of a generalised model whose random effects are all zero."""

from __future__ import annotations

import numpy as np

from ranef.errors import NumericalError
from ranef.inference.profile_search import lowest
from ranef.solve.generalised import GeneralisedSolution
from ranef.types import Array

__all__ = ["deviance_without_effects"]


def deviance_without_effects(solution: GeneralisedSolution) -> float:
    """The smallest deviance with all variances zero, by Newton's method in the coefficients.

    Raises
    ------
    NumericalError
        No minimum was found.
    """
    problem = solution.problem
    kernel = problem.kernel()
    none = [np.zeros((q, q)) for _, q in problem.sizes]

    def deviance(coefficients: Array) -> float:
        return kernel.value if kernel.evaluate(none, coefficients) else np.inf

    found = lowest(
        deviance,
        lambda _: (kernel.slopes, kernel.second([])),
        np.ones_like,
        solution.inner_coefficients,
    )
    if not found.certified:
        raise NumericalError(
            "the model without random effects cannot be fitted",
            found=f"a deviance of {found.deviance:.6g} that is not at a minimum",
            fix="look at the certificate of the fit for categories without successes or failures",
        )
    return found.deviance
