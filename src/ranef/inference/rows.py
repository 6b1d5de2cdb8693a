"""Fitted values, residuals and leverages, row by row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ranef.core import CoreKernel, Rows, row_variances
from ranef.design import Design
from ranef.errors import TooLargeError
from ranef.options import one_of, shown
from ranef.page.phrases import count
from ranef.problem import Problem
from ranef.solve import Solution
from ranef.solve.solution import at_solution
from ranef.types import Array, Codes

__all__ = [
    "OF_MODEL",
    "RESIDUALS",
    "checked_kind",
    "fixed_part",
    "leverages",
    "leverages_at",
    "random_part",
    "residuals",
]

OF_MODEL = ("normalized", "standardized", "whitened")
"""Kinds of residuals that take more than the fitted values."""

RESIDUALS = ("response", "pearson", "deviance", "working", "marginal", *OF_MODEL)


def fixed_part(x: Array, beta: Array, offset: Array | None) -> Array:
    """X beta, plus the offset."""
    mean = x @ beta
    return mean if offset is None else mean + offset


def random_part(blocks: Sequence[tuple[Codes, Array]], modes: Sequence[Array]) -> Array:
    """Sum of Z_k b_k over the terms; rows with code -1 get nothing from that term.

    Without terms a single 0.
    """
    if not blocks:
        return np.zeros(())
    total = np.zeros(blocks[0][0].shape[0])
    for (codes, z), b in zip(blocks, modes, strict=True):
        known = codes >= 0
        part = np.einsum("ij,ij->i", z, b[np.where(known, codes, 0)])
        total += np.where(known, part, 0.0)
    return total


def checked_kind(kind: str) -> str:
    """A kind of residuals.

    Raises
    ------
    OptionError
    """
    return str(one_of("kind", kind, RESIDUALS, what=f"unknown kind of residuals {shown(kind)}"))


def residuals(y: Array, fitted: Array, weights: Array | None, kind: str) -> Array:
    """Residuals: ``pearson`` and ``deviance`` are multiplied by the root of the weights."""
    raw = y - fitted
    if kind in ("pearson", "deviance") and weights is not None:
        return np.asarray(np.sqrt(weights) * raw)
    return np.asarray(raw)


def leverages(
    problem: Problem, solution: Solution, design: Design, y: Array, weights: Array | None
) -> Array:
    """Diagonal of the map from y to the fitted values, at the estimated variances."""
    with at_solution(problem, solution) as kernel:
        return leverages_at(kernel, problem.rows_of(design, y, weights), "this answer")


def leverages_at(kernel: CoreKernel, rows: Rows, what: str) -> Array:
    """The same at the variances of a kernel, for `what` in words.

    Raises
    ------
    TooLargeError
        Crossed factors are solved by iterations, and the rows are too many for a solve each.
    """
    try:
        return row_variances(kernel, rows)
    except TooLargeError:
        raise TooLargeError(
            f"{what} needs the leverage of every row, and the variances of so many rows need an "
            "exact factorisation of the crossed factors",
            found=count(rows.y.size, "row"),
            fix="fit with control=rn.Control(crossed='exact') if memory allows, or fit the rows of "
            "a sample of the levels",
        ) from None
