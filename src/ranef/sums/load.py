"""Moments out of a file."""

from __future__ import annotations

from typing import Any

from ranef.sums.file import read_held
from ranef.sums.record import Moments

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
    return read_held(path, Moments)
