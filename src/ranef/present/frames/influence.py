"""Frames of influence: by level left out, by row, and the level-2 residuals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.core import TermLabel
from ranef.design.terms import RandomTerm
from ranef.formula.naming import set_apart
from ranef.inference.group_residuals import GroupResiduals
from ranef.inference.influence import LeftOut, Units
from ranef.inference.row_influence import RowInfluence

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["group_frame", "influence_frame", "row_frame"]

MEASURES = ("rows", "cooks_distance", "mdffits", "covtrace", "covratio")
FLAGS = ("singular", "converged", "method")
OF_ROWS = (
    "cooks_distance",
    "cooks_distance_conditional",
    "leverage",
    "leverage_fixed",
    "standardized",
)


def influence_frame(left_out: LeftOut, units: Units) -> tuple[pd.DataFrame, dict[str, float]]:
    """One row a level, and the estimates of all rows by the names of their columns."""
    import pandas as pd

    names = set_apart([p.name for p in left_out.parameters], (*MEASURES, *FLAGS))
    columns: dict[str, Any] = {name: getattr(left_out, name) for name in (*MEASURES, *FLAGS)}
    change = left_out.values - left_out.estimates
    columns |= {name: change[:, k].copy() for k, name in enumerate(names)}
    frame = pd.DataFrame(columns, index=pd.Index(list(units.levels), name=units.name))
    return frame, dict(zip(names, left_out.estimates.tolist(), strict=True))


def row_frame(
    found: RowInfluence, x_names: Sequence[str], units: Units
) -> tuple[pd.DataFrame, list[str]]:
    """One row a row of the data, and the names of the columns of changes."""
    import pandas as pd

    names = set_apart(x_names, OF_ROWS)
    columns = {name: getattr(found, name) for name in OF_ROWS}
    columns |= {name: found.change[:, k].copy() for k, name in enumerate(names)}
    return pd.DataFrame(columns, index=pd.Index(list(units.levels))), names


def group_frame(
    factor: str, term: RandomTerm, labels: Sequence[TermLabel], found: GroupResiduals
) -> pd.DataFrame:
    """Level-2 residuals, one row a level."""
    import pandas as pd

    names: list[str] = []
    for k in found.terms:
        names += [n if n not in names else f"{n}.{labels[k].label}" for n in labels[k].names]
    beside = {"rows", *(name + end for name in names for end in ("_ols", "_standardized"))}
    keys = iter(set_apart(names, beside))
    columns: dict[str, Any] = {"rows": np.bincount(term.codes, minlength=term.n_levels)}
    for shrunken, least, standardized in zip(
        found.shrunken, found.least_squares, found.standardized, strict=True
    ):
        for i in range(shrunken.shape[1]):
            key = next(keys)
            columns[key] = shrunken[:, i].copy()
            columns[f"{key}_ols"] = least[:, i].copy()
            columns[f"{key}_standardized"] = standardized[:, i].copy()
    return pd.DataFrame(columns, index=pd.Index(list(term.levels), name=factor))
