"""Rows that equal each other in every variable of the model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ranef.formula import Formula
from ranef.formula.nodes import Name
from ranef.frame import Table
from ranef.types import Finding

__all__ = ["duplicate_findings"]

GENEROUS = 3.0
"""How much more often equal responses are let happen than among all rows: groups are alike."""

SURE = 5.0
"""Standard deviations above that."""


def duplicate_findings(formula: Formula, table: Table) -> Iterator[Finding]:
    """More repeated rows than responses of this many values give by chance.

    Rows with the same predictors and groups are compared in pairs. Two responses drawn from all
    rows are equal with probability sum p_v^2; the pairs seen to be equal are held against three
    times as many as that predicts, plus five Poisson standard deviations.
    """
    response = formula.response
    if not isinstance(response, Name):
        return
    names = [name for name in formula.variables() if name != response.name]
    cells = _cells([table[name].values for name in names], table.n_rows)
    values = _codes(table[response.name].values)
    rows = _cells([cells, values], table.n_rows)
    pairs, equal = _pairs(cells), _pairs(rows)
    share = np.bincount(values) / table.n_rows
    expected = GENEROUS * pairs * float(share @ share)
    if equal <= expected + SURE * np.sqrt(expected) or equal == 0:
        return
    repeated = table.n_rows - int(np.unique(rows).size)
    first = np.flatnonzero(np.bincount(rows)[rows] > 1)[:4]
    yield Finding(
        code="duplicated-rows",
        severity="warning",
        message=f"{repeated} rows repeat an earlier row in every variable of the model",
        evidence=f"of {table.n_rows} rows; about {expected / GENEROUS:.2g} pairs of equal rows "
        f"are expected by chance, {equal:.0f} are there",
        where="rows " + ", ".join(str(row) for row in first.tolist()) + " (from 0, of those used)",
        fix="see whether rows were copied when files were joined; copies make standard errors "
        "too small",
    )


def _codes(values: NDArray[np.generic]) -> NDArray[np.int64]:
    _, codes = np.unique(values, return_inverse=True)
    return np.asarray(codes, dtype=np.int64)


def _cells(columns: list[NDArray[np.generic]], n: int) -> NDArray[np.int64]:
    """A number for each combination of values."""
    cell = np.zeros(n, dtype=np.int64)
    for column in columns:
        codes = _codes(column)
        cell = _codes(cell * (int(codes.max(initial=0)) + 1) + codes)
    return cell


def _pairs(cells: NDArray[np.int64]) -> float:
    count = np.bincount(cells).astype(np.float64)
    return float(np.sum(count * (count - 1.0))) / 2.0
