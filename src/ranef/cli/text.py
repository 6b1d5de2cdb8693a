"""Text files to data frames: what is certain is read, what is not is asked for by name."""

from __future__ import annotations

import codecs
import gzip
import io
import itertools
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO, cast

from ranef.cli.cells import Reading, with_numbers
from ranef.cli.separator import cells_of, separator_named, separator_of
from ranef.errors import DataError, OptionError
from ranef.page.phrases import count

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_text"]

_SAMPLE = 1 << 18
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
_OTHER_FILES = (
    (b"PK\x03\x04", "an Excel workbook or a zip archive", "save it as CSV"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook", "save it as CSV"),
    (b"PAR1", "a Parquet file", "let its name end in .parquet"),
    (b"ARROW1", "an Arrow file", "let its name end in .arrow"),
)


def read_text(path: Path, usual: str, reading: Reading) -> pd.DataFrame:
    """A text file with the names of its columns in the first line.

    Parameters
    ----------
    path : Path
    usual : str
        The separator that the file's name promises.
    reading : Reading

    Returns
    -------
    pandas.DataFrame
        Nullable columns; a name may stand there twice.

    Raises
    ------
    DataError
        The encoding or the separator is not certain, or lines are longer than the first.
    OptionError
        There is no such separator or encoding.
    """
    with _opened(path, reading.encoding) as (file, encoding):
        try:
            sample = _whole_lines(file.read(_SAMPLE))
            if reading.separator is None:
                separator = separator_of(sample, usual, path.name)
            else:
                separator = separator_named(reading.separator)
            file.seek(0)
            heads = next(iter(cells_of(iter(file.readline, ""), separator)), None)
            if heads is None:
                raise DataError(f"cannot read {path.name} as CSV", found="an empty file")
            frame = _body(file, separator, len(heads), path.name)
        except UnicodeDecodeError as error:
            raise _not_decoded(path.name, encoding, error) from error
    if frame.empty:
        raise DataError(f"{path.name} has no rows", found=count(len(heads), "column"))
    names = [head.strip() or f"Unnamed: {i}" for i, head in enumerate(heads)]
    frame = _aligned(frame, names, path.name)
    return with_numbers(frame, reading, path.name)


@contextmanager
def _opened(path: Path, encoding: str | None) -> Iterator[tuple[TextIO, str]]:
    with path.open("rb") as raw:
        zipped = raw.read(2) == b"\x1f\x8b" or path.suffix.lower() == ".gz"
        raw.seek(0)
        binary = cast(BinaryIO, gzip.GzipFile(fileobj=raw) if zipped else raw)
        first = binary.read(4096)
        binary.seek(0)
        encoding = _encoding(first, path.name) if encoding is None else _known(encoding)
        with io.TextIOWrapper(binary, encoding=encoding, newline="") as text:
            yield text, encoding


def _known(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        raise OptionError(
            f"there is no encoding named '{encoding}'",
            found=f"--encoding {encoding}",
            fix="common ones are utf-8, utf-16, cp1252 (Western Windows), latin-1 and mac-roman",
        ) from None


def _encoding(first: bytes, name: str) -> str:
    """By the mark at the beginning; by zeros in every other byte; else UTF-8."""
    for mark, encoding in _MARKS:
        if first.startswith(mark):
            return encoding
    for mark, kind, fix in _OTHER_FILES:
        if first.startswith(mark):
            raise DataError(f"{name} is not a text file", found=f"the start of {kind}", fix=fix)
    even, odd = first[::2].count(0), first[1::2].count(0)
    if even or odd:
        if max(even, odd) > 0.4 * len(first) / 2 and not min(even, odd):
            return "utf-16-le" if odd else "utf-16-be"
        raise DataError(
            f"{name} is not a text file",
            found=f"{even + odd} zero bytes at its beginning",
            fix="check that it is what its name says; --encoding names an unusual encoding",
        )
    return "utf-8"


def _not_decoded(name: str, encoding: str, error: UnicodeDecodeError) -> DataError:
    before = error.object[max(0, error.start - 12) : error.start].decode(encoding, "replace")
    after = f" after {before.splitlines()[-1]!r}" if before.splitlines() else ""
    what = "UTF-8" if encoding.startswith("utf-8") else encoding
    return DataError(
        f"{name} is not encoded in {what}",
        found=f"byte 0x{error.object[error.start]:02x}{after}",
        fix="save it as UTF-8, or name its encoding: --encoding cp1252 for a file of Windows in "
        "Western Europe or America, --encoding mac-roman for an old one of a Mac",
    )


def _whole_lines(sample: str) -> str:
    """Without the part of a line at the end of a sample that does not hold the whole file."""
    end = max(sample.rfind("\n"), sample.rfind("\r"))
    return sample if len(sample) < _SAMPLE or end < 0 else sample[: end + 1]


def _body(file: TextIO, separator: str, n_heads: int, name: str) -> pd.DataFrame:
    """The lines after the first, with one column more than there are names."""
    import pandas as pd
    from pandas.errors import EmptyDataError, ParserError, ParserWarning

    with warnings.catch_warnings():
        warnings.simplefilter("error", ParserWarning)
        try:
            return pd.read_csv(
                file,
                sep=r"\s+" if separator == " " else separator,
                header=None,
                names=range(n_heads + 1),
                index_col=False,
                keep_default_na=False,
                na_values=["", "NA"],
                skipinitialspace=True,
                low_memory=False,
                dtype_backend="numpy_nullable",
            )
        except EmptyDataError:
            raise DataError(f"{name} has no rows", found=count(n_heads, "column")) from None
        except (ParserError, ParserWarning) as error:
            if "inside string" in str(error):
                raise DataError(
                    f"a quotation mark is not closed in {name}",
                    found=str(error).rpartition("C error: ")[2],
                    fix="check the quotation marks, or that the file is whole",
                ) from error
            raise _too_long(name, n_heads) from error


def _too_long(name: str, n_heads: int, row: int | None = None) -> DataError:
    place = "a line" if row is None else f"row {row} of the data"
    return DataError(
        f"cannot read {name} as CSV: {place} has more cells than the first line has names",
        found=f"{count(n_heads, 'name')} in the first line",
        fix="see that the first line names every column, that cells that hold the separator are "
        "in quotes, and that the separator is right: --separator ';', --separator tab",
    )


def _aligned(frame: pd.DataFrame, names: list[str], file: str) -> pd.DataFrame:
    """Names to columns, where each line may end in a separator or begin with a row's name."""
    import pandas as pd

    extra = frame[len(names)].notna()
    if not extra.any():
        frame = frame.drop(columns=len(names))
    elif extra.all() and _names_rows(frame[0]):
        taken = (f"row.names{i or ''}" for i in itertools.count())
        names = [next(name for name in taken if name not in names), *names]
    else:
        raise _too_long(file, len(names), int(extra.to_numpy().argmax()) + 1)
    frame.columns = pd.Index(names)
    return frame


def _names_rows(column: Any) -> bool:
    """Whether a column holds what R writes before each row: 1, 2, 3, ..., or names of its own."""
    if not column.is_unique or column.isna().any():
        return False
    text = column.dtype.kind == "O" or str(column.dtype).startswith("str")
    return text or column.tolist() == list(range(1, len(column) + 1))
