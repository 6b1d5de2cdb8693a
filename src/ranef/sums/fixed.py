"""The fixed part from sums: shifts and scales of its columns, and which of them are determined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ranef.core.given import ColumnsScaling
from ranef.design.aliased import Aliases
from ranef.sums.cells import Cells
from ranef.sums.forms import Form, cross
from ranef.sums.orthogonal import Orthogonal, check_digits, orthogonal
from ranef.types import Array

__all__ = ["FixedSums", "fixed_sums", "gram", "scaling_of_forms"]

COLLINEAR = 1e-6
"""Smallest eigenvalue of the correlations, below which the columns are orthogonalised first."""


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
    change : ndarray or None, shape (kept, kept)
        What makes orthogonal columns of nearly collinear ones, in scale.
    aliases : Aliases or None
    """

    kept: tuple[int, ...]
    scaling: ColumnsScaling
    response: tuple[float, float]
    change: Array | None = field(default=None, repr=False)
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

    The rule is that of :func:`~ranef.design.rank.dependent_columns`.

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
    check_digits(inner, names, cells, total)
    a = gram(inner, inner, cells) / total
    kept, change, aliases = tuple(range(len(forms))), None, None
    if not _is_clear(a):
        made = orthogonal(inner, names, cells, total)
        kept = made.kept
        change = None if _is_clear(a[np.ix_(kept, kept)]) else made.change
        aliases = _aliases(made, scaling, names, has_intercept)
    return FixedSums(
        kept,
        ColumnsScaling(scaling.shifts[list(kept)], scaling.scales[list(kept)], scaling.intercept),
        _mean_and_size(response, cells, has_intercept, total),
        change,
        aliases,
    )


def _is_clear(a: Array) -> bool:
    """Whether the columns with these cross-products are far from being collinear."""
    size = np.sqrt(np.diag(a))
    if not np.all(size > 0.0):
        return False
    return not size.size or float(np.linalg.eigvalsh(a / np.outer(size, size))[0]) >= COLLINEAR


def _mean_and_size(form: Form, cells: Cells, centred: bool, total: float) -> tuple[float, float]:
    mean = float(np.sum(cross(form, Form({0: 1.0}), cells))) / total if centred else 0.0
    moved = form.scaled(mean, 1.0)
    square = float(np.sum(cross(moved, moved, cells))) / total
    return mean, float(np.sqrt(square)) if square > 0.0 else 0.0


def _aliases(
    made: Orthogonal, scaling: ColumnsScaling, names: Sequence[str], has_intercept: bool
) -> Aliases | None:
    keep = list(made.kept)
    drop = [j for j in range(len(names)) if j not in made.kept]
    if not drop:
        return None
    inner = made.aliases.copy()
    if has_intercept:
        inner[0] = 0.0  # deviations from the means have none of it
    coefficients = inner / scaling.scales[keep][:, None] * scaling.scales[drop]
    origin = scaling.shifts.copy()
    if has_intercept:
        origin[0] = 1.0
    size = scaling.scales[drop] * 10.0  # a multiple of the spread stands for the largest deviation
    return Aliases(
        kept=made.kept,
        dropped=tuple(drop),
        names=tuple(names[j] for j in drop),
        coefficients=coefficients,
        origin=np.concatenate([origin[keep], origin[drop]]),
        size=size,
        slack=np.zeros(len(drop)),
    )
