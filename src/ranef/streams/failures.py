"""What is said of an engine or a file that fails while its rows are summed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from ranef.errors import DataError, RanefError

__all__ = ["failed", "reading"]

_LACKING = re.compile(r"Current file: (.*)\s+Column with name: \"(.*)\" is missing")
"""What DuckDB says of CSV files that lack a column of the first one."""


def failed(what: str, error: BaseException) -> RanefError:
    """A pass or a query that ended before its end.

    Parameters
    ----------
    what : str
        The source, in words.
    error : Exception
        That of the engine.
    """
    if isinstance(error, RanefError):
        return error
    lacking = _LACKING.search(str(error))
    if lacking:
        return DataError(
            "the files do not have the same columns",
            where=what,
            found=f"no column '{lacking[2]}' in {lacking[1].strip()}",
            fix="give all files the same columns, and the same kind of values in each",
        )
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return DataError(
        "the rows could not be read to the end",
        where=what,
        found=f"{type(error).__name__}: {lines[0]}"[:400],
        fix="check that the files are complete and that the disk has room; no sums were kept",
    )


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Errors of the library that reads the rows, in the words of :func:`failed`."""
    try:
        yield
    except Exception as error:
        raise failed(what, error) from error
