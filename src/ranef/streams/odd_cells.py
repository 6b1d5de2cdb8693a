"""Columns of text that hold numbers but for some cells: a slip there makes all of it text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, Protocol

from ranef.errors import DataError
from ranef.page.phrases import one_of_them, share
from ranef.streams.dialect import Dialect
from ranef.streams.schema import ColumnType

__all__ = ["odd_in_query", "odd_in_texts"]


class _Asked(Protocol):
    @property
    def dialect(self) -> Dialect: ...
    @property
    def table(self) -> str: ...
    def row(self, query: str) -> list[Any]: ...


def odd_in_query(
    source: _Asked, name: str, kind: ColumnType, where: str, numeric: bool = False
) -> DataError | None:
    """What is to be said of a column of a database, if most of its cells are numbers.

    Parameters
    ----------
    source : Queries
    name : str
    kind : ColumnType
    where : str
        Its place in the formula.
    numeric : bool
        Whether it cannot be a category, as a response cannot.
    """
    d = source.dialect
    cell = f"CAST({d.name(name)} AS {d.text})"
    number = f"TRY_CAST(replace({cell}, ',', '.') AS {d.double})"
    odd = f"CASE WHEN {number} IS NULL THEN {cell} END"
    try:
        n, numbers, plain, first, last, comma = source.row(
            f"SELECT count({cell}) AS n, count({number}) AS numbers, "
            f"count(TRY_CAST({cell} AS {d.double})) AS plain, min({odd}) AS first_odd, "
            f"max({odd}) AS last_odd, max(CASE WHEN {cell} LIKE '%,%' THEN {cell} END) AS comma "
            f"FROM {source.table}"
        )
    except DataError:  # an engine without TRY_CAST: nothing more can be said
        return None
    if n and numbers == n and plain < n:
        return _commas(name, str(comma), where)
    shown = dict.fromkeys((first, last))
    return _error(name, kind, where, numeric, int(n), int(n - numbers), shown)


def odd_in_texts(
    cells: Iterable[Any], name: str, kind: ColumnType, where: str, numeric: bool = False
) -> DataError | None:
    """The same of the cells of a batch."""
    texts = [str(cell) for cell in cells if cell is not None]
    odd = [text for text in texts if not _is_number(text.replace(",", "."))]
    if texts and not odd and not all(map(_is_number, texts)):
        return _commas(name, next(text for text in texts if "," in text), where)
    shown = islice(dict.fromkeys(odd), 2)
    return _error(name, kind, where, numeric, len(texts), len(odd), shown)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _commas(name: str, cell: str, where: str) -> DataError:
    return DataError(
        f"cannot tell whether the commas in '{name}' are decimal signs",
        where=where,
        found=f"{cell!r} and the like, in a column of text",
        fix=f"make '{name}' a column of numbers; of text files on the command line, --decimal , "
        "says that they are, --decimal . that they separate thousands",
    )


def _error(
    name: str,
    kind: ColumnType,
    where: str,
    numeric: bool,
    n: int,
    odd: int,
    shown: Iterable[Any],
) -> DataError | None:
    if not 0 < 2 * odd < n:
        return None
    examples: Sequence[str] = [str(cell) for cell in shown]
    these = one_of_them(odd, "cell", "cells")
    way = f"correct the {these}, or make '{name}' a column of numbers where the data are made"
    if kind.mostly_numbers:
        way = (
            f"correct the {these}, or read what stands there as missing: --na {examples[0]!r} on "
            "the command line, and in Python rn.scan(duckdb.read_csv(path, na_values=["
            f"'', 'NA', {examples[0]!r}]))"
        )
    more = " and others" if odd > len(examples) else ""
    return DataError(
        f"column '{name}' holds numbers but for {share(odd, n, 'cell')}",
        where=where,
        found=" and ".join(map(repr, examples)) + more + f", in a column of type {kind.text}",
        fix=way if numeric else f"{way}; if '{name}' is a category, write factor({name})",
    )
