"""Cells of a text file that are numbers, that stand for a missing value, or that are neither."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.errors import DataError, OptionError
from ranef.frame.number_text import COMMA, EITHER, MISSING, NUMBER, THOUSANDS
from ranef.page.phrases import one_of_them, share

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Reading", "decimal_sign", "with_numbers"]

_FIRST = 100
"""Cells that tell most columns of text from numbers."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a text file is to be read: what the command line says about it.

    Attributes
    ----------
    separator : str or None
        A character or the word for it; found out where None.
    encoding : str or None
        UTF-8, or what the mark at the beginning of the file says, where None.
    decimal : {".", ","} or None
        The decimal sign; the other one then separates thousands. Found out where None.
    missing : tuple of str
        Cells that stand for a missing value, besides those of :data:`MISSING`.
    numbers : frozenset of str
        Columns that the model uses as numbers, or as categories without saying so: one cell that
        is not a number is then an error where the others are.
    """

    separator: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    missing: tuple[str, ...] = ()
    numbers: frozenset[str] = frozenset()

    @property
    def wishes(self) -> tuple[str, ...]:
        """The options that were given."""
        given = {
            "--separator": self.separator,
            "--encoding": self.encoding,
            "--decimal": self.decimal,
            "--na": self.missing or None,
        }
        return tuple(option for option, value in given.items() if value is not None)


def decimal_sign(text: str | None) -> str | None:
    """What ``--decimal`` says.

    Raises
    ------
    OptionError
        The decimal sign is neither a point nor a comma.
    """
    if text not in (None, ".", ","):
        raise OptionError(
            "the decimal sign is a point or a comma",
            found=f"--decimal {text}",
            fix="use --decimal , or --decimal .",
        )
    return text


def with_numbers(frame: pd.DataFrame, reading: Reading, file: str) -> pd.DataFrame:
    """Text columns whose cells are numbers become numbers; `frame` is changed.

    Raises
    ------
    DataError
        More than half of the cells of a column that is used as numbers are numbers, not all.
    OptionError
        The decimal sign is neither a point nor a comma.
    """
    import pandas as pd

    decimal_sign(reading.decimal)
    columns = [frame.iloc[:, i] for i in range(frame.shape[1])]
    missing = {*MISSING, *(text.strip() for text in reading.missing)}
    columns = [_without(column, missing, reading) for column in columns]
    texts = [_is_text(column) for column in columns]
    comma = _commas_are_decimals(
        [column for column, text in zip(columns, texts, strict=True) if text], reading
    )
    for i, (name, column, text) in enumerate(zip(frame.columns, columns, texts, strict=True)):
        if text:
            columns[i] = _read(column, comma)
            if name in reading.numbers and _is_text(columns[i]):
                _refuse_odd_cells(name, columns[i], comma, file)
    made = pd.concat(columns, axis=1)
    made.columns = frame.columns
    return made


def _is_text(column: Any) -> bool:
    return str(column.dtype).startswith("str") or column.dtype == np.dtype(object)


def _without(column: Any, missing: set[str], reading: Reading) -> Any:
    """Without the cells that stand for a missing value."""
    if _is_text(column):
        cells = _distinct(column)
        gone = cells[cells.str.strip().isin(missing)]
        return column.mask(column.isin(gone)) if len(gone) else column
    if str(column.dtype) == "boolean":
        return column
    codes = [float(text) for text in reading.missing if re.fullmatch(NUMBER, text.strip())]
    return column.mask(column.isin(codes)) if codes else column


def _commas_are_decimals(columns: list[Any], reading: Reading) -> bool | None:
    """Whether commas in numbers are decimal signs; None where that is not certain.

    It is where all cells of some column are numbers with commas, and one of them cannot be a
    number whose thousands are separated.
    """
    if reading.decimal is not None:
        return reading.decimal == ","
    for column in columns:
        cells = _distinct(column).str.strip()
        if not _all_match(cells, f"{COMMA}|{NUMBER}"):
            continue
        with_comma = cells[cells.str.fullmatch(COMMA)]
        if len(with_comma) and not with_comma.str.fullmatch(EITHER).all():
            return True
    return None


def _all_match(cells: Any, pattern: str) -> bool:
    """Whether all cells match; most columns of text are known by their first ones."""
    return all(part.str.fullmatch(pattern).all() for part in (cells.iloc[:_FIRST], cells))


def _distinct(column: Any) -> Any:
    """The different cells of a text column, in the order of their first rows."""
    import pandas as pd

    return pd.Series(column.dropna().unique(), dtype=object).astype(str)


def _read(column: Any, comma: bool | None) -> Any:
    """A column as numbers where all of its cells are; as it is otherwise."""
    import pandas as pd

    cells = _distinct(column)
    if len(cells) == 0 or _plain(cells.iloc[:_FIRST], comma).isna().any():
        return column
    plain = _plain(cells, comma)
    if plain.isna().any():
        return column
    numbers: list[int | float] = [_number(text) for text in plain]
    codes, _ = column.factorize()
    if not all(isinstance(number, int) for number in numbers):
        return pd.Series(np.array([*numbers, np.nan], dtype=np.float64)[codes])
    exact = np.array([*numbers, None], dtype=object)[codes]
    large = max(map(abs, numbers)) >= 2**63
    return pd.Series(exact, dtype=object if large else "Int64")


def _number(text: str) -> int | float:
    return int(text) if re.fullmatch(r"[+-]?\d+", text) else float(text)


def _plain(cells: Any, comma: bool | None) -> Any:
    """Each cell as a number is written with a decimal point; missing where it is not a number."""
    text = cells.str.strip()
    made = text.where(text.str.fullmatch(NUMBER))
    if comma is None:
        return made
    decimal, thousands = (",", ".") if comma else (".", ",")
    grouped = text.where(text.str.fullmatch(THOUSANDS[thousands]))
    made = made.fillna(grouped.str.replace(thousands, "").str.replace(decimal, "."))
    if comma:
        made = made.fillna(text.where(text.str.fullmatch(COMMA)).str.replace(",", "."))
    return made


def _refuse_odd_cells(name: str, column: Any, comma: bool | None, file: str) -> None:
    """Raise where most cells are numbers: then the others are slips or stand for missing values."""
    text = column.dropna().astype(str)
    numbers = _plain(text, comma).notna()
    where = f"DATA {file}, column '{name}'"
    if comma is None and (numbers | text.str.strip().str.fullmatch(EITHER)).all():
        raise DataError(
            f"cannot tell whether the commas in '{name}' are decimal signs",
            where=where,
            found=f"{text[~numbers].iloc[0]!r} and the like",
            fix="--decimal , says that they are; --decimal . that they separate thousands",
        )
    cells = text.str.strip()
    if comma is None and (cells.str.fullmatch(COMMA) & ~cells.str.fullmatch(EITHER)).any():
        numbers = _plain(text, True).notna()
    odd = text[~numbers]
    if 2 * len(odd) >= len(text):
        return
    rows = [f"{cell!r} in row {index + 1}" for index, cell in odd.head(3).items()]
    first = str(odd.iloc[0]).strip()
    more = f" and {len(odd) - 3} more" if len(odd) > 3 else ""
    raise DataError(
        f"column '{name}' holds numbers but for {share(len(odd), len(text), 'cell')}",
        where=where,
        found=f"{', '.join(rows)}{more} (rows of the data, counted from 1)",
        fix=f"correct the {one_of_them(len(odd), 'cell', 'cells')}, or read what stands there as "
        f"missing: --na {first!r}; if '{name}' is a category, write factor({name})",
    )
