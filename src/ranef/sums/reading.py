"""Moments from a file."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.errors import DataError, OptionError, RanefError
from ranef.formula import parse
from ranef.sums.format import FORMAT, KEY, PARTS, contents, fingerprint, holds_moments
from ranef.sums.moments import Moments
from ranef.sums.numbers import NumberSums
from ranef.sums.plan import Plan, make_plan
from ranef.types import MissingRows

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["read_moments"]


def read_moments(path: Any) -> Moments:
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
        described = json.loads(metadata[KEY])
        if described.get("format") != FORMAT:
            raise DataError(
                "the moments are of another format",
                where=name,
                found=f"format {described.get('format')}, by ranef {described.get('ranef')}",
                fix=f"make them again: this version reads format {FORMAT}",
            )
        made = _made(described, table, name)
        if contents(table) != described["contents"]:
            raise _damaged(name, "numbers or names that are not those that were written")
        return made
    except (KeyError, TypeError, ValueError, IndexError, AssertionError) as error:
        raise _damaged(name, str(error)) from error
    except RanefError as error:
        if isinstance(error, DataError):
            raise
        raise _damaged(name, error.what) from error


def _made(described: Mapping[str, Any], table: pa.Table, name: str) -> Moments:
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
    for part, what in enumerate(PARTS):
        own = []
        for k, columns in enumerate(described["tables"][what]):
            own.append(table.filter(place == 1000 * part + k).select(columns))
        parts[what] = tuple(own)
    n = int(described["rows"])
    made = Moments(
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
        {name: frozenset(levels) for name, levels in described["settled"].items()},
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
