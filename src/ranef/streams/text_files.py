"""CSV files through DuckDB, read by the rules of text files in memory as far as SQL can tell."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ranef.errors import OptionError
from ranef.frame.number_text import COMMA, EITHER, MISSING, NUMBER

__all__ = ["TextFiles", "text_table"]

Ask = Callable[[str], Mapping[str, Any]]
"""From a query of one row to its values by name."""

_OTHERS = ("BOOLEAN", "DATE", "TIME", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE")
"""Types that are kept if all cells are of them; other columns are numbers or text."""

_ENCODINGS = {"utf-8": "utf-8", "utf-16": "utf-16", "iso8859-1": "latin-1", "ascii": "utf-8"}
"""What DuckDB reads by itself, by Python's names."""


@dataclass(frozen=True, slots=True)
class TextFiles:
    """How text files are to be read.

    Attributes
    ----------
    separator : str or None
        One character; found out where None.
    encoding : str or None
        UTF-8 where None.
    decimal : {".", ","} or None
        The other sign then separates thousands. Found out where None.
    missing : tuple of str
        Cells that stand for a missing value, besides empty ones and ``NA``.
    """

    separator: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    missing: tuple[str, ...] = ()

    def arguments(self) -> str:
        """What DuckDB's reader is told, after the files.

        Raises
        ------
        OptionError
            DuckDB does not read the encoding.
        """
        told = ["header = true, skip = 0"]
        if self.separator is not None:
            told.append(f"delim = {quoted(self.separator)}")
        if self.encoding is not None:
            told.append(f"encoding = {quoted(_encoding(self.encoding))}")
        return ", ".join(told)


def text_table(
    listed: str, ask: Ask, sniffed: Mapping[str, str], reading: TextFiles
) -> tuple[str, frozenset[str]]:
    """The rows of text files, with the type that all cells of a column have.

    All cells of all files are looked at once: the first rows do not tell whether a column holds
    numbers, and DuckDB would round decimals that come after whole numbers.

    Parameters
    ----------
    listed : str
        The paths, as a list in SQL.
    ask : callable
    sniffed : mapping of str to str
        The types that DuckDB takes from the first rows.
    reading : TextFiles

    Returns
    -------
    table : str
        What stands behind FROM.
    mostly : frozenset of str
        Columns of text more than half of whose cells are numbers.
    """
    rows = f"read_csv({listed}, all_varchar = true, {reading.arguments()})"
    comma = reading.decimal
    found = _looked_at(rows, ask, sniffed, reading, comma)
    if comma is None and any(each.decimal_commas for each in found.values()):
        comma = ","
        found = _looked_at(rows, ask, sniffed, reading, comma)
    columns = ", ".join(
        f"{_value(name, each.type, reading, comma)} AS {_name(name)}"
        for name, each in found.items()
    )
    mostly = frozenset(name for name, each in found.items() if each.mostly_numbers)
    return f"(SELECT {columns} FROM {rows}) AS files", mostly


@dataclass(frozen=True, slots=True)
class _Found:
    """The type that all cells of a column have, and whether commas in it are decimal signs."""

    type: str
    decimal_commas: bool = False
    mostly_numbers: bool = False


def _looked_at(
    rows: str, ask: Ask, sniffed: Mapping[str, str], reading: TextFiles, decimal: str | None
) -> dict[str, _Found]:
    asked = []
    for k, kind in enumerate(sniffed.values()):
        cell = f"c{k}"
        plain = _plain(cell, decimal)
        whole = f"CASE WHEN {plain} NOT LIKE '%.%' AND {plain} NOT ILIKE '%e%' THEN {plain} END"
        comma = f"CASE WHEN contains({cell}, ',') THEN trim({cell}) END"
        asked += [
            f"count({cell}) AS n{k}",
            f"count(TRY_CAST({plain} AS DOUBLE)) AS d{k}",
            f"count(TRY_CAST({whole} AS BIGINT)) AS w{k}",
            f"count(*) FILTER (regexp_full_match({comma}, '{COMMA}')) AS k{k}",
            f"count(*) FILTER (regexp_full_match({comma}, '{EITHER}')) AS e{k}",
        ]
        if kind in _OTHERS:
            asked.append(f"count(TRY_CAST({cell} AS {kind})) AS o{k}")
    cells = ", ".join(f"{_there(name, reading, decimal)} AS c{k}" for k, name in enumerate(sniffed))
    row = ask(f"SELECT {', '.join(asked)} FROM (SELECT {cells} FROM {rows}) AS cells")
    return {
        name: _found(
            [int(row[f"{key}{k}"]) for key in "ndwke"], kind, row.get(f"o{k}"), decimal is not None
        )
        for k, (name, kind) in enumerate(sniffed.items())
    }


def _found(counts: Sequence[int], kind: str, of_kind: int | None, told: bool) -> _Found:
    """From the counts of cells, of numbers and whole numbers, and of numbers with commas."""
    n, numbers, whole, commas, either = counts
    if n and of_kind == n and kind in _OTHERS:
        return _Found(kind)
    if n and whole == n:
        return _Found("BIGINT")
    if numbers == n:  # a column without any cell too: its values are missing numbers
        return _Found("DOUBLE")
    # With a decimal sign that is known, commas have been told apart already.
    commas, either = (0, 0) if told else (commas, either)
    odd = n - numbers - commas
    return _Found("VARCHAR", not odd and commas > either, 2 * odd < n)


def _there(name: str, reading: TextFiles, decimal: str | None) -> str:
    """A cell, NULL if it stands for a missing value."""
    column = _name(name)
    gone = ", ".join(quoted(text.strip()) for text in (*MISSING, *reading.missing))
    test = f"trim({column}) IN ({gone})"
    codes = [text.strip() for text in reading.missing if re.fullmatch(NUMBER, text.strip())]
    if codes:
        numbers = ", ".join(f"CAST({quoted(code)} AS DOUBLE)" for code in codes)
        test += f" OR TRY_CAST({_plain(column, decimal)} AS DOUBLE) IN ({numbers})"
    return f"CASE WHEN {test} THEN NULL ELSE {column} END"


def _value(name: str, kind: str, reading: TextFiles, decimal: str | None) -> str:
    cell = _there(name, reading, decimal)
    if kind == "VARCHAR":
        return cell
    if kind in _OTHERS:
        return f"TRY_CAST({cell} AS {kind})"
    return f"TRY_CAST({_plain(cell, decimal)} AS {kind})"


def _plain(cell: str, decimal: str | None) -> str:
    """A cell as a number with a decimal point."""
    if decimal == ",":
        return f"replace(replace({cell}, '.', ''), ',', '.')"
    return f"replace({cell}, ',', '')" if decimal == "." else cell


def quoted(text: str) -> str:
    """A text in SQL."""
    return "'" + text.replace("'", "''") + "'"


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _encoding(name: str) -> str:
    try:
        known = _ENCODINGS.get(codecs.lookup(name).name)
    except LookupError:
        known = None
    if known is None:
        raise OptionError(
            f"DuckDB does not read files in the encoding '{name}'",
            found="files that are not read into memory",
            fix="name a single file, which is read into memory, write the files as UTF-8, or use "
            "one of utf-8, utf-16 and latin-1",
        )
    return known
