"""From fitted models to the table: which rows there are and what stands in them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ranef.errors import OptionError
from ranef.inference.ddf.registry import in_words
from ranef.present.protocol import Criteria, FittedModel
from ranef.present.table.cells import coefficient_cell, value_cell
from ranef.present.table.columns import model_columns, shown_models
from ranef.present.table.comparability import comparability
from ranef.present.table.facade import ComparisonTable
from ranef.present.table.fit_rows import fit_block
from ranef.present.table.gof import CRITERIA, names_of
from ranef.present.table.notes import legend_for, notes_for
from ranef.present.table.options import TableOptions, table_options
from ranef.present.table.record import Block, Cell, Coefficient, ModelColumn, Row
from ranef.present.table.selection import Shown, shown_rows
from ranef.present.text.numbers import decimals_for

__all__ = ["arrange", "build_table", "shown_models"]

_DECIMALS = 2
_CORRELATION_DECIMALS = 3


def build_table(
    models: Sequence[FittedModel], labels: Any = None, ml: Any = None, **options: Any
) -> ComparisonTable:
    """Arrange fitted models side by side.

    Parameters
    ----------
    models : sequence of FittedModel
        At least one.
    labels, **options
        As in ``rn.compare``.
    ml : sequence of Criteria or None, optional
        For each REML model the criteria of its ML fit (or that fit), else None.

    Raises
    ------
    OptionError
        No models; `ml` of another length; a value outside of what an option accepts.
    """
    made = table_options(len(models), labels=labels, **options)
    return arrange(shown_models(models, made), made, ml)


def arrange(
    models: Sequence[FittedModel],
    options: TableOptions,
    ml: Sequence[Criteria | None] | None = None,
) -> ComparisonTable:
    """The same with options that are checked, for models that `shown_models` gives."""
    if not models:
        raise OptionError("no models to put in a table", fix="give at least one fitted model")
    if ml and len(ml) != len(models):
        raise OptionError(
            "ml must have one entry for each model",
            found=f"{len(ml)} for {len(models)} models",
            fix=f"give {len(models)} of them in a list, or none",
        )
    columns = model_columns(models, options, list(ml) if ml else [None] * len(models))
    rows = shown_rows(columns, options)
    status = comparability(models)
    with_ml = (
        options.ic == "ml"
        and status in ("same fixed part", "same method")
        and any(column.ml for column in columns)
        and any(name in CRITERIA for name, _ in names_of(options.gof))
    )
    blocks = (
        _coefficient_block(rows, columns, options),
        fit_block(columns, options, with_ml),
        _variance_block(columns, options),
    )
    errors = [
        "" if vcov is None else model._errors_in_words(vcov)
        for model, vcov in zip(models, options.vcov, strict=True)
    ]
    responses = tuple(column.response for column in columns)
    used = any(cell.stars for row in blocks[0].rows for cell in row.cells)
    return ComparisonTable(
        columns=columns,
        blocks=tuple(block for block in blocks if block.rows),
        legend=legend_for(used, in_words(options.ddf), columns, _normal(columns), options),
        notes=notes_for(columns, status, with_ml, errors, options),
        spanners=options.spanners,
        responses=responses if len(set(responses)) > 1 else (),
        caption=options.caption,
        style=options.style,
    )


def _normal(columns: Sequence[ModelColumn]) -> list[bool]:
    """Which models have z tests and not t tests."""
    return [not any(c.df < math.inf for c in column.coefficients.values()) for column in columns]


def _coefficient_block(
    rows: Sequence[Shown], columns: Sequence[ModelColumn], options: TableOptions
) -> Block:
    made = []
    for row in rows:
        found = [_of(row, column) for column in columns]
        decimals = options.digits
        if decimals is None:
            decimals = decimals_for([c.std_error for c in found if c], _DECIMALS)
        cells = tuple(coefficient_cell(c, decimals, options) for c in found)
        made.append(Row(row.label, cells, decimals, row.name))
    return Block("coefficients", tuple(made))


def _of(row: Shown, column: ModelColumn) -> Coefficient | None:
    """The coefficient of a model that belongs to a row."""
    for name, said in row.sources:
        found = column.coefficients.get(name) or column.parts.get(name)
        if found is not None and column.words.get(name, said) == said:
            return found
    return None


def _variance_block(columns: Sequence[ModelColumn], options: TableOptions) -> Block:
    rows: list[Row] = []
    if not options.random:
        return Block("variances", ())
    for part in ("components", "covariances", "correlations", "residual", "dispersion"):
        maps: list[Mapping[str, float]] = [getattr(column, part) for column in columns]
        structured = part == "correlations"
        share = structured or (part == "covariances" and options.scale == "sd")
        for name, label in _rows_of(columns, maps):
            values = [
                m.get(name) if c.words.get(name, name) == label else None
                for m, c in zip(maps, columns, strict=True)
            ]
            decimals = options.digits
            if decimals is None:
                least = _CORRELATION_DECIMALS if structured else _DECIMALS
                decimals = decimals_for([v for v in values if v is not None], least)
            cells: Iterable[Cell] = (value_cell(v, decimals, options, share=share) for v in values)
            rows.append(Row(label, tuple(cells), decimals, name))
    return Block("variances", tuple(rows))


def _rows_of(
    columns: Sequence[ModelColumn], maps: Sequence[Mapping[str, float]]
) -> list[tuple[str, str]]:
    """Names of rows and the words for them, in order of first appearance."""
    return list(
        dict.fromkeys(
            (name, column.words.get(name, name))
            for column, m in zip(columns, maps, strict=True)
            for name in m
        )
    )
