"""How vcov moves in all directions of the covariances, and what their expected information says.

Off the face of the boundary: a variance that is estimated as zero is an estimate like any other.
"""

from __future__ import annotations

from typing import NamedTuple

from ranef.inference.ddf.information import variance_information
from ranef.inference.satterthwaite import VarianceDerivatives
from ranef.problem import Problem
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
    found = variance_information(problem, inner)
    to_data = sigma * problem.scaling.R
    back = to_data @ found.root  # Phi^1/2 on the data's scale
    vcov = to_data @ found.xx_inverse @ to_data.T
    derivatives = VarianceDerivatives(vcov, back @ found.changes @ back.T, found.covariance)
    return OffFace(derivatives, back @ found.adjustment @ back.T)
