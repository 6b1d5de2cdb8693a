"""Centring and scaling of the columns of a part of a model that has no response of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ranef.core import column_scales
from ranef.types import Array

__all__ = ["PartScaling", "part_scaling"]


@dataclass(frozen=True, slots=True, eq=False)
class PartScaling:
    """How inner columns (column - shift) / scale follow from those of the data.

    Attributes
    ----------
    columns : tuple of ndarray or None, shape (n,)
        Inner columns; None is the constant 1.
    change : ndarray, shape (k, k)
        Coefficients on the data's scale are `change` times the inner ones.
    """

    columns: tuple[Array | None, ...] = field(repr=False)
    change: Array = field(repr=False)


def part_scaling(columns: Sequence[Array | None]) -> PartScaling:
    """Bring columns to unit size; with a constant among them the others are centred.

    Parameters
    ----------
    columns : sequence of ndarray or None, shape (n,)
        None is the constant 1.
    """
    constant = next((k for k, column in enumerate(columns) if column is None), None)
    numbers = [column for column in columns if column is not None]
    shifts, scales = column_scales(numbers, [constant is not None] * len(numbers))
    change = np.eye(len(columns))
    inner: list[Array | None] = []
    at = 0
    for k, column in enumerate(columns):
        if column is None:
            inner.append(None)
            continue
        inner.append(np.ascontiguousarray((column - shifts[at]) / scales[at]))
        change[k, k] = 1.0 / scales[at]
        if constant is not None:
            change[constant, k] = -shifts[at] / scales[at]
        at += 1
    return PartScaling(tuple(inner), change)
