"""The information about covariances of zero, for boundary laws of generalised models.

The covariance of the elements that the smaller model has at zero is 2 H^-1, H the second
derivatives of the deviance in D and all coefficients: the observed information at the larger
model's own estimates. If they lie where the deviance is not convex in D, as they may on the
boundary, it is that at the smaller model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ranef.core import Direction
from ranef.inference.covariance_of_new import new_directions
from ranef.problem.parameters import group_lambdas
from ranef.solve.generalised import GeneralisedSolution
from ranef.types import Array

__all__ = ["generalised_new"]


def generalised_new(solution: GeneralisedSolution, roots: Sequence[Array]) -> Array:
    """Covariance matrix of the elements that are bounded, all others being free.

    Parameters
    ----------
    solution : GeneralisedSolution
        Of the larger model.
    roots : sequence of ndarray, shape (q, r)
        See :class:`~ranef.inference.boundary_law.Place`.

    Raises
    ------
    LinAlgError
        The information is not positive definite.
    """
    directions, bounded, inner = new_directions(solution.problem, roots)
    at = np.flatnonzero(bounded)
    for h in _informations(solution, directions, inner):
        try:
            np.linalg.cholesky(h)
        except np.linalg.LinAlgError:
            continue
        return np.asarray(2.0 * np.linalg.inv(h)[np.ix_(at, at)])
    raise np.linalg.LinAlgError("no positive definite information")


def _informations(
    solution: GeneralisedSolution, directions: Sequence[Direction], inner: Array
) -> Iterator[Array]:
    with solution.standing.ask() as kernel:
        yield kernel.second(directions)
    problem = solution.problem
    kernel = problem.kernel()
    if kernel.evaluate(group_lambdas(problem, inner), solution.inner_coefficients):
        yield kernel.second(directions)
