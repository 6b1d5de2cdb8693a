"""What is said of an engine or a file that fails while its rows are summed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ranef.errors import DataError, RanefError

__all__ = ["failed", "reading"]


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
