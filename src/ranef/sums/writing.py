"""Moments to a file."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ranef.errors import OptionError
from ranef.sums.format import FORMAT, KEY, PARTS, contents, fingerprint
from ranef.sums.record import MomentsRecord

__all__ = ["write_moments"]


def write_moments(moments: MomentsRecord, path: Any) -> None:
    """Write moments to a file, which appears when it is complete.

    Raises
    ------
    OptionError
        The file cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not isinstance(path, str | os.PathLike) or not os.fspath(path) or "\0" in str(path):
        raise OptionError(
            "path is the name of a file",
            found=f"path of type {type(path).__name__}",
            fix='name one that is to hold the moments: moments.save("site.parquet")',
        )
    target = Path(os.fsdecode(path))
    tables = []
    for part, what in enumerate(PARTS):
        for k, table in enumerate(getattr(moments, what)):
            place = pa.array(np.full(table.num_rows, 1000 * part + k, dtype=np.int32))
            tables.append(table.append_column("table", place))
    together = pa.concat_tables(tables, promote_options="permissive")
    described = json.dumps({**_described(moments), "contents": contents(together)}).encode()
    together = together.replace_schema_metadata({KEY: described})
    waiting = target.with_name(f".{target.name}.part")
    try:
        pq.write_table(together, waiting, compression="zstd")
        waiting.replace(target)
    except OSError as error:
        raise OptionError(
            "the moments cannot be written",
            where=str(target),
            found=error.strerror or str(error),
            fix="give a path in a folder that exists, on a disk with room",
        ) from error
    finally:
        waiting.unlink(missing_ok=True)


def _described(moments: MomentsRecord) -> dict[str, Any]:
    from ranef._version import __version__

    plan, missing = moments.plan, moments.missing
    return {
        "format": FORMAT,
        "ranef": __version__,
        "formula": plan.formula.text,
        "kinds": dict(plan.kinds),
        "truth": list(plan.truth),
        "weights": plan.weights,
        "offset": plan.offset,
        "columns": [column.text for column in plan.columns],
        "shifts": moments.shifts.tolist(),
        "scales": moments.scales.tolist(),
        "orders": {name: list(levels) for name, levels in moments.orders.items()},
        "settled": {name: sorted(levels, key=str) for name, levels in moments.settled.items()},
        "rows": moments.n,
        "rows in all": missing.n_total,
        "missing": dict(missing.by_column),
        "sum of log weights": moments.sum_log_weights,
        "numbers": {name: asdict(own) for name, own in moments.numbers.items()},
        "fingerprint": fingerprint(moments),
        "tables": {
            what: [table.column_names for table in getattr(moments, what)] for what in PARTS
        },
    }
