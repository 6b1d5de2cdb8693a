"""The predictors of a family beside eta, row by row."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from ranef.design.generalised_data import GeneralisedData
from ranef.frame import Table
from ranef.problem.generalised import GeneralisedProblem
from ranef.types import Array

__all__ = ["Designs", "psi_and_designs", "psi_of_rows", "psi_of_table"]

Designs = dict[str, tuple[int, Array | None]]
"""By part: its place in psi, and its columns, shape (rows, c); None for thresholds."""


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


def psi_and_designs(
    problem: GeneralisedProblem,
    data: GeneralisedData,
    coefficients: Array,
    wanted: Collection[str],
    table: Table | None,
) -> tuple[tuple[Array | float, ...], Designs]:
    """Some of the predictors, and the columns that they are made of.

    Parameters
    ----------
    wanted : collection of str
        Parts; the predictors of the others are 0.
    table : Table or None
        New data, or None for the rows of the fit.
    """
    psi: list[Array | float] = []
    designs: Designs = {}
    for place, (part, own) in enumerate(_parts(problem, coefficients)):
        if part not in wanted:
            psi.append(0.0)
            continue
        columns = None
        if part != "thresholds":
            made = data.parts[part]
            columns = made.columns.matrix() if table is None else made.encoding.fixed(table)
        designs[part] = (place, columns)
        psi.append(own if columns is None else columns @ own)
    return tuple(psi), designs


def _parts(problem: GeneralisedProblem, coefficients: Array) -> list[tuple[str, Array]]:
    out = []
    for part in problem.psi:
        place = problem.part(part.part)
        out.append((part.part, np.asarray(coefficients[place])))
    return out
