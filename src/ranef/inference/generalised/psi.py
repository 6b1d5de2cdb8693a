"""The predictors of a family beside eta, row by row."""

from __future__ import annotations

import numpy as np

from ranef.design.generalised_data import GeneralisedData
from ranef.frame import Table
from ranef.problem.generalised import GeneralisedProblem
from ranef.types import Array

__all__ = ["psi_of_rows", "psi_of_table"]


def psi_of_rows(
    problem: GeneralisedProblem, data: GeneralisedData, coefficients: Array
) -> tuple[Array, ...]:
    """The predictors of the rows of a fit, shape (n,) each; thresholds as one vector.

    Parameters
    ----------
    coefficients : ndarray, shape (m,)
        All of them, on the data's scale.
    """
    return tuple(
        own if part == "thresholds" else data.parts[part].columns.matrix() @ own
        for part, own in _parts(problem, coefficients)
    )


def psi_of_table(
    problem: GeneralisedProblem, data: GeneralisedData, coefficients: Array, table: Table
) -> tuple[Array, ...]:
    """The same for the rows of new data."""
    return tuple(
        own if part == "thresholds" else data.parts[part].encoding.fixed(table) @ own
        for part, own in _parts(problem, coefficients)
    )


def _parts(problem: GeneralisedProblem, coefficients: Array) -> list[tuple[str, Array]]:
    out = []
    for part in problem.psi:
        place = problem.part(part.part)
        out.append((part.part, np.asarray(coefficients[place])))
    return out
