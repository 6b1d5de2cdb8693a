"""Hand a data frame to workers of both languages: Feather for Python, plain columns for R."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

__all__ = ["write"]


def write(frame: pd.DataFrame, folder: Path) -> Path:
    """Write `frame` into `folder`: ``data.feather``, and ``columns.json`` with a file a column.

    Columns are numbers or categories; numbers that are whole and fit into 32 bits reach R as
    integers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    frame.to_feather(folder / "data.feather", compression="uncompressed")
    columns = []
    for i, name in enumerate(frame.columns):
        record: dict[str, object] = {"name": name, "file": f"{i}.bin", "rows": len(frame)}
        column = frame[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            record |= {"type": "factor", "levels": [str(c) for c in column.cat.categories]}
            values = column.cat.codes.to_numpy(dtype=np.int32)
        elif pd.api.types.is_integer_dtype(column):
            record["type"] = "integer"
            values = column.to_numpy(dtype=np.int32)
        else:
            record["type"] = "double"
            values = column.to_numpy(dtype=np.float64)
        values.tofile(folder / f"{i}.bin")
        columns.append(record)
    (folder / "columns.json").write_text(json.dumps(columns), encoding="utf-8")
    return folder
