"""Whether sums show that the variances of a model are identified."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ranef.core.given import GroupSums
from ranef.design import Design
from ranef.errors import DesignError
from ranef.types import Array, Codes

__all__ = ["check_identified"]

_CLEAR = 1e-10
"""Smallest eigenvalue of correlations that are not those of dependent columns."""


def check_identified(
    design: Design, members: Sequence[int], sums: GroupSums, counts: Array, codes: Codes
) -> None:
    """Refuse a factor for which the two facts of :mod:`ranef.design.suspicion` do not hold.

    The rule is that of models in memory where it can be seen from sums: one level has more rows
    than random effects, and one level has independent columns.

    Parameters
    ----------
    design : Design
    members : sequence of int
        The terms of the factor, by position.
    sums : GroupSums
    counts : ndarray, shape (cells,)
        Rows.
    codes : ndarray of int32, shape (cells,)
        Their levels.

    Raises
    ------
    DesignError
    """
    random = sums.random
    n_levels, q, _ = random.shape
    rows = np.bincount(codes, weights=counts, minlength=n_levels)
    term = design.terms[members[0]]
    if float(rows.max()) <= q:
        raise DesignError(
            f"the levels of '{term.factor}' have too few rows for their random effects",
            found=f"at most {int(rows.max())} row{'s' * (rows.max() > 1)} in a level, and {q} "
            f"random effect{'s' * (q > 1)}",
            fix="remove random effects, or use a coarser grouping factor",
        )
    size = np.sqrt(np.einsum("lii->li", random))
    for level in np.argsort(-rows, kind="stable")[: 4 * q + 64]:
        if np.all(size[level] > 0.0):
            correlations = random[level] / np.outer(size[level], size[level])
            if float(np.linalg.eigvalsh(correlations)[0]) > _CLEAR:
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


def _constant(design: Design, k: int) -> list[str]:
    term = design.terms[k]
    return [term.names[j] for j in term.constant]
