"""The rows of a generalised fit at the conditional modes: means, variances, what a fit takes up."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ranef.diagnose.generalised.subject import GeneralisedSubject
from ranef.family import Psi
from ranef.inference.generalised.conditional import modes
from ranef.inference.generalised.psi import psi_of_rows
from ranef.inference.rows import fixed_part, random_part
from ranef.types import Array

__all__ = ["AtModes", "at_modes"]


@dataclass(frozen=True, slots=True)
class AtModes:
    """Rows at the modes.

    Attributes
    ----------
    eta : ndarray, shape (n,)
    psi : sequence of ndarray
        The family's other predictors.
    mean, variance : ndarray, shape (n,)
        Of the response.
    leverage : ndarray, shape (n,)
        Share of each row that its own random effects take up, the fixed effects known.
    """

    eta: Array = field(repr=False)
    psi: Psi = field(repr=False)
    mean: Array = field(repr=False)
    variance: Array = field(repr=False)
    leverage: Array = field(repr=False)


def at_modes(subject: GeneralisedSubject) -> AtModes:
    """Evaluate the rows of a fit."""
    data, solution, family = subject.data, subject.solution, subject.family
    blocks = [(term.codes, term.Z) for term in data.design.terms]
    fixed = fixed_part(data.design.X, subject.estimates.beta, data.offset)
    eta = fixed + random_part(blocks, modes(solution))
    psi = psi_of_rows(subject.problem, data, subject.estimates.coefficients)
    variance = family.variance(eta, psi, data.weights)
    with solution.standing.ask() as kernel:
        spread = kernel.row_variances(solution.problem.rows.groups)
    with np.errstate(all="ignore"):
        leverage = family.mean_slope(eta, psi) ** 2 / variance * spread
    return AtModes(eta, psi, family.mean(eta, psi), variance, np.clip(leverage, 0.0, 1.0))
