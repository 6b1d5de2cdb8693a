"""The fixed part from sums: shifts and scales of its columns, and which of them are determined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ranef.core.given import ColumnsScaling
from ranef.design.aliased import Aliases
from ranef.errors import DataError
from ranef.sums.cells import Cells
from ranef.sums.forms import Form, cross
from ranef.types import Array

__all__ = ["FixedSums", "fixed_sums", "gram", "scaling_of_forms"]

DEPENDENT = 4e-14
"""Squared relative length of what is left of a column, below which it is rounding of the sums.

Columns in memory are left out below 1e-14. What lies between the two is refused as too nearly
collinear, so that nothing is left out that memory would keep."""

COLLINEAR = 1e-6
"""Smallest eigenvalue of the correlations, below which sums have lost too many digits."""


@dataclass(frozen=True, slots=True)
class FixedSums:
    """The fixed part of a model, from sums.

    Attributes
    ----------
    kept : tuple of int
        Columns that earlier ones do not determine.
    scaling : ColumnsScaling
        Of these.
    response : tuple of float
        Shift and scale.
    aliases : Aliases or None
    """

    kept: tuple[int, ...]
    scaling: ColumnsScaling
    response: tuple[float, float]
    aliases: Aliases | None = field(default=None, repr=False)


def gram(left: Sequence[Form], right: Sequence[Form], cells: Cells) -> Array:
    """Sums over all rows of the products of two lists of forms."""
    out = np.empty((len(left), len(right)))
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            out[i, j] = out[j, i] if left is right and j < i else float(np.sum(cross(a, b, cells)))
    return out


def scaling_of_forms(
    forms: Sequence[Form], cells: Cells, intercept: int, total: float
) -> ColumnsScaling:
    """Means, if an intercept takes them up, and root mean squares about them."""
    shifts, scales = np.zeros(len(forms)), np.ones(len(forms))
    for j, form in enumerate(forms):
        if j == intercept:
            continue
        shifts[j], size = _mean_and_size(form, cells, intercept >= 0, total)
        scales[j] = size or 1.0
    return ColumnsScaling(shifts, scales, intercept)


def fixed_sums(
    forms: Sequence[Form],
    names: Sequence[str],
    response: Form,
    cells: Cells,
    has_intercept: bool,
) -> FixedSums:
    """Scale the columns, and leave out those that earlier ones determine.

    The rule of :func:`~ranef.design.rank.dependent_columns` on sums of products: a Cholesky
    factorisation in the order of the columns.

    Raises
    ------
    DataError
        Columns so nearly collinear that sums do not hold the digits.
    """
    total = float(np.sum(cells.sum(0, 0)))
    scaling = scaling_of_forms(forms, cells, 0 if has_intercept else -1, total)
    inner = [
        form.scaled(shift, scale)
        for form, shift, scale in zip(forms, scaling.shifts, scaling.scales, strict=True)
    ]
    a = gram(inner, inner, cells) / total
    dependent = _dependent(a)
    kept = tuple(np.flatnonzero(~dependent).tolist())
    if kept:
        own = a[np.ix_(kept, kept)]
        length = np.sqrt(np.diag(own))
        smallest = float(np.linalg.eigvalsh(own / np.outer(length, length))[0])
        if smallest < COLLINEAR:
            raise DataError(
                "the predictors are so nearly collinear that sums of products lose their digits",
                found=f"smallest eigenvalue of their correlations {smallest:.2g}, at least "
                f"{COLLINEAR:g}: {', '.join(names[j] for j in kept)}",
                fix="leave one of them out or centre them, or read the data into memory",
            )
    of_response = _mean_and_size(response, cells, has_intercept, total)
    return FixedSums(
        kept,
        ColumnsScaling(scaling.shifts[list(kept)], scaling.scales[list(kept)], scaling.intercept),
        of_response,
        _aliases(a, scaling, kept, dependent, names, has_intercept),
    )


def _mean_and_size(form: Form, cells: Cells, centred: bool, total: float) -> tuple[float, float]:
    mean = float(np.sum(cross(form, Form({0: 1.0}), cells))) / total if centred else 0.0
    moved = form.scaled(mean, 1.0)
    square = float(np.sum(cross(moved, moved, cells))) / total
    return mean, float(np.sqrt(square)) if square > 0.0 else 0.0


def _dependent(a: Array) -> NDArray[np.bool_]:
    """Columns that those before them determine, from cross-products of columns of unit size."""
    p = a.shape[0]
    root = np.zeros((p, p))
    flags = np.zeros(p, dtype=np.bool_)
    for j in range(p):
        left = np.zeros(p)
        for k in range(j):
            if not flags[k]:
                left[k] = (a[j, k] - root[k, :k] @ left[:k]) / root[k, k]
        rest = a[j, j] - left @ left
        if rest <= DEPENDENT * max(a[j, j], 1.0):
            flags[j] = True
            continue
        root[j, :j] = left[:j]
        root[j, j] = np.sqrt(rest)
    return flags


def _aliases(
    a: Array,
    scaling: ColumnsScaling,
    kept: tuple[int, ...],
    dependent: NDArray[np.bool_],
    names: Sequence[str],
    has_intercept: bool,
) -> Aliases | None:
    dropped = tuple(np.flatnonzero(dependent).tolist())
    if not dropped:
        return None
    keep, drop = list(kept), list(dropped)
    inner = np.linalg.lstsq(a[np.ix_(keep, keep)], a[np.ix_(keep, drop)], rcond=1e-14)[0]
    if has_intercept:
        inner[0] = 0.0  # deviations from the means have none of it
    coefficients = inner / scaling.scales[keep][:, None] * scaling.scales[drop]
    origin = scaling.shifts.copy()
    if has_intercept:
        origin[0] = 1.0
    size = scaling.scales[drop] * 10.0  # a multiple of the spread stands for the largest deviation
    return Aliases(
        kept=kept,
        dropped=dropped,
        names=tuple(names[j] for j in dropped),
        coefficients=coefficients,
        origin=np.concatenate([origin[keep], origin[drop]]),
        size=size,
        slack=np.zeros(len(drop)),
    )
