"""The default: Satterthwaite's method, without taking a variance estimated as zero as known."""

from __future__ import annotations

from collections.abc import Callable

from ranef.errors import ApproximationWarning, TooLargeError, warn
from ranef.inference.ddf.method import Fitted
from ranef.inference.ddf.off_face import off_the_face
from ranef.inference.ddf.satterthwaite import Satterthwaite
from ranef.inference.satterthwaite import VarianceDerivatives
from ranef.problem import Problem
from ranef.solve import Solution

__all__ = ["method", "moves_of"]


def method(fitted: Fitted) -> Satterthwaite:
    """The method for a fit."""
    moves = moves_of(fitted.problem, fitted.solution, fitted.estimates.sigma, fitted.derivatives)
    return Satterthwaite(fitted.estimates.vcov, moves, "auto")


def moves_of(
    problem: Problem,
    solution: Solution,
    sigma: float,
    along: Callable[[], VarianceDerivatives],
) -> VarianceDerivatives:
    """Exact derivatives at an interior optimum; at a singular one those in all directions.

    On the face of a singular fit a variance of zero is taken as known. Where it is not zero in
    truth, tests then reject true hypotheses up to three times as often as they should.

    Parameters
    ----------
    sigma : float
        On the data's scale.
    along : callable
        The derivatives along the face, which are all there are in the interior.
    """
    if problem.prior is not None or not solution.certificate.singular:
        return along()
    try:
        return off_the_face(problem, solution.inner, sigma).derivatives
    except TooLargeError as error:
        warn(
            ApproximationWarning,
            "degrees of freedom take variances of zero as known",
            found=str(error).splitlines()[0],
            fix="simulate with fit.bootstrap() where a test is near its limit",
        )
        return along()
