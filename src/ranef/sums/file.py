"""Moments in a Parquet file: tables of numbers and names with a description, and no code."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ranef.errors import DataError, OptionError, RanefError
from ranef.formula import parse
from ranef.sums.held import Held
from ranef.sums.merge import agreement
from ranef.sums.numbers import NumberSums
from ranef.sums.plan import Plan, make_plan
from ranef.types import MissingRows

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FORMAT", "fingerprint", "holds_moments", "read_held", "write_moments"]

Kind = TypeVar("Kind", bound=Held)

FORMAT = 1
_KEY = b"ranef moments"
_PARTS = ("cells", "pairs", "means")


def fingerprint(moments: Held) -> str:
    """A hash of all that has to be equal in moments that are added."""
    import hashlib

    text = json.dumps(agreement(moments), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def holds_moments(schema: pa.Schema) -> bool:
    """Whether the schema of a Parquet file is that of moments."""
    return _KEY in (schema.metadata or {})


def write_moments(moments: Held, path: Any) -> None:
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
    for part, what in enumerate(_PARTS):
        for k, table in enumerate(getattr(moments, what)):
            place = pa.array(np.full(table.num_rows, 1000 * part + k, dtype=np.int32))
            tables.append(table.append_column("table", place))
    together = pa.concat_tables(tables, promote_options="permissive")
    described = json.dumps({**_described(moments), "contents": _contents(together)}).encode()
    together = together.replace_schema_metadata({_KEY: described})
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


def read_held(path: Any, kind: type[Kind]) -> Kind:
    """Read a file that ``moments.save`` has written.

    Raises
    ------
    DataError
        The file is damaged, of another format, or holds no moments.
    OptionError
        It cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    name = str(path)
    try:
        table = pq.read_table(os.fspath(path))
    except OSError as error:
        if isinstance(error, FileNotFoundError) or not isinstance(error, pa.ArrowException):
            raise OptionError(
                "the moments cannot be read",
                where=name,
                found=str(error).splitlines()[0],
                fix="give the path of a file that moments.save() has written",
            ) from error
        raise _damaged(name, str(error)) from error
    except pa.ArrowException as error:
        raise _damaged(name, str(error)) from error
    metadata = table.schema.metadata or {}
    if not holds_moments(table.schema):
        raise _damaged(name, "a Parquet file without moments")
    try:
        described = json.loads(metadata[_KEY])
        if described.get("format") != FORMAT:
            raise DataError(
                "the moments are of another format",
                where=name,
                found=f"format {described.get('format')}, by ranef {described.get('ranef')}",
                fix=f"make them again: this version reads format {FORMAT}",
            )
        made = _made(described, table, name, kind)
        if _contents(table) != described["contents"]:
            raise _damaged(name, "numbers or names that are not those that were written")
        return made
    except (KeyError, TypeError, ValueError, IndexError, AssertionError) as error:
        raise _damaged(name, str(error)) from error
    except RanefError as error:
        if isinstance(error, DataError):
            raise
        raise _damaged(name, error.what) from error


def _described(moments: Held) -> dict[str, Any]:
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
        "rows": moments.n,
        "rows in all": missing.n_total,
        "missing": dict(missing.by_column),
        "sum of log weights": moments.sum_log_weights,
        "numbers": {name: asdict(own) for name, own in moments.numbers.items()},
        "fingerprint": fingerprint(moments),
        "tables": {
            what: [table.column_names for table in getattr(moments, what)] for what in _PARTS
        },
    }


def _contents(table: pa.Table) -> str:
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


def _made(described: Mapping[str, Any], table: pa.Table, name: str, kind: type[Kind]) -> Kind:
    plan: Plan = make_plan(
        parse(
            described["formula"],
            random="|" in described["formula"],
        ),
        described["kinds"],
        described["weights"],
        described["offset"],
        described["truth"],
    )
    place = np.asarray(table.column("table").to_numpy())
    parts: dict[str, tuple[pa.Table, ...]] = {}
    for part, what in enumerate(_PARTS):
        own = []
        for k, columns in enumerate(described["tables"][what]):
            own.append(table.filter(place == 1000 * part + k).select(columns))
        parts[what] = tuple(own)
    n = int(described["rows"])
    made = kind(
        plan,
        np.array(described["shifts"], dtype=np.float64),
        np.array(described["scales"], dtype=np.float64),
        parts["cells"],
        parts["pairs"],
        parts["means"],
        {key: tuple(levels) for key, levels in described["orders"].items()},
        MissingRows(
            np.zeros(0, np.int64),
            dict(described["missing"]),
            int(described["rows in all"]),
            count=int(described["rows in all"]) - n,
        ),
        float(described["sum of log weights"]),
        {name: NumberSums(**own) for name, own in described["numbers"].items()},
    )
    if made.n != n or fingerprint(made) != described["fingerprint"]:
        raise _damaged(name, f"{made.n:,} rows of {n:,}, fingerprint {described['fingerprint']}")
    return made


def _damaged(name: str, found: str) -> DataError:
    return DataError(
        "the file holds no moments, or it is damaged",
        where=name,
        found=found.splitlines()[0] if found else "",
        fix="write it again with moments.save()",
    )
