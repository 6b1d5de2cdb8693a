"""From the arguments of a call to the rows that are used: what all kinds of fits share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.design import Design, check_columns
from ranef.design.condition import rows_where
from ranef.errors import DataError, OptionError, suggestion
from ranef.fit.given import Given
from ranef.formula import Formula
from ranef.formula.condition import Condition, columns, parse_condition
from ranef.frame import Table, complete_rows, refuse_missing, take_rows
from ranef.frame.open import OpenFrame, in_row_order, open_frame
from ranef.frame.read import read_open_frame
from ranef.options import instance, mapping, numbers, one_of, shown
from ranef.page.phrases import count
from ranef.solve import Control
from ranef.types import OFFSET, Array, MissingRows

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Further", "RowsRead", "check_given", "checked_weights", "read_rows", "whole_offset"]

MOST_UNEQUAL = 1e15  # largest weight over smallest


@dataclass(frozen=True, slots=True)
class Further:
    """Columns that a model needs beside those of its formula.

    Attributes
    ----------
    names : tuple of str
    check : callable
        Takes the names of the data's columns and raises if one that is needed is not among them.
    """

    names: tuple[str, ...]
    check: Callable[[Sequence[str]], None]


@dataclass(frozen=True, eq=False, slots=True)
class RowsRead:
    """The rows of a model, before anything is made of them.

    Attributes
    ----------
    table : Table
        The model's variables in the n rows used.
    missing : MissingRows
        Which rows of the data were left out.
    weights, offset : ndarray or None, shape (n,)
        The arguments of the call, in these rows.
    offset_name : str or None
        The column of `table` that holds the offset.
    left_out : Table or None
        The model's variables in the rows that were left out.
    index : pandas.Index or None
        Labels of all rows of the data.
    """

    table: Table = field(repr=False)
    missing: MissingRows
    weights: Array | None = field(repr=False)
    offset: Array | None = field(repr=False)
    offset_name: str | None
    left_out: Table | None = field(repr=False)
    index: pd.Index | None = field(repr=False)


def check_given(given: Given) -> None:
    """Refuse options of a call that are not what they have to be.

    Raises
    ------
    OptionError
    """
    what = f"unknown rule {shown(given.missing)} for missing values"
    one_of("missing", given.missing, ("drop", "raise"), what=what)
    if given.contrasts is not None:
        example = 'use a dict, as in contrasts={"f": "sum"}'
        mapping("contrasts", given.contrasts, "contrasts are given by variable", example)
    if given.control is not None:
        instance("control", given.control, Control, "use ranef.Control(max_evaluations=...)")


def read_rows(parsed: Formula, given: Given, further: Sequence[Further] = ()) -> RowsRead:
    """Read the columns of a model, and leave out the rows in which one of them is missing.

    Parameters
    ----------
    parsed : Formula
    given : Given
    further : sequence of Further
        What other parts of the model read.

    Raises
    ------
    UnknownColumnError, DataError, OptionError
    """
    control = given.control
    frame = open_frame(given.data)
    check_columns(parsed, frame.names, removed=True)
    names = list(parsed.variables())
    for part in further:
        part.check(frame.names)
        frame.require(part.names)
        names += [name for name in part.names if name not in names]
    wanted = [*names]
    condition = None if given.subset is None else _condition(given.subset, frame)
    arguments = {"weights": given.weights, "offset": given.offset}
    for name, argument in arguments.items():
        if isinstance(argument, str) and argument not in wanted:
            frame.require((argument,), where=f"{name}='{argument}'")
            wanted.append(argument)
    asked = [] if condition is None else [n for n in columns(condition) if n not in wanted]
    table = read_open_frame(frame, [*wanted, *asked], control.threads if control else None)
    extra = {
        name: _row_values(name, in_row_order(argument, frame.index), table)
        for name, argument in arguments.items()
        if argument is not None
    }
    table = table.labelled(frame.labels | _labels(given.labels, frame.names))
    inside = None if condition is None else rows_where(condition, str(given.subset), table)
    if inside is not None:
        _check_lengths(extra, table)
        extra = {name: values[inside] for name, values in extra.items()}
        table = take_rows(table.only(wanted), inside)
    if given.missing == "raise":
        refuse_missing(table, names, extra)
    used, record = complete_rows(table, names, extra)
    left_out = None
    if len(record):
        left_out = take_rows(table, record.rows)
        extra = {name: np.delete(values, record.rows) for name, values in extra.items()}
    else:
        used = used.private()
    if inside is not None:
        record = record.within(inside)
    offset = given.offset
    offset_name = offset if isinstance(offset, str) else None
    if offset is not None and offset_name is None:
        offset_name = OFFSET
        used = used.with_numbers(offset_name, extra["offset"])
    weights = extra.get("weights")
    return RowsRead(used, record, weights, extra.get("offset"), offset_name, left_out, frame.index)


def whole_offset(design: Design, rows: RowsRead) -> Array | None:
    """``offset()`` terms of the formula and the argument, shape (n,).

    Raises
    ------
    DataError
        Infinite values.
    """
    given = _finite("offset", rows.offset)
    if design.offset is None or given is None:
        return given if design.offset is None else design.offset
    return design.offset + given


def checked_weights(weights: Array | None) -> Array | None:
    """Weights, all of them positive.

    Raises
    ------
    DataError
    """
    if weights is None:
        return None
    bad = np.flatnonzero(~(np.isfinite(weights) & (weights > 0.0)))
    if bad.size:
        raise DataError(
            "weights must be positive and finite",
            found=f"{bad.size} that are not, the first is {weights[bad[0]]:g} in row {bad[0]} "
            "(from 0, of the rows used)",
            fix="leave such rows out of the data",
        )
    ratio = float(weights.max() / weights.min())
    if not ratio < MOST_UNEQUAL:
        raise DataError(
            "the weights differ by too much for double precision",
            found=f"from {weights.min():.3g} to {weights.max():.3g}",
            fix="leave out the rows that count for nothing",
        )
    return np.ascontiguousarray(weights)


def _labels(labels: Any, columns: Sequence[str]) -> dict[str, str]:
    """The argument ``labels=``: words by column.

    Raises
    ------
    OptionError
        Not a mapping of texts, or a name that is not a column.
    """
    if labels is None:
        return {}
    what, example = "labels are words by column", 'use a dict, as in labels={"ses": "SES"}'
    for name, words in mapping("labels", labels, what, example).items():
        if not isinstance(words, str):
            raise OptionError(what, found=f"{shown(words)} for '{name}'", fix=example)
        if name not in columns:
            raise OptionError(
                f"labels name '{name}', which is not a column of the data",
                found="columns " + ", ".join(columns[:12]) + (", ..." if len(columns) > 12 else ""),
                fix=suggestion(name, columns) or "name a column of the data",
            )
    return dict(labels)


def _condition(subset: Any, frame: OpenFrame) -> Condition:
    if not isinstance(subset, str):
        raise OptionError(
            "subset is a condition on rows, as text",
            found=f"subset={shown(subset)}",
            fix="write it as in subset=\"age > 10 & sex == 'F'\"",
        )
    condition = parse_condition(subset)
    frame.require(tuple(columns(condition)), where=f"subset={subset!r}")
    return condition


def _check_lengths(extra: Mapping[str, Array], table: Table) -> None:
    for name, values in extra.items():
        if np.shape(values) != (table.n_rows,):
            raise DataError(
                f"'{name}' does not have one value per row",
                found=f"shape {np.shape(values)} for {count(table.n_rows, 'row')}",
                fix="give a vector as long as the data, with the rows outside of the subset",
            )


def _row_values(name: str, argument: Any, table: Table) -> Array:
    """An argument that has one value per row: a column's name, or an array."""
    if isinstance(argument, str):
        column = table[argument]
        if column.kind != "number":
            raise DataError(
                f"the {name} are not numbers",
                where=f"column '{argument}'",
                found=f"a column of type {column.source_type}",
                fix="name a column of numbers",
            )
        return np.array(column.values, dtype=np.float64)
    fix = "give a column's name or one number per row"
    return numbers(name, argument, what=f"the {name} are not numbers", fix=fix)


def _finite(name: str, values: Array | None) -> Array | None:
    if values is not None and not bool(np.all(np.isfinite(values))):
        row = int(np.flatnonzero(~np.isfinite(values))[0])
        raise DataError(
            f"the {name} has infinite values",
            found=f"{values[row]} in row {row} (from 0, of the rows used)",
            fix="leave such rows out of the data",
        )
    return values
