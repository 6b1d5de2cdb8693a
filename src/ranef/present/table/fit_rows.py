"""The rows of the statistics of whole models, and those that the user adds."""

from __future__ import annotations

from collections.abc import Sequence

from ranef.present.table.cells import value_cell
from ranef.present.table.gof import CRITERIA, GOF, names_of
from ranef.present.table.options import TableOptions
from ranef.present.table.record import Block, ModelColumn, Row
from ranef.present.text.numbers import decimals_for

__all__ = ["added_rows", "criteria_shown", "fit_block"]

Value = float | int | str | None

_DECIMALS = 2
_SHARE_DECIMALS = 3


def criteria_shown(options: TableOptions) -> list[str]:
    """The criteria of the likelihood that stand in the table, as their rows call them."""
    names = [one for one in names_of(options.gof) if GOF[one[0]].kind == "criterion"]
    return [word or options.style.words.get(name) or GOF[name].label for name, word in names]


def fit_block(columns: Sequence[ModelColumn], options: TableOptions, with_ml: bool) -> Block:
    """The rows that were asked for, then the user's own.

    Criteria by ML stand behind those of the fits themselves, if there are any.
    """
    rows: list[Row] = []
    names = names_of(options.gof)
    run: list[tuple[str, str | None]] = []
    for name, word in (*names, ("", None)):
        if name in CRITERIA:
            run.append((name, word))
            continue
        rows += [_criterion(columns, options, *one, ml=False) for one in run]
        if with_ml:
            rows += [_criterion(columns, options, *one, ml=True) for one in run]
        run = []
        if name:
            rows += _rows(columns, options, name, word)
    return Block("fit", (*rows, *added_rows(options)))


def _rows(
    columns: Sequence[ModelColumn], options: TableOptions, name: str, word: str | None
) -> list[Row]:
    if name == "ngroups":
        return _groups(columns, options, word)
    values: list[Value]
    if name in ("family", "link"):
        values = [getattr(column, name) for column in columns]
        if options.gof is None and len(set(values)) == 1:
            return []
    elif name == "response":
        values = [column.response for column in columns]
    elif name == "nobs":
        values = [column.nobs for column in columns]
    else:
        values = [column.measures[name] for column in columns]
    return [_row(name, word, values, options)]


def _criterion(
    columns: Sequence[ModelColumn], options: TableOptions, name: str, word: str | None, ml: bool
) -> Row:
    def value(column: ModelColumn) -> Value:
        criteria = column.ml if ml else column.as_fitted
        return None if criteria is None else float(getattr(criteria, name))

    return _row(name, word, [value(column) for column in columns], options, " (ML)" if ml else "")


def _row(
    name: str, word: str | None, values: Sequence[Value], options: TableOptions, more: str = ""
) -> Row:
    kind = GOF[name].kind
    decimals = options.digits
    if decimals is None:
        sizes = [v for v in values if isinstance(v, float)] if kind == "size" else []
        decimals = decimals_for(sizes, _SHARE_DECIMALS if kind == "share" else _DECIMALS)
    label = word or options.style.words.get(name) or GOF[name].label
    cells = tuple(value_cell(v, decimals, options, share=kind == "share") for v in values)
    return Row(label + more, cells, decimals, (word or GOF[name].label) + more)


def _groups(columns: Sequence[ModelColumn], options: TableOptions, word: str | None) -> list[Row]:
    """A row for each grouping factor."""
    rows = []
    decimals = _DECIMALS if options.digits is None else options.digits
    own = f"{word}: {{}}" if word else options.style.words.get("ngroups")
    for group in dict.fromkeys(group for column in columns for group in column.ngroups):
        name = f"{word or GOF['ngroups'].label}: {group}"
        plain = f"Num. groups: {group}"
        said = next(c.words.get(plain, group) for c in columns if group in c.ngroups)
        label = (own or "Num. groups: {}").replace("{}", said)
        cells = tuple(value_cell(c.ngroups.get(group), decimals, options) for c in columns)
        rows.append(Row(label, cells, decimals, name))
    return rows


def added_rows(options: TableOptions) -> list[Row]:
    """The rows of ``add_rows``."""
    rows = []
    for added in options.add_rows:
        numbers = [v for v in added.values if isinstance(v, float)]
        decimals = decimals_for(numbers, _DECIMALS) if options.digits is None else options.digits
        cells = tuple(value_cell(v, decimals, options) for v in added.values)
        rows.append(Row(added.label, cells, decimals, added.label))
    return rows
