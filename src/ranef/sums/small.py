"""How much moments tell about single rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ranef.options import whole
from ranef.sums.held import Held
from ranef.sums.sums import COUNT

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["small_cells"]


def small_cells(moments: Held, k: int = 10) -> pd.DataFrame:
    """Cells with few rows, by table of sums.

    Parameters
    ----------
    moments : Moments
    k : int

    Returns
    -------
    DataFrame
        Index: what the cells are of. Columns: cells, below (with fewer than `k` rows), single (of
        one row: its sums are the row itself).
    """
    import pandas as pd

    whole("k", k, least=1, most=10**12, of="the number of rows")
    plan = moments.plan
    named = [" and ".join(plan.cell_keys(i)) for i in range(len(plan.factors))] or [
        " and ".join(plan.keys) or "all rows"
    ]
    named += [" and ".join(plan.cell_keys(*pair)) for pair in plan.pairs]
    named += [f"means of {own.text}" for own in plan.means]
    tables = (*moments.cells, *moments.pairs, *moments.means)
    rows = []
    for table in tables:
        counts = np.asarray(table.column(COUNT).to_numpy(zero_copy_only=False))
        rows.append((counts.size, int((counts < k).sum()), int((counts == 1).sum())))
    return pd.DataFrame(rows, columns=["cells", "below", "single"], index=named)
