"""What separates the cells of a text file."""

from __future__ import annotations

import csv
from collections.abc import Iterable

from ranef.errors import DataError, OptionError

__all__ = ["SEPARATORS", "cells_of", "separator_named", "separator_of"]

#: The separators that are looked for, by the word for each on the command line.
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "space": " "}
_MOST = 200
"""Lines that are looked at."""


def separator_named(text: str) -> str:
    """A separator from what ``--separator`` says: a word, one character or ``\\t``.

    Raises
    ------
    OptionError
    """
    found = SEPARATORS.get(text.lower(), "\t" if text == "\\t" else text)
    if len(found) != 1:
        raise OptionError(
            "a separator is one character",
            found=f"--separator {text}",
            fix="write it in quotes, as in --separator ';', or use one of " + ", ".join(SEPARATORS),
        )
    return found


def cells_of(lines: Iterable[str], separator: str) -> Iterable[list[str]]:
    """The cells of each line that is not blank; several spaces separate like one."""
    spaces = separator == " "
    kept = (line.strip(" ") if spaces else line for line in lines)
    rows = csv.reader(kept, delimiter=separator, skipinitialspace=True)
    return (row for row in rows if row and any(row))


def separator_of(sample: str, usual: str, name: str) -> str:
    """The separator with which every line has as many cells as the first one has names.

    A line may have one cell more (names of rows) or empty ones at its end. The separator that is
    usual for the name of the file is taken where it does; another one where it alone does.

    Parameters
    ----------
    sample : str
        The beginning of the file, in whole lines.
    usual : str
        The separator that the file's name promises.
    name : str
        Of the file, for messages.

    Raises
    ------
    DataError
        Several other separators fit, or the first line is separated and the others are not.
    """
    lines = sample.splitlines(keepends=True)[:_MOST]
    widths = {separator: _widths(lines, separator) for separator in SEPARATORS.values()}
    fitting = [separator for separator, found in widths.items() if _fits(found)]
    if usual in fitting:
        return usual
    if len(fitting) > 1 and " " in fitting:
        fitting.remove(" ")
    if len(fitting) == 1:
        return fitting[0]
    split = [s for s, found in widths.items() if found and found[0] > 1 and s != " "]
    if not fitting and (not split or usual in split):
        return usual  # a single column, or lines of unequal length: to be read or refused as such
    words = [word for word, separator in SEPARATORS.items() if separator in (fitting or split)]
    raise DataError(
        f"cannot tell what separates the columns of {name}",
        found=f"a first line that reads {lines[0].strip()[:60]!r}",
        fix=f"say so: --separator {words[0]}"
        + (f", or --separator {words[1]}" if len(words) > 1 else ""),
    )


def _widths(lines: list[str], separator: str) -> list[int]:
    """Cells in each line, empty ones at the end of a line not counted but in the first."""
    widths: list[int] = []
    try:
        for row in cells_of(lines, separator):
            width = len(row)
            while widths and width > widths[0] and not row[width - 1]:
                width -= 1
            widths.append(width)
    except csv.Error:
        return []
    return widths


def _fits(widths: list[int]) -> bool:
    if not widths or widths[0] < 2:
        return False
    rows = widths[1:]
    return all(width == widths[0] for width in rows) or all(
        width == widths[0] + 1 for width in rows
    )
