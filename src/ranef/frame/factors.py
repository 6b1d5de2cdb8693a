"""Factors: level names, codes in the user's order, numbers as groups, interactions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranef.errors import DataError
from ranef.frame.table import Column
from ranef.types import Codes

__all__ = ["as_factor", "interaction", "level_name"]


def level_name(value: Any) -> str:
    """The name of one level: whole numbers without a decimal point, all else as Python prints it.

    Examples
    --------
    >>> level_name(1224.0), level_name(7), level_name(0.5), level_name("a")
    ('1224', '7', '0.5', 'a')
    """
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    if isinstance(value, np.generic):
        value = value.item()
    return str(value)


def level_names(name: str, values: Iterable[Any]) -> tuple[str, ...]:
    """Level names of a category list, refused when two of them read the same."""
    names = tuple(level_name(value) for value in values)
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
    present = ~np.isnan(column.values)
    complete = bool(present.all())
    values = column.values if complete else column.values[present]
    uniques, inverse = np.unique(values, return_inverse=True)
    if complete:
        codes = inverse.astype(np.int32)
    else:
        codes = np.full(len(column), -1, dtype=np.int32)
        codes[present] = inverse
    codes.flags.writeable = False
    levels = tuple(level_name(value) for value in uniques.tolist())
    return Column(column.name, "factor", codes, levels, source_type=column.source_type)


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
        levels = tuple(
            f"{levels[i]}:{factor.levels[j]}"
            for i, j in zip(first.tolist(), second.tolist(), strict=True)
        )
    return Column(":".join(column.name for column in columns), "factor", codes, levels)
