"""Columns that earlier ones determine, and orthogonal columns in their place, from sums.

Cross-products of nearly collinear columns lose the digits of what tells the columns apart. Often
these digits are in the forms: ``year:new`` and ``new`` differ by the deviations of year from its
mean, and these were summed. So the forms are orthogonalised, coefficient by coefficient, before
their products are summed. It is the Gram-Schmidt process, done twice for accuracy (Bjoerck 1994,
Numerical methods for least squares problems, section 2.4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ranef.errors import DataError
from ranef.sums.cells import Cells
from ranef.sums.forms import Form, combined, cross, largest
from ranef.types import Array

__all__ = ["LOST", "Orthogonal", "check_digits", "orthogonal"]

LOST = 1e-6
"""Sum of squares over that of its parts, below which more than six digits are lost."""

_DEPENDENT = 1e-14
"""Squared relative length of the residual of a column that others determine, as in memory."""

_ROUNDING = 4e-14
"""The same relative to the sum of its parts: a smaller residual is rounding error."""


@dataclass(frozen=True, slots=True)
class Orthogonal:
    """Columns in the order given, without those that earlier ones determine.

    Attributes
    ----------
    kept : tuple of int
    change : ndarray, shape (kept, kept)
        Upper triangular: the orthogonal columns, of mean square 1, are the kept ones times it.
    aliases : ndarray, shape (kept, dropped)
        The other columns are the kept ones times it.
    """

    kept: tuple[int, ...]
    change: Array = field(repr=False)
    aliases: Array = field(repr=False)


def orthogonal(
    columns: Sequence[Form], names: Sequence[str], cells: Cells, total: float
) -> Orthogonal:
    """Orthogonalise columns of mean square 1.

    Parameters
    ----------
    columns : sequence of Form
    names : sequence of str
        For the message.
    cells : Cells
    total : float
        The sum of the weights.

    Raises
    ------
    DataError
        The sums do not tell whether a column is determined by others.
    """
    p = len(columns)
    basis: list[Form] = []
    change, aliases, kept = np.zeros((p, p)), np.zeros((p, p)), list[int]()
    for j, column in enumerate(columns):
        rest, taken = column, np.zeros(len(basis))
        for _ in range(2):
            part = np.array([float(np.sum(cross(one, rest, cells))) for one in basis]) / total
            rest = combined([rest, *basis], [1.0, *-part])
            taken += part
        before = change[:, : len(basis)] @ taken
        square = float(np.sum(cross(rest, rest, cells))) / total
        parts = largest(rest, cells) / total
        if square <= max(_DEPENDENT, _ROUNDING * parts):
            aliases[:, j] = before
            continue
        if square < LOST * parts:
            raise DataError(
                "predictors are so nearly collinear that sums of products lose their digits",
                found=f"{names[j]} differs from a combination of earlier columns by "
                f"{np.sqrt(square):.1g} of its size",
                fix="leave one of them out, or read the data into memory",
            )
        length = np.sqrt(square)
        change[:, len(basis)] = -before / length
        change[j, len(basis)] = 1.0 / length
        basis.append(rest.scaled(0.0, length))
        kept.append(j)
    dropped = [j for j in range(p) if j not in kept]
    return Orthogonal(
        tuple(kept), change[np.ix_(kept, range(len(kept)))], aliases[np.ix_(kept, dropped)]
    )


def check_digits(columns: Sequence[Form], names: Sequence[str], cells: Cells, total: float) -> None:
    """Refuse columns of mean square 1 that are the small difference of large ones.

    Such is ``within(x, g)`` of an x whose groups lie a thousand times as far apart as its values
    within a group.

    Raises
    ------
    DataError
    """
    for name, column in zip(names, columns, strict=True):
        parts = largest(column, cells) / total
        if parts * LOST > 1.0:
            raise DataError(
                f"the sums hold too few digits of '{name}'",
                found=f"values {np.sqrt(parts):.2g} times as large as their deviations",
                fix="make this column in the data, or read the data into memory",
            )
