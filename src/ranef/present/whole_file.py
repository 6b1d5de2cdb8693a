"""A file that appears whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from ranef.errors import OptionError

__all__ = ["path_of", "write_whole"]


def path_of(path: Any, fix: str) -> Path:
    """The path of a file as a user gives it.

    Parameters
    ----------
    path : str or path
    fix : str
        What a right one looks like.

    Raises
    ------
    OptionError
        It is not the name of a file.
    """
    if not isinstance(path, (str, os.PathLike)) or not os.fspath(path):
        raise OptionError(
            "path is the name of a file", found=f"path of type {type(path).__name__}", fix=fix
        )
    name = os.fsdecode(path)
    if "\0" in name:
        raise OptionError("path is the name of a file", found="a null character in it")
    return Path(name)


def write_whole(target: Path, write: Callable[[BinaryIO], Any]) -> None:
    """Write beside a file, and put the result in its place once it is whole.

    Parameters
    ----------
    target : Path
    write : callable
        Given an open file. What it raises is passed on, and `target` is as it was.

    Raises
    ------
    OptionError
        The file cannot be written.
    """
    beside = target.parent / f".ranef-{secrets.token_hex(8)}"
    try:
        with open(beside, "xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, target)
    except OSError as error:
        raise OptionError(
            "the file cannot be written",
            where=str(target),
            found=error.strerror or str(error),
            fix="give the path of a file in a folder that exists and can be written to",
        ) from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
