"""Files by their paths: one, several, a pattern, or a folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from glob import glob
from pathlib import Path
from typing import Any

from ranef.errors import DataError, OptionError
from ranef.streams.batches import Batches
from ranef.streams.sql import Queries
from ranef.streams.text_files import TextFiles

__all__ = ["from_paths", "is_path", "is_paths"]

_READERS = {
    "parquet": "read_parquet",
    "pq": "read_parquet",
    "csv": "read_csv",
    "tsv": "read_csv",
    "txt": "read_csv",
}
"""What DuckDB reads, by the end of the name."""

_ARROW = ("arrow", "feather", "ipc")
_PACKED = ("gz", "zst")


def is_path(data: Any) -> bool:
    """Whether something is a path."""
    return isinstance(data, str) or hasattr(data, "__fspath__")


def is_paths(data: Any) -> bool:
    """Whether something is a list of paths."""
    return isinstance(data, list | tuple) and bool(data) and all(map(is_path, data))


def from_paths(data: Any, text: TextFiles | None = None) -> Queries | Batches:
    """Files to be summed where they are.

    Parameters
    ----------
    data : path, or sequence of paths
        A pattern may hold ``*``, and ``**`` for any folders. A folder is read at any depth: its
        Parquet files, or if there are none, those of another kind.
    text : TextFiles, optional
        How text files are to be read.

    Raises
    ------
    DataError
        There are no such files, or their names do not say of which kind they are.
    OptionError
        `text` says something, and these are not text files.
    """
    paths = [_inside(os.fspath(each)) for each in ([data] if is_path(data) else data)]
    shown = paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"
    kinds = dict.fromkeys(map(_kind, paths))
    if len(kinds) > 1:
        raise DataError(
            "files of several kinds cannot be read together",
            found=f"names that end in {', '.join(kinds)}",
            fix="give files of one kind",
        )
    (kind,) = kinds
    if text is not None and _READERS.get(kind, "") != "read_csv":
        raise OptionError(
            "these options say how text files are read, and these are not text files",
            found=shown,
            fix="leave the options out",
        )
    if kind in _ARROW:
        return _arrow_files(paths, shown)
    if kind not in _READERS:
        known = ", ".join(f".{end}" for end in (*_READERS, *_ARROW))
        raise DataError(
            "the name of the file does not say how to read it",
            found=shown,
            fix=f"name files that end in {known}, or give a DuckDB relation: duckdb.sql(query)",
        )
    from ranef.streams.duckdb import from_files

    return from_files(paths, _READERS[kind], shown, text=text)


def _inside(path: str) -> str:
    """A folder's files as a pattern."""
    if not os.path.isdir(path):
        return path
    for end in (*_READERS, *_ARROW):
        pattern = os.path.join(path, "**", f"*.{end}")
        if glob(pattern, recursive=True):
            return pattern
    raise DataError(
        "the folder does not hold data files",
        found=path,
        fix=f"give a folder with files that end in {', '.join(f'.{end}' for end in _READERS)}",
    )


def _kind(path: str) -> str:
    ends = [end.lower().lstrip(".") for end in Path(path).suffixes]
    return next((end for end in reversed(ends) if end not in _PACKED), "")


def _arrow_files(paths: Sequence[str], shown: str) -> Batches:
    import pyarrow as pa
    import pyarrow.dataset as ds

    from ranef.streams.arrow import from_dataset

    files = [name for path in paths for name in sorted(glob(path, recursive=True))]
    if not files:
        raise DataError(
            "there are no such files",
            found=shown,
            fix="check the path; * stands for any part of a name, ** for any folders",
        )
    try:
        return from_dataset(ds.dataset(files, format="ipc"))
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            "the files cannot be read",
            where=shown,
            found=str(error).splitlines()[0],
            fix="check that the file is complete and that its name ends in its format",
        ) from error
