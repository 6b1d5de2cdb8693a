"""One file: a zip archive of a JSON text and the arrays, in NumPy's format, one after the other.

Both can be read without ranef. Nothing in the file is run.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zipfile
import zlib
from collections.abc import Collection, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import numpy as np
from numpy.typing import NDArray

from ranef.errors import DataError, OptionError
from ranef.present.whole_file import path_of, write_whole
from ranef.store.tree import decode, encode

__all__ = ["VERSION", "read_file", "write_file"]

VERSION = 1
"""Of the format. A reader knows this one and those before it."""

TEXT, ARRAYS = "ranef.json", "arrays.npy"
PATH = 'as in fit.save("m.ranef") and rn.load("m.ranef")'
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same fit makes the same file
# NotImplementedError: a compression that zipfile does not know; AssertionError: from a record.
BROKEN = (
    *(ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError, RecursionError),
    *(zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, RuntimeError),
    *(OverflowError, MemoryError, AssertionError),
)


def write_file(path: Any, kind: str, told: Mapping[str, Any], content: Any) -> None:
    """Write something that the registry knows.

    The file appears whole or not at all: another one is written beside it and takes its place.

    Parameters
    ----------
    path : str or path
    kind : str
        What the file is: ``"fit"`` is a linear one.
    told : mapping
        Plain values for people who look into the file.
    content : object

    Raises
    ------
    OptionError
        `path` cannot be written, or the content cannot be.
    """
    target = path_of(path, PATH)
    tree, arrays = encode(content)
    stream = BytesIO()
    for array in arrays:
        np.lib.format.write_array(stream, array, version=(1, 0), allow_pickle=False)
    packed = stream.getvalue()
    head = {
        "format": "ranef",
        "kind": kind,
        "version": VERSION,
        **told,
        "arrays": len(arrays),
        "sha256": hashlib.sha256(packed).hexdigest(),
        "content": tree,
    }
    text = json.dumps(head, ensure_ascii=False, allow_nan=False, separators=(",", ":"))

    def write(file: BinaryIO) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in ((TEXT, text.encode("utf-8", "surrogatepass")), (ARRAYS, packed)):
                member = zipfile.ZipInfo(name, EPOCH)
                member.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(member, data)

    write_whole(target, write)


def read_file(path: Any, kinds: Collection[str], what: str) -> tuple[str, Any]:
    """Read what `write_file` has written.

    Parameters
    ----------
    path : str or path
    kinds : collection of str
        What the file may be.
    what : str
        What all of them are called.

    Returns
    -------
    kind : str
    content : object

    Raises
    ------
    OptionError
        `path` is not that of a file that can be read.
    DataError
        A file of another kind, of a newer format, or a damaged one.
    """
    target = path_of(path, PATH)
    try:
        data = target.read_bytes()
    except OSError as error:
        raise OptionError(
            "the file cannot be read",
            where=str(target),
            found=error.strerror or str(error),
            fix="give the path of a file that fit.save() has written",
        ) from error
    if not zipfile.is_zipfile(BytesIO(data)) and not data.startswith(b"PK"):
        _foreign(target, what, "something else than a file of ranef")
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = archive.namelist()
            if TEXT not in names:
                _foreign(target, what, "an archive without " + TEXT)
            head = json.loads(archive.read(TEXT).decode("utf-8", "surrogatepass"))
            if not isinstance(head, dict) or head.get("format") != "ranef":
                _foreign(target, what, "another format")
            _check(target, kinds, what, head)
            packed = archive.read(ARRAYS)
        if hashlib.sha256(packed).hexdigest() != head["sha256"]:
            raise ValueError("the arrays have changed")
        return head["kind"], decode(head["content"], _arrays(packed, head["arrays"]))
    except DataError as error:
        if error.where == str(target):
            raise
        _damaged(target, error)
    except (OptionError, *BROKEN) as error:
        _damaged(target, error)


def _check(target: Path, kinds: Collection[str], what: str, head: Mapping[str, Any]) -> None:
    version = head["version"]
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise ValueError("no version")
    if version > VERSION:
        raise DataError(
            "the file was written by a newer version of ranef",
            where=str(target),
            found=f"format {version}, and this version reads up to {VERSION}",
            fix="install a newer version of ranef",
        )
    if head["kind"] not in tuple(kinds):
        _foreign(target, what, f"a file of the kind {head['kind']!r:.40}")


def _arrays(packed: bytes, count: int) -> list[NDArray[Any]]:
    stream = BytesIO(packed)
    out = [np.lib.format.read_array(stream, allow_pickle=False) for _ in range(count)]
    if stream.read(1):
        raise ValueError("more arrays than there should be")
    return out


def _foreign(target: Path, what: str, found: str) -> NoReturn:
    raise DataError(
        f"the file is not a {what} that ranef has saved",
        where=str(target),
        found=found,
        fix="rn.load() reads what fit.save() has written; rn.lmm() takes data",
    )


def _damaged(target: Path, error: Exception) -> NoReturn:
    raise DataError(
        "the file is damaged",
        where=str(target),
        found=f"{type(error).__name__}: {' '.join(str(error).split())[:120]}",
        fix="save the fit again, or take a copy of the file that is whole",
    ) from error
