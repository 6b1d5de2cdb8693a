"""Balanced designs from words: which predictors vary within groups and which between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranef.errors import OptionError
from ranef.options import shown
from ranef.types import Array

__all__ = ["LEVELS", "balanced_columns"]

LEVELS = ("within", "between")
EXAMPLE = '{"x": "within", "w": "between", "arm": ("between", ["control", "treated"])}'


def balanced_columns(
    spec: Mapping[str, Any], group: str, n_groups: int, per_group: int
) -> dict[str, NDArray[Any]]:
    """Columns of a design with as many rows in each group.

    A number that varies at a level is evenly spaced there, with mean 0 and standard deviation 1
    (over the rows of each group, or over the groups). Several numbers at one level are
    uncorrelated, with each other and with the listed values there. Listed values take turns; those
    of several variables at one level are crossed.

    Parameters
    ----------
    spec : mapping of str to {"within", "between"}, list of values, or (level, values)
        A list alone varies between groups.
    group : str
        The grouping factor, a column of its own.
    n_groups, per_group : int

    Raises
    ------
    OptionError
        What a variable is cannot be read, or the level has too few rows or groups for it.

    Examples
    --------
    >>> columns = balanced_columns({"x": "within", "arm": ["a", "b"]}, "g", 2, 2)
    >>> columns["g"].tolist(), columns["arm"].tolist(), columns["x"].round(6).tolist()
    ([0, 0, 1, 1], ['a', 'a', 'b', 'b'], [-1.0, 1.0, -1.0, 1.0])
    """
    groups = np.repeat(np.arange(n_groups), per_group)
    place = {"within": np.tile(np.arange(per_group), n_groups), "between": groups}
    size = {"within": per_group, "between": n_groups}
    read = {name: _read(name, value) for name, value in spec.items()}
    out: dict[str, NDArray[Any]] = {group: groups}
    before: dict[str, list[Array]] = {level: [np.ones(size[level])] for level in LEVELS}
    stride = dict.fromkeys(LEVELS, 1)
    for name, (level, values) in read.items():
        if values is None:
            continue
        turns = np.arange(size[level]) // stride[level] % len(values)
        stride[level] *= len(values)
        before[level] += [(turns == k).astype(float) for k in range(1, len(values))]
        out[name] = np.array(values)[turns][place[level]]
    for name, (level, values) in read.items():
        if values is None:
            column = _spaced(name, level, size[level], before[level])
            before[level].append(column)
            out[name] = column[place[level]]
    return out


def _read(name: str, value: Any) -> tuple[str, list[Any] | None]:
    """The level of a variable, and its values if they are listed."""
    if isinstance(value, str) and value in LEVELS:
        return value, None
    level, values = "between", value
    if (
        isinstance(value, (tuple, list))
        and len(value) == 2
        and isinstance(value[0], str)
        and value[0] in LEVELS
        and not isinstance(value[1], str)
    ):
        level, values = value
    listed = isinstance(values, (list, tuple, np.ndarray)) and len(values) > 1
    kinds = {isinstance(v, str) for v in values} if listed else set()
    plain = all(isinstance(v, (str, int, float, np.number)) for v in values) if listed else False
    if not listed or len(kinds) != 1 or not plain or not _finite(values):
        raise OptionError(
            f"how '{name}' varies is not clear",
            found=f"{shown(value)}",
            fix=f"use 'within', 'between', or values with a level, as in {EXAMPLE}",
        )
    return level, list(values)


def _finite(values: Sequence[Any]) -> bool:
    return all(isinstance(v, str) or bool(np.isfinite(v)) for v in values)


def _spaced(name: str, level: str, size: int, before: Sequence[Array]) -> Array:
    """Evenly spaced, or a fixed shuffle of that where another number is; unlike those before."""
    even = np.arange(size, dtype=np.float64) - 0.5 * (size - 1)
    basis = np.asarray(np.linalg.qr(np.column_stack(before))[0], dtype=np.float64)
    if len(before) >= size:
        raise _too_few(name, level, size, len(before) + 1)
    for attempt in range(50):
        column: Array = even
        if attempt or any(np.allclose(even / _size(even), b) for b in before[1:]):
            column = np.random.default_rng(attempt).permutation(even)
        left: Array = np.asarray(column - basis @ (basis.T @ column), dtype=np.float64)
        left -= basis @ (basis.T @ left)
        if _size(left) > 1e-3 * _size(even):
            return np.asarray(left / _size(left))
    raise _too_few(name, level, size, len(before) + 1)


def _size(column: Array) -> float:
    return float(np.sqrt(np.mean(column**2)))


def _too_few(name: str, level: str, size: int, needed: int) -> OptionError:
    what, option = ("rows in a group", "per_group") if level == "within" else ("groups", "n_groups")
    return OptionError(
        f"'{name}' needs at least {needed} {what}",
        found=f"{option}={size}",
        fix=f"use {option}={needed} or more",
    )
