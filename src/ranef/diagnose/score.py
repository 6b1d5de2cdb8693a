"""Score tests of covariances that a model does not have: no fit, one evaluation.

The criterion f before sigma is profiled out is a function of the relative covariances and log
sigma. With V_s the derivative of V along a direction dD_s and P the projection that removes X,

    df/dD_s = tr(P V_s) - Q_s / sigma^2,    Q_s = y'P V_s P y.

At the estimates of the model without that covariance the gradient has variance twice the expected
second derivative of f, tr(P V_s P V_t), the other parameters partialled out (Verbeke and
Molenberghs 2003, The use of score tests for inference on variance components, Biometrics 59,
254-262). The average information, the mean of observed and expected second derivatives (Gilmour,
Thompson and Cullis 1995), costs one solve for each parameter. Where the data ask for more variance
it is larger than the expected one, so that a test with it is on the cautious side. Where they ask
for less it is smaller: there the expected one is used, twice the average less the exact observed
one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ranef.core import Direction, Kernel
from ranef.problem import Problem
from ranef.problem.parameters import group_lambdas
from ranef.solve.face import face_of
from ranef.types import Array

__all__ = ["Less", "less_than_chance", "p_more"]

NOTHING = 1e-7
"""Share of a direction's information below which the parameters of the model have taken it up."""


def p_more(problem: Problem, kernel: Kernel, theta: Array, direction: Direction) -> float:
    """p value against more variance along a direction out of a model, one-sided.

    Parameters
    ----------
    problem : Problem
        Without a prior.
    kernel : Kernel
        Left at `theta`.
    theta : ndarray
        The estimates of the smaller model, in the inner coordinates of `problem`.
    direction : Direction
        Inner scale.

    Returns
    -------
    float
        1 where the criterion cannot be computed, or the model has taken up the direction.
    """
    from scipy import special

    if not kernel.evaluate(group_lambdas(problem, theta)):
        return 1.0
    new = np.flatnonzero(np.diag(direction.d))
    own = [
        other
        for other in face_of(problem, theta).directions
        if other.group != direction.group
        or not other.d[new].any()  # no covariance with what is new
    ]
    information = _left(kernel.average_information([*own, direction]))  # sigma is profiled out
    if information <= 0.0:
        return 1.0
    gradient = float(np.sum(kernel.gamma()[direction.group] * direction.d))
    return float(special.ndtr(gradient / np.sqrt(2.0 * information)))


@dataclass(frozen=True, slots=True)
class Less:
    """A variance that the data would have below zero.

    Attributes
    ----------
    observed, expected : float
        Q / sigma^2, and tr(P V_s), its mean under the model.
    information : float
        Expected second derivative of f, the other parameters partialled out; 0 where they take the
        direction up.
    """

    observed: float
    expected: float
    information: float

    @property
    def p_value(self) -> float:
        """Of as small a Q.

        Q is a sum of squares: its lower tail is taken as that of a multiple of chi-square with the
        same mean and variance (Satterthwaite 1946).
        """
        from scipy import special

        if not (self.information > 0.0 and self.expected > 0.0):
            return 1.0
        df = self.expected**2 / self.information
        return float(special.chdtr(df, max(self.observed, 0.0) / self.expected * df))


def less_than_chance(problem: Problem, kernel: Kernel, theta: Array, direction: Direction) -> Less:
    """The same against a negative variance; the criterion has been evaluated at `theta`."""
    directions = [*face_of(problem, theta).directions, direction]
    curvature = kernel.hessian(directions)
    gradient = float(np.sum(kernel.gamma()[direction.group] * direction.d))
    nu, relative = kernel.nu, curvature.r2 / kernel.r2
    observed = -nu * relative  # Q / sigma^2
    expected = observed.copy()  # at the optimum the two agree along the model's own directions
    expected[-1] += gradient
    k = len(directions)
    full = np.empty((k + 1, k + 1))
    full[:k, :k] = (
        2.0 * kernel.average_information(directions)
        - curvature.hessian
        + nu * np.outer(relative, relative)
    )
    full[:k, k] = full[k, :k] = 2.0 * expected
    full[k, k] = 4.0 * nu
    order = [*range(k - 1), k, k - 1]
    information = _left(full[np.ix_(order, order)])
    return Less(float(observed[-1]), float(expected[-1]), information)


def _left(matrix: Array) -> float:
    """What is left of the last diagonal element once the others are partialled out."""
    size = np.sqrt(np.maximum(np.diag(matrix), 1e-300))
    scaled = matrix / np.outer(size, size)
    cross = scaled[-1, :-1]
    inverse = np.linalg.pinv(scaled[:-1, :-1], rcond=1e-10, hermitian=True)
    left = float(scaled[-1, -1] - cross @ inverse @ cross) if cross.size else 1.0
    return float(size[-1] ** 2) * left if left > NOTHING else 0.0
