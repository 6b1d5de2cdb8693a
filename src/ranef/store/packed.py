"""Moments inside another file: the bytes of their own Parquet file, which holds no code."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from ranef.sums import Moments
from ranef.sums.reading import read_moments

__all__ = ["packed_moments", "unpacked_moments"]

_NAME = "moments.parquet"


def packed_moments(moments: Moments) -> bytes:
    """What ``moments.save`` writes."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / _NAME
        moments.save(path)
        return path.read_bytes()


def unpacked_moments(content: object) -> Moments:
    """The moments that were written so.

    Raises
    ------
    TypeError, DataError
        The content is not that of a file of moments.
    """
    if not isinstance(content, bytes):
        raise TypeError("moments are written as bytes")
    with TemporaryDirectory() as folder:
        path = Path(folder) / _NAME
        path.write_bytes(content)
        return read_moments(path)
