"""Rows that equal each other in every variable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ranef.page.phrases import count, whole
from ranef.types import Finding

__all__ = ["first_rows", "repeated_rows"]

GENEROUS = 3.0
"""How much more often equal responses are let happen than among all rows: groups are alike."""

SURE = 5.0
"""Standard deviations above that."""


def repeated_rows(
    others: Sequence[NDArray[np.generic]], response: NDArray[np.generic], of: str
) -> Iterator[Finding]:
    """More repeated rows than responses of this many values give by chance.

    Rows that are equal in all other variables are compared in pairs. The chance that two responses
    are equal is taken from all other pairs; the pairs seen to be equal are held against three times
    as many as that predicts, plus five Poisson standard deviations.

    Parameters
    ----------
    others : sequence of ndarray, shape (n,)
        Values or codes of the other variables.
    response : ndarray, shape (n,)
    of : str
        What the variables are, for the message: ``"the model"``.
    """
    n = response.size
    cells = _cells(others, n)
    values = _codes(response)
    rows = _cells([cells, values], n)
    pairs, equal = _pairs(cells), _pairs(rows)
    elsewhere = 0.5 * n * (n - 1) - pairs
    chance = (_pairs(values) - equal) / elsewhere if elsewhere > 0 else 1.0
    expected = GENEROUS * pairs * chance
    if equal <= expected + SURE * np.sqrt(expected) or equal == 0:
        return
    repeated = n - int(np.unique(rows).size)
    first = np.flatnonzero(np.bincount(rows)[rows] > 1)[:4]
    yield Finding(
        code="duplicated-rows",
        severity="warning",
        message=f"{count(repeated, 'row repeats', 'rows repeat')} an earlier row in every "
        f"variable of {of}",
        evidence=f"of {count(n, 'row')}; {_number(expected / GENEROUS)} pairs of equal rows are "
        f"expected by chance, {whole(equal)} {'are' if equal > 1 else 'is'} there",
        where="rows " + ", ".join(str(row) for row in first.tolist()) + " (from 0, of those used)",
        fix="see whether rows were copied when files were joined; copies make standard errors "
        "too small",
    )


def first_rows(columns: Sequence[NDArray[np.generic]]) -> NDArray[np.bool_]:
    """Rows that equal no earlier row in every column.

    Examples
    --------
    >>> first_rows([np.array([1.0, 2.0, 1.0]), np.array([5.0, 5.0, 5.0])]).tolist()
    [True, True, False]
    """
    n = columns[0].size
    _, first = np.unique(_cells(columns, n), return_index=True)
    kept = np.zeros(n, dtype=np.bool_)
    kept[first] = True
    return kept


def _number(expected: float) -> str:
    return f"about {expected:.2g}" if expected > 0.0 else "no"


def _codes(values: NDArray[np.generic]) -> NDArray[np.int64]:
    _, codes = np.unique(values, return_inverse=True)
    return np.asarray(codes, dtype=np.int64)


def _cells(columns: Sequence[NDArray[np.generic]], n: int) -> NDArray[np.int64]:
    """A number for each combination of values."""
    cell = np.zeros(n, dtype=np.int64)
    for column in columns:
        codes = _codes(column)
        cell = _codes(cell * (int(codes.max(initial=0)) + 1) + codes)
    return cell


def _pairs(cells: NDArray[np.int64]) -> float:
    sizes = np.bincount(cells).astype(np.float64)
    return float(np.sum(sizes * (sizes - 1.0))) / 2.0
