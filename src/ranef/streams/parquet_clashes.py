"""Columns of several Parquet files that do not fit together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ranef.streams.sql import Run

__all__ = ["parquet_clashes"]

_NUMBERS = r"(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|REAL|DECIMAL.*)"


def parquet_clashes(run: Run, listed: str) -> tuple[Mapping[str, str], bool]:
    """How the columns of the files differ.

    Parameters
    ----------
    run : callable
    listed : str
        The paths, as a list in SQL.

    Returns
    -------
    clashes : dict of str to str
        By column, in words: one that some files lack, or that holds numbers in some files only.
    differ : bool
        Whether any types differ, those of numbers among themselves too.
    """
    # The first entry of a file is its root.
    columns = (
        "SELECT file_name AS file, name, coalesce(duckdb_type, type, 'a structure') AS kind "
        f"FROM parquet_schema({listed}) WHERE column_id > 0"
    )
    numeric = f"regexp_full_match(kind, '{_NUMBERS}')"
    found = run(
        f"WITH columns AS ({columns}), files AS (SELECT count(DISTINCT file_name) AS n, "
        f"min(file_name) AS first FROM parquet_schema({listed})) "
        "SELECT name, count(DISTINCT file) AS there, any_value(files.n) AS n, "
        "count(DISTINCT kind) AS kinds, "
        f"bool_or({numeric}) AND NOT bool_and({numeric}) AS mixed, "
        f"arg_min(file, file) FILTER ({numeric}) AS file_a, "
        f"arg_min(kind, file) FILTER ({numeric}) AS kind_a, "
        f"arg_min(file, file) FILTER (NOT {numeric}) AS file_b, "
        f"arg_min(kind, file) FILTER (NOT {numeric}) AS kind_b, "
        "list(DISTINCT file) AS having FROM columns, files GROUP BY name "
        "HAVING kinds > 1 OR there < any_value(files.n)"
    ).to_pylist()
    clashes = {}
    for row in found:
        if row["there"] < row["n"]:
            lacking = run(
                f"SELECT min(file_name) AS file FROM parquet_schema({listed}) WHERE file_name NOT "
                "IN (" + ", ".join("'" + f.replace("'", "''") + "'" for f in row["having"]) + ")"
            ).to_pylist()[0]["file"]
            files = row["n"] - row["there"]
            clashes[row["name"]] = f"{files:,} of {row['n']:,} files without it, such as {lacking}"
        elif row["mixed"]:
            clashes[row["name"]] = (
                f"{row['kind_a']} in {row['file_a']}, {row['kind_b']} in {row['file_b']}"
            )
    return clashes, bool(found)
