"""Where a report is written to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ranef.errors import OptionError
from ranef.present.whole_file import path_of

__all__ = ["report_path"]

_ENDINGS = (".html", ".htm")


def report_path(path: Any) -> Path:
    """The file to write, checked before anything is computed.

    Raises
    ------
    OptionError
        It does not end in ``.html``, is a folder, or lies in one that does not exist.
    """
    target = path_of(path, 'as in fit.report("page.html")')
    if target.suffix.lower() not in _ENDINGS:
        raise OptionError(
            "a report is a page of HTML",
            found=f"a name that ends in {target.suffix!r}" if target.suffix else f"{target.name!r}",
            fix=f'let the name end in .html: "{target.with_suffix(".html")}"',
        )
    if target.is_dir() or not target.parent.is_dir():
        raise OptionError(
            "the file cannot be written",
            where=str(target),
            found="a folder of this name" if target.is_dir() else "no such folder",
            fix="give the path of a file in a folder that exists and can be written to",
        )
    return target
