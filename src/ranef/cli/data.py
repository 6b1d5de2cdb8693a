"""The DATA argument: a file, or the name of a bundled data set, to a data frame."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ranef.errors import DataError, OptionError, RanefError, suggestion

__all__ = ["MISSING", "read_data"]

#: What stands for a missing value in a text file. Nothing else does: ``None``, ``null`` and
#: ``NaN`` in a column of text are levels.
MISSING = ("", "NA")
_BUNDLED = "dataset:"


def read_data(source: str) -> Any:
    """Read a data frame.

    Parameters
    ----------
    source : str
        The path of a CSV (``.csv``, ``.txt``), TSV (``.tsv``), Parquet (``.parquet``, ``.pq``) or
        Arrow file (``.arrow``, ``.feather``, ``.ipc``); text files may be compressed (``.gz``).
        Or ``dataset:`` and the name of a bundled data set.

    Returns
    -------
    pandas.DataFrame or pyarrow.Table

    Raises
    ------
    OptionError
        Another kind of file, or no such data set.
    DataError
        No such file, or it cannot be read as what its name says.
    """
    if source.startswith(_BUNDLED):
        from ranef import datasets

        return datasets.load(source.removeprefix(_BUNDLED))
    path = Path(source)
    reader = _READERS.get(_kind(path))
    if not path.exists():
        raise _no_file(source, path)
    if path.is_dir():
        raise DataError(
            f"{source} is a folder", where=f"DATA {source}", fix="name a file inside of it"
        )
    if reader is None:
        raise OptionError(
            "cannot tell from its name what kind of file this is",
            where=f"DATA {source}",
            found=f"a name that ends in {path.suffix!r}" if path.suffix else "a name without end",
            fix="CSV, TSV, Parquet and Arrow files are read: "
            + ", ".join(f".{end}" for end in _READERS),
        )
    try:
        return reader(path)
    except RanefError:
        raise
    except (OSError, ValueError, EOFError, zlib.error) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise DataError(
            f"cannot read {path.name} as {_NAMES[_kind(path)]}",
            where=f"DATA {source}",
            found=reason,
            fix="check that the file is whole and is what its name says",
        ) from error


def _kind(path: Path) -> str:
    """The ending that counts, in small letters and without ``.gz``."""
    ends = [end.lower().lstrip(".") for end in path.suffixes]
    return next((end for end in reversed(ends) if end != "gz"), "")


def _no_file(source: str, path: Path) -> RanefError:
    from ranef.datasets import names

    if source.lower() in names():
        fix = f"the bundled data set is {_BUNDLED}{source.lower()}"
    else:
        folder = path.parent
        beside = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
        fix = suggestion(path.name, beside) or "check the path"
    return DataError(f"no file {source}", where=f"DATA {source}", fix=fix)


def _read_text(separator: str) -> Callable[[Path], Any]:
    def read(path: Path) -> Any:
        import pandas as pd

        frame = pd.read_csv(
            path,
            sep=separator,
            keep_default_na=False,
            na_values=list(MISSING),
            low_memory=False,
            encoding="utf-8-sig",
        )
        if frame.empty:
            raise DataError(f"{path.name} has no rows", found=f"{frame.shape[1]} columns")
        return frame

    return read


def _read_parquet(path: Path) -> Any:
    import pyarrow.parquet as pq

    return pq.read_table(path)


def _read_arrow(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.feather as feather

    try:
        return feather.read_table(path)
    except pa.ArrowInvalid:
        with pa.OSFile(str(path), "rb") as file, pa.ipc.open_stream(file) as stream:
            return stream.read_all()


_READERS: dict[str, Callable[[Path], Any]] = {
    "csv": _read_text(","),
    "txt": _read_text(","),
    "tsv": _read_text("\t"),
    "parquet": _read_parquet,
    "pq": _read_parquet,
    "arrow": _read_arrow,
    "feather": _read_arrow,
    "ipc": _read_arrow,
}
_NAMES = {
    "csv": "CSV",
    "txt": "CSV",
    "tsv": "TSV",
    "parquet": "Parquet",
    "pq": "Parquet",
    "arrow": "Arrow",
    "feather": "Feather",
    "ipc": "Arrow",
}
