"""Whether the data can tell the random effects from the residuals."""

from __future__ import annotations

import numpy as np

from ranef.design.design import Design
from ranef.errors import DesignError
from ranef.formula.naming import typed
from ranef.types import RandomTerm

__all__ = ["check_identifiable"]


def check_identifiable(design: Design, weighted: bool) -> None:
    """Raise where the variances of a linear model are not identified.

    Parameters
    ----------
    design : Design
    weighted : bool
        Whether the rows have precision weights of their own. Unequal weights tell the residual
        variance from a variance between single rows, so nothing is raised then.

    Raises
    ------
    DesignError
        Every level of a grouping factor has at most as many rows as it has random effects, and
        there are at least as many random effects as rows: any residual variance can be moved
        into the random effects.
    """
    if weighted:
        return
    by_factor: dict[int, list[RandomTerm]] = {}
    for term in design.terms:
        by_factor.setdefault(id(term.codes), []).append(term)
    for terms in by_factor.values():
        _check_factor(terms, design.n)


def _check_factor(terms: list[RandomTerm], n: int) -> None:
    first = terms[0]
    q = sum(term.q for term in terms)
    if q * first.n_levels < n:
        return
    most_rows = int(np.bincount(first.codes).max())
    if most_rows > q:
        return
    if q == 1:
        raise DesignError(
            f"'{first.factor}' has as many levels as there are rows",
            found=f"{first.n_levels} levels, {n} rows: its variance and the residual variance "
            "cannot be told apart",
            fix=f"remove the random part of '{first.factor}', or use data with several rows "
            "in a level",
        )
    names = ", ".join(name for term in terms for name in term.names)
    raise DesignError(
        f"'{first.factor}' has too many random effects for its rows",
        found=f"{q} random effects ({names}) for each of {first.n_levels} levels, "
        f"at most {most_rows} rows in a level, {n} rows in all",
        fix=f"use fewer random effects, as in (1 | {typed(first.factor)})",
    )
