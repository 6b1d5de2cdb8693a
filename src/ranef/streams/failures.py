"""What is said of an engine or a file that fails while its rows are summed."""

from __future__ import annotations

from ranef.errors import DataError

__all__ = ["failed"]


def failed(what: str, error: BaseException) -> DataError:
    """A pass or a query that ended before its end.

    Parameters
    ----------
    what : str
        The source, in words.
    error : Exception
        That of the engine.
    """
    if isinstance(error, DataError):
        return error
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return DataError(
        "the rows could not be read to the end",
        where=what,
        found=f"{type(error).__name__}: {lines[0]}"[:400],
        fix="see whether the files are whole and the disk has room; nothing was kept of the sums",
    )
