"""The format of files of moments: tables of numbers and names with a description, and no code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from ranef.sums.agreement import agreement
from ranef.sums.record import MomentsRecord

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FORMAT", "KEY", "PARTS", "contents", "fingerprint", "holds_moments"]

FORMAT = 1
KEY = b"ranef moments"
"""The metadata that hold the description."""

PARTS = ("cells", "pairs", "means")
"""The tables, in the order of their numbers in the file."""


def fingerprint(moments: MomentsRecord) -> str:
    """A hash of all that has to be equal in moments that are added."""
    import hashlib

    text = json.dumps(agreement(moments), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def holds_moments(schema: pa.Schema) -> bool:
    """Whether the schema of a Parquet file is that of moments."""
    return KEY in (schema.metadata or {})


def contents(table: pa.Table) -> str:
    """A hash of all numbers and names, so that one that has changed is seen."""
    import hashlib

    import pyarrow as pa

    made = hashlib.sha256()
    for name in sorted(table.column_names):
        column = table.column(name).combine_chunks()
        made.update(f"{name}:{len(column)}:{column.null_count};".encode())
        if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
            values = np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)
            made.update(values[~np.isnan(values)].tobytes())
        else:
            made.update(json.dumps(column.to_pylist(), default=str).encode())
    return made.hexdigest()[:16]
