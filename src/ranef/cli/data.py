"""The DATA argument: a file, or the name of a bundled data set, to a data frame."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ranef.cli.cells import Reading
from ranef.errors import DataError, OptionError, RanefError, suggestion

__all__ = ["is_pattern", "names_data", "read_data", "several_files"]

_BUNDLED = "dataset:"


def read_data(source: str, reading: Reading | None = None) -> Any:
    """Read a data frame.

    Parameters
    ----------
    source : str
        The path of a CSV (``.csv``, ``.txt``), TSV (``.tsv``), Parquet (``.parquet``, ``.pq``) or
        Arrow file (``.arrow``, ``.feather``, ``.ipc``); text files may be compressed (``.gz``).
        Or ``dataset:`` and the name of a bundled data set. A pattern with ``*`` names files that
        are not read into memory; a file of ``ranef moments`` holds sums in place of rows.
    reading : Reading, optional
        How a text file is to be read.

    Returns
    -------
    pandas.DataFrame, pyarrow.Table, or a source whose rows are summed where they are

    Raises
    ------
    OptionError
        Another kind of file, no such data set, or a wish about `reading` that has no meaning.
    DataError
        No such file, or it cannot be read as what its name says.
    """
    if source.startswith(_BUNDLED):
        from ranef import datasets

        _refuse_wishes(reading, source, "bundled data")
        return datasets.load(source.removeprefix(_BUNDLED))
    if is_pattern(source):
        return _scan(source, reading)
    path = Path(source)
    kind = _kind(path)
    if not _exists(path):
        raise _no_file(source, path)
    if path.is_dir():
        raise DataError(
            f"{source} is a folder", where=f"DATA {source}", fix="name a file inside of it"
        )
    if kind not in _NAMES:
        raise OptionError(
            "cannot tell from its name what kind of file this is",
            where=f"DATA {source}",
            found=f"a name that ends in {path.suffix!r}" if path.suffix else "a name without end",
            fix="CSV, TSV, Parquet and Arrow files are read: "
            + ", ".join(f".{end}" for end in _NAMES),
        )
    try:
        if kind in _SEPARATORS:
            from ranef.cli.text import read_text

            return read_text(path, _SEPARATORS[kind], reading or Reading())
        _refuse_wishes(reading, source, _NAMES[kind])
        return _READERS[kind](path)
    except RanefError:
        raise
    except (OSError, ValueError, EOFError, zlib.error) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise DataError(
            f"cannot read {path.name} as {_NAMES[kind]}",
            where=f"DATA {source}",
            found=reason,
            fix="check that the file is whole and is what its name says",
        ) from error


def _scan(source: str, reading: Reading | None) -> Any:
    """Files that are summed where they are; the options say how text files are read."""
    from ranef.cli.cells import decimal_sign
    from ranef.cli.separator import separator_named
    from ranef.streams import Scan
    from ranef.streams.files import from_paths
    from ranef.streams.text_files import TextFiles

    if _kind(Path(source)) not in _SEPARATORS:
        _refuse_wishes(reading, source, "a pattern of other files")
        return Scan(from_paths(source))
    asked = reading or Reading()
    separator = None if asked.separator is None else separator_named(asked.separator)
    text = TextFiles(separator, asked.encoding, decimal_sign(asked.decimal), asked.missing)
    return Scan(from_paths(source, text))


def is_pattern(source: str) -> bool:
    """Whether a text names several files: ``"d/*.parquet"``."""
    return any(mark in source for mark in "*?[") and not _exists(Path(source))


def names_data(argument: str) -> bool:
    """Whether an argument reads like the name of a data file that is there."""
    return _kind(Path(argument)) in _NAMES and _exists(Path(argument))


def several_files(files: Sequence[str]) -> OptionError:
    """What is said of several files where one argument is to name them."""
    path = Path(files[0])
    names = [Path(file).name.partition(".")[0] for file in files]
    alike = [len(set(letters)) == 1 for letters in zip(*names, strict=False)]
    begun = names[0][: [*alike, False].index(False)]
    pattern = path.with_name(f"{begun}*{''.join(path.suffixes[-1:])}")
    return OptionError(
        "DATA is one argument, and these are several files",
        found=f"{len(files):,} files, the first {_shortened(files[0])}",
        fix=f'put a pattern in quotes, so that the shell leaves it as it is: "{pattern}"',
    )


def _refuse_wishes(reading: Reading | None, source: str, kind: str) -> None:
    if reading is not None and reading.wishes:
        raise OptionError(
            f"{', '.join(reading.wishes)} {'say' if len(reading.wishes) > 1 else 'says'} how a "
            "text file is read, and the data are none",
            where=f"DATA {_shortened(source)}",
            found=kind,
            fix="leave the option out",
        )


def _kind(path: Path) -> str:
    """The ending that counts, in small letters and without ``.gz``."""
    ends = [end.lower().lstrip(".") for end in path.suffixes]
    return next((end for end in reversed(ends) if end != "gz"), "")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that no file can have: too long, or with a zero byte
        return False


def _no_file(source: str, path: Path) -> RanefError:
    from ranef.datasets import names

    if source.lower() in names():
        fix = f"the bundled data set is {_BUNDLED}{source.lower()}"
    else:
        folder = path.parent
        beside = [entry.name for entry in folder.iterdir()] if _exists(folder) else []
        fix = suggestion(path.name, beside) or "check the path"
    return DataError(f"no file {_shortened(source)}", where=f"DATA {_shortened(source)}", fix=fix)


def _shortened(source: str) -> str:
    return source if len(source) <= 200 else f"{source[:100]}...{source[-60:]}"


def _read_parquet(path: Path) -> Any:
    import pyarrow.parquet as pq

    from ranef.sums.format import holds_moments
    from ranef.sums.reading import read_moments

    if holds_moments(pq.read_schema(path)):
        return read_moments(path)
    return pq.read_table(path)


def _read_arrow(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.feather as feather

    try:
        return feather.read_table(path)
    except pa.ArrowInvalid:
        with pa.OSFile(str(path), "rb") as file, pa.ipc.open_stream(file) as stream:
            return stream.read_all()


_SEPARATORS = {"csv": ",", "txt": ",", "tsv": "\t"}
_READERS: dict[str, Callable[[Path], Any]] = {
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
