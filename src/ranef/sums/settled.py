"""Categories that are settled: those of a fit, whose coefficients keep their meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from ranef.errors import DataError
from ranef.formula.terms import Term
from ranef.sums.held import Held
from ranef.sums.products import category_column
from ranef.sums.sums import key_name

__all__ = ["check_settled", "settled"]

Kind = TypeVar("Kind", bound=Held)

SHOWN = 8


def settled(moments: Kind) -> Kind:
    """The same moments, to which rows with new levels of the fixed part do not add.

    Levels of grouping factors may be new: a random effect more changes no other one.
    """
    plan = moments.plan
    groups = {name for factor in plan.factors for name in factor}
    terms: list[Term] = [*plan.formula.fixed]
    columns = [category_column(factor, plan.kinds) for term in terms for factor in term.factors]
    names = [name for name in dict.fromkeys(columns) if name is not None and name not in groups]
    return replace(moments, settled={name: _levels(moments, name) for name in names})


def check_settled(parts: Sequence[Held]) -> None:
    """Refuse parts with levels that the fit of another one does not have.

    Raises
    ------
    DataError
        With the level.
    """
    for part in parts:
        for name, known in part.settled.items():
            for other in parts:
                new = sorted(_levels(other, name) - known, key=str)
                if new:
                    levels = sorted(map(str, known))
                    raise DataError(
                        f"'{name}' has a level that the fit does not have: '{new[0]}'",
                        found="levels of the fit "
                        + ", ".join(levels[:SHOWN])
                        + (", ..." if len(levels) > SHOWN else ""),
                        fix="a new level changes the coefficients: leave these rows out, or add "
                        "the moments of all rows, rn.moments(formula, data), and fit them",
                    )


def _levels(moments: Held, name: str) -> frozenset[object]:
    return frozenset(moments.cells[0].column(key_name(name)).unique().to_pylist())
