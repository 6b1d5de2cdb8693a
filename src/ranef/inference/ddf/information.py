"""What the data say of the variances: their expected information, and the sums behind it.

The coordinates are the covariances D of the random effects over sigma^2, or the parameters of their
structures, and log sigma^2. In them the information does not vanish if D is singular, so that a
variance estimated as zero is not taken as known. (Along the face of such a fit it is: there the
derivatives with respect to D are left out.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ranef.core import CoreKernel, Direction
from ranef.inference.ddf.directions import moves_at
from ranef.inference.ddf.expected import curved, expected
from ranef.inference.ddf.gram import Gram, gram
from ranef.inference.ddf.traces import traces
from ranef.problem import Problem
from ranef.problem.parameters import group_lambdas
from ranef.solve.solution import evaluate_at
from ranef.types import Array

__all__ = ["VarianceInformation", "variance_information"]


@dataclass(frozen=True, slots=True)
class VarianceInformation:
    """Sums over the levels and the covariance of the variance parameters, on the inner scale.

    Attributes
    ----------
    gram : Gram
    directions : tuple of Direction
        The derivatives of D along its parameters.
    relative : tuple of ndarray, shape (q, q)
        D of each grouping factor.
    xx_inverse : ndarray, shape (p, p)
        (X'V^-1 X)^-1 over sigma^2.
    root : ndarray, shape (p, p)
        A root of `xx_inverse`, in whose metric the next two are.
    changes : ndarray, shape (T + 1, p, p)
        By which the covariance of the fixed effects changes along each direction and log sigma^2.
    adjustment : ndarray, shape (p, p)
        What Kenward and Roger add to it.
    covariance : ndarray, shape (T + 1, T + 1)
        Inverse of the expected information of REML, log sigma^2 last.
    """

    gram: Gram
    directions: tuple[Direction, ...]
    relative: tuple[Array, ...]
    xx_inverse: Array
    root: Array
    changes: Array
    adjustment: Array
    covariance: Array


def variance_information(
    problem: Problem, inner: Array, kernel: CoreKernel | None = None
) -> VarianceInformation:
    """The expected information at an inner theta, that of REML also for fits by ML.

    Normal priors of the fixed effects count as rows of data; priors of variances do not count.
    `kernel` is one that stands there.

    Raises
    ------
    TooLargeError
        Crossed factors with too many levels.
    """
    if kernel is None:
        kernel = problem.kernel()
        evaluate_at(problem, kernel, inner)
    relative = tuple(t @ t.T for t in group_lambdas(problem, inner))
    moves = moves_at(problem.terms, [q for _, q in problem.products.sizes], inner)
    directions = moves.directions
    sums = gram(problem, relative)
    inverse = np.asarray(kernel.xx_inverse, dtype=np.float64)
    root: Array = np.linalg.cholesky(inverse).astype(np.float64, copy=False)
    rows = round(problem.nu + (0 if not problem.reml else problem.p))
    found = expected(sums, directions, root, rows, traces(sums, directions))
    adjustment = found.adjustment
    if moves.bends:
        bends = [bend.along(found.covariance[own, own]) for own, bend in moves.bends]
        whole = traces(sums, [*directions, *bends])
        adjustment = adjustment + curved(sums, directions, bends, root, rows, whole)
    return VarianceInformation(
        sums,
        directions,
        relative,
        inverse,
        root,
        found.changes,
        adjustment,
        found.covariance,
    )
