"""Factors: level names, codes in the user's order, numbers as groups, interactions."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranef.core.columns import Ends, ends, row_threads, whole_codes
from ranef.errors import DataError
from ranef.frame.table import Column
from ranef.types import Array, Codes

__all__ = [
    "as_factor",
    "crossed_names",
    "interaction",
    "level_name",
    "number_codes",
    "number_names",
]

_EXACT = 2.0**53  # whole numbers up to here have a float64 of their own
_NEAR = 10_000  # by how much integers may spread further than there are rows


def level_name(value: Any) -> str:
    """The name of one level.

    Whole numbers have no decimal point. Dates and times are written as ISO 8601 has them, a time
    stamp at midnight without its time and one with a zone with its offset. Bytes that are text
    are that text, others hexadecimal digits. All else is as Python prints it.

    Examples
    --------
    >>> level_name(1224.0), level_name(7), level_name(0.5), level_name("a")
    ('1224', '7', '0.5', 'a')
    >>> level_name(datetime.date(2024, 5, 1)), level_name(datetime.datetime(2024, 5, 1, 6, 30))
    ('2024-05-01', '2024-05-01 06:30:00')
    """
    if type(value) is str:
        return value
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, datetime.datetime):
        return _stamp(value)
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        import pandas as pd

        return str(pd.Timedelta(value))
    if isinstance(value, bytes):
        text = value.decode("utf-8", errors="replace")
        return text if text.isprintable() and "\ufffd" not in text else "0x" + value.hex()
    if isinstance(value, Decimal) and value.is_finite():
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)


def _stamp(value: datetime.datetime) -> str:
    """``2024-05-01`` at midnight without a zone; else with the time, and the offset of a zone."""
    midnight = value.time() == datetime.time() and not getattr(value, "nanosecond", 0)
    if midnight and value.tzinfo is None:
        return value.date().isoformat()
    return value.isoformat(sep=" ")


def level_names(name: str, values: Iterable[Any]) -> tuple[str, ...]:
    """Level names of a category list, refused when two of them read the same."""
    names = tuple(map(level_name, values))
    if len(set(names)) < len(names):
        twice = next(level for level in names if names.count(level) > 1)
        raise DataError(
            f"two categories of '{name}' have the same name",
            found=f"'{twice}' twice",
            fix="give each category a name of its own",
        )
    return names


def sorted_levels(codes: NDArray[Any], uniques: Sequence[str]) -> tuple[Codes, tuple[str, ...]]:
    """Codes by first appearance turned into codes by sorted name (C locale, -1 kept).

    Parameters
    ----------
    codes : ndarray of int, shape (n,)
        Positions in `uniques`, -1 where missing.
    uniques : sequence of str
        Distinct strings in any order.
    """
    order = sorted(range(len(uniques)), key=uniques.__getitem__)
    rank = np.empty(len(uniques) + 1, dtype=np.int32)
    rank[order] = np.arange(len(uniques), dtype=np.int32)
    rank[-1] = -1  # code -1 reads the last entry
    return rank[codes], tuple(uniques[i] for i in order)


def as_factor(column: Column) -> Column:
    """A number column as a factor, its levels in numeric order; a factor as it is.

    Parameters
    ----------
    column : Column

    Returns
    -------
    Column
        ``int32`` codes, -1 where the number is missing.

    Examples
    --------
    >>> import numpy as np
    >>> c = as_factor(Column("g", "number", np.array([20.0, 3.0, np.nan, 20.0])))
    >>> c.levels, c.values.tolist()
    (('3', '20'), [1, 0, -1, 1])
    """
    if column.kind == "factor":
        return column
    numbers, codes = number_codes(column.stored, column.ends() if len(column) else None)
    codes.flags.writeable = False
    levels = number_names(numbers)
    return Column(
        column.name, "factor", codes, levels, source_type=column.source_type, private=True
    )


def number_names(numbers: Array) -> tuple[str, ...]:
    """``"1224"`` for whole numbers, the shortest exact decimal for others."""
    if np.array_equal(numbers, np.rint(numbers)) and np.isfinite(numbers).all():
        return tuple(map(str, map(int, numbers.tolist())))
    return tuple(map(level_name, numbers.tolist()))


def number_codes(
    values: NDArray[Any], found: Ends | None = None, threads: int | None = None
) -> tuple[Array, Codes]:
    """The distinct numbers in ascending order, and the position of each row's.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Integers, or floats with NaN where missing.
    found : tuple of float, optional
        Smallest and largest, where they are known.
    threads : int, optional
        Threads that pass over the rows (see :func:`~ranef.core.columns.row_threads`).

    Returns
    -------
    numbers : ndarray of float64
    codes : ndarray of int32, shape (n,)
        -1 where missing.

    Notes
    -----
    Beyond the codes, identifiers that lie close together, such as 1001..1160, take no memory that
    grows with the rows, and others that of a hash table's codes.
    """
    if values.size == 0:
        return _hashed(values)
    threads = row_threads(values.size, threads)
    low, high = ends(values, threads) if found is None else found
    if high - low < values.size + _NEAR and abs(low) <= _EXACT and int(low) == low:
        close = whole_codes(values, int(low), int(high), threads)
        if close is not None:
            return close
    return _hashed(values)


def _hashed(values: NDArray[Any]) -> tuple[Array, Codes]:
    import pandas as pd

    codes, distinct = pd.factorize(values)
    order = np.argsort(distinct)
    rank = np.empty(distinct.size + 1, dtype=np.int32)
    rank[order] = np.arange(distinct.size, dtype=np.int32)
    rank[-1] = -1  # code -1 reads the last entry
    return distinct[order].astype(np.float64), rank[codes]


def crossed_names(
    a: Sequence[str], b: Sequence[str], first: NDArray[np.int64], second: NDArray[np.int64]
) -> tuple[str, ...]:
    """Names of pairs of levels, ``a:b``; levels that hold a colon get backticks if need be.

    Examples
    --------
    >>> crossed_names(("x", "y"), ("u",), np.array([0, 1]), np.array([0, 0]))
    ('x:u', 'y:u')
    >>> crossed_names(("x", "x:y"), ("y:z", "z"), np.array([0, 1]), np.array([0, 1]))
    ('x:`y:z`', '`x:y`:z')
    """
    both = [(a[i], b[j]) for i, j in zip(first.tolist(), second.tolist(), strict=True)]
    names = tuple(f"{x}:{y}" for x, y in both)
    if len(set(names)) == len(names):
        return names
    return tuple(":".join(f"`{text}`" if ":" in text else text for text in each) for each in both)


def interaction(columns: Sequence[Column]) -> Column:
    """The factor ``a:b:...`` of the combinations that occur, the first factor varying slowest.

    Parameters
    ----------
    columns : sequence of Column
        All of the same length; numbers are taken as factors.

    Returns
    -------
    Column
        Missing where any of its factors is.

    Examples
    --------
    >>> import numpy as np
    >>> a = Column("a", "factor", np.array([0, 1, 1], dtype=np.int32), ("x", "y"))
    >>> b = Column("b", "factor", np.array([1, 0, 1], dtype=np.int32), ("u", "v"))
    >>> interaction([a, b]).levels
    ('x:v', 'y:u', 'y:v')
    """
    factors = [as_factor(column) for column in columns]
    codes, levels = factors[0].values, factors[0].levels
    for factor in factors[1:]:
        cells = codes.astype(np.int64) * max(1, len(factor.levels)) + factor.values
        present = (codes >= 0) & (factor.values >= 0)
        occurring, inverse = np.unique(cells[present], return_inverse=True)
        codes = np.full(len(factor), -1, dtype=np.int32)
        codes[present] = inverse
        first, second = np.divmod(occurring, max(1, len(factor.levels)))
        levels = crossed_names(levels, factor.levels, first, second)
    return Column(":".join(column.name for column in columns), "factor", codes, levels)
