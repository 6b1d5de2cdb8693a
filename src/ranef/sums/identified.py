"""Whether sums show that the variances of a model are identified."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ranef.design import Design
from ranef.errors import DesignError
from ranef.sums.cells import Cells
from ranef.sums.forms import Form, cross, is_one
from ranef.sums.random import group_sums
from ranef.types import Array, Codes

__all__ = ["check_identified"]

_CLEAR = 1e-10
"""Smallest eigenvalue of correlations that are not those of dependent columns."""


def check_identified(
    design: Design, members: Sequence[int], z: Sequence[Form], cells: Cells, codes: Codes
) -> None:
    """Refuse a factor for which the two facts of :mod:`ranef.design.suspicion` do not hold.

    The rule is that of models in memory where it can be seen from sums: one level has more rows
    than random effects, and one level has independent columns.

    Parameters
    ----------
    design : Design
    members : sequence of int
        The terms of the factor, by position.
    z : sequence of Form
        Their columns.
    cells : Cells
        Those of the factor.
    codes : ndarray of int32, shape (cells,)
        Their levels.

    Raises
    ------
    DesignError
    """
    q = len(z)
    rows = np.bincount(codes, weights=cells.counts)
    term = design.terms[members[0]]
    if float(rows.max()) <= q:
        raise DesignError(
            f"the levels of '{term.factor}' have too few rows for their random effects",
            found=f"at most {int(rows.max())} row{'s' * (rows.max() > 1)} in a level, and {q} "
            f"random effect{'s' * (q > 1)}",
            fix="remove random effects, or use a coarser grouping factor",
        )
    largest = np.argsort(-rows, kind="stable")[: 4 * q + 64]
    if any(_are_independent(each) for each in _products(z, cells, codes, rows.size)[largest]):
        return
    centred = _about_means(z, cells)
    if any(_are_independent(each) for each in _products(centred, cells, codes, rows.size)[largest]):
        return
    constant = [name for k in members for name in _constant(design, k)]
    every = [name for k in members for name in design.terms[k].names]
    raise DesignError(
        f"random effects of '{term.factor}' cannot be told apart in any of its largest levels",
        found="columns " + ", ".join(constant or every),
        fix="remove the random slope of a variable that does not vary within the levels"
        if constant
        else "use fewer random effects",
    )


def _products(z: Sequence[Form], cells: Cells, codes: Codes, n_levels: int) -> Array:
    return group_sums(z, [], cells, codes, n_levels).random


def _are_independent(products: Array) -> bool:
    size = np.sqrt(np.diag(products))
    if not np.all(size > 0.0):
        return False
    return float(np.linalg.eigvalsh(products / np.outer(size, size))[0]) > _CLEAR


def _about_means(z: Sequence[Form], cells: Cells) -> list[Form]:
    """Columns with the same span, if one of them is constant: far from zero all look alike."""
    if not any(is_one(form) for form in z):
        return list(z)
    total = float(np.sum(cells.sum(0, 0)))
    one = Form({0: 1.0})
    means = [float(np.sum(cross(form, one, cells))) / total for form in z]
    return [
        form if is_one(form) else form.scaled(mean, 1.0)
        for form, mean in zip(z, means, strict=True)
    ]


def _constant(design: Design, k: int) -> list[str]:
    term = design.terms[k]
    return [term.names[j] for j in term.constant]
