"""Plain columns as a frame again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.frame import Table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["model_frame"]


def model_frame(table: Table, index: pd.Index[Any] | None = None) -> pd.DataFrame:
    """A table as a pandas frame: categories for factors, integers and truth where they were.

    `index` labels the rows.
    """
    import pandas as pd

    columns: dict[str, Any] = {}
    for name, column in table.columns.items():
        if column.kind == "factor":
            levels = pd.Index(list(column.levels))
            columns[name] = pd.Categorical.from_codes(column.values, levels, ordered=column.ordered)
        elif column.holds_truth:
            columns[name] = column.values.astype(bool)
        else:
            integral = "int" in column.source_type.lower() and not np.isnan(column.values).any()
            columns[name] = column.values.astype(np.int64 if integral else np.float64)
    return pd.DataFrame(columns, index=index)
