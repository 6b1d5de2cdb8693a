"""How vcov moves in all directions of the covariances, and what their expected information says.

Off the face of the boundary: a variance that is estimated as zero is an estimate like any other.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ranef.inference.ddf.directions import all_directions
from ranef.inference.ddf.expected import expected
from ranef.inference.ddf.gram import gram
from ranef.inference.ddf.traces import traces
from ranef.inference.satterthwaite import VarianceDerivatives
from ranef.problem import Problem
from ranef.problem.parameters import group_lambdas
from ranef.solve.solution import evaluate_at
from ranef.types import Array

__all__ = ["OffFace", "off_the_face"]


class OffFace(NamedTuple):
    """Derivatives of vcov, and what Kenward and Roger add to it, shape (p, p)."""

    derivatives: VarianceDerivatives
    adjustment: Array


def off_the_face(problem: Problem, inner: Array, sigma: float) -> OffFace:
    """At any values of the variance parameters; the information is that of REML, also by ML.

    Parameters
    ----------
    problem : Problem
    inner : ndarray
        Theta, inner.
    sigma : float
        On the data's scale.

    Raises
    ------
    TooLargeError
        Several factors with too many levels.
    """
    kernel = problem.kernel()
    evaluate_at(problem, kernel, inner)
    covariances = [t @ t.T for t in group_lambdas(problem, inner)]
    directions = all_directions(problem.terms, [q for _, q in problem.products.sizes])
    blocks = gram(problem, covariances)
    root: Array = np.linalg.cholesky(kernel.xx_inverse).astype(np.float64, copy=False)
    found = expected(blocks, directions, root, problem.n, traces(blocks, directions))
    back = sigma * (problem.scaling.R @ root)  # Phi^1/2 on the data's scale
    vcov = sigma**2 * (problem.scaling.R @ kernel.xx_inverse @ problem.scaling.R.T)
    derivatives = VarianceDerivatives(vcov, back @ found.changes @ back.T, found.covariance)
    return OffFace(derivatives, back @ found.adjustment @ back.T)
