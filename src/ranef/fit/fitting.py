"""From the arguments of a call to a fit: what `rn.lmm`, `rn.lm` and `Fit.update` share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.design import Data, Design, build, check_columns, check_identifiable
from ranef.design.condition import rows_where
from ranef.errors import DataError, OptionError, RanefError
from ranef.fit.facade import Fit
from ranef.fit.given import Given
from ranef.fit.spec import ModelSpec
from ranef.formula import Formula, parse
from ranef.formula.condition import Condition, columns, parse_condition
from ranef.frame import Table, complete_rows, refuse_missing, take_rows
from ranef.frame.open import OpenFrame, in_row_order, open_frame
from ranef.frame.read import read_open_frame
from ranef.options import boolean, instance, mapping, numbers, one_of, shown
from ranef.problem.memory import out_of_memory
from ranef.residual import ResidualSpec, ResidualStructure, learn_residual, parse_residual
from ranef.residual.base import GroupCodes
from ranef.residual.spec import check_residual_columns
from ranef.solve import Control
from ranef.types import OFFSET, Array, Finding, MissingRows

if TYPE_CHECKING:
    from ranef.priors.assign import Assigned

__all__ = ["fit_model"]

MOST_UNEQUAL = 1e15  # largest weight over smallest


def fit_model(parsed: Formula, given: Given, *, reml: bool, start: Any = None) -> Fit:
    """Read the columns of a formula, build the design and fit.

    Parameters
    ----------
    parsed : Formula
        With a random part or without.
    given : Given
        The arguments of the call, as the user gave them.
    reml : bool
    start : array-like, optional
        Theta.
    """
    begun = perf_counter()
    _check(given, reml)
    weights, offset, control = given.weights, given.offset, given.control
    residual = None if given.residual is None else _residual_of(given.residual, parsed)
    frame = open_frame(given.data)
    check_columns(parsed, frame.names, removed=True)
    names = list(parsed.variables())
    if residual is not None:
        check_residual_columns(residual, frame.names)
        frame.require(residual.columns)
        names += [name for name in residual.columns if name not in names]
    wanted = [*names]
    condition = None if given.subset is None else _condition(given.subset, frame)
    for name, argument in (("weights", weights), ("offset", offset)):
        if isinstance(argument, str) and argument not in wanted:
            frame.require((argument,), where=f"{name}='{argument}'")
            wanted.append(argument)
    asked = [] if condition is None else [n for n in columns(condition) if n not in wanted]
    table = read_open_frame(frame, [*wanted, *asked], control.threads if control else None)
    extra = {
        name: _row_values(name, in_row_order(argument, frame.index), table)
        for name, argument in (("weights", weights), ("offset", offset))
        if argument is not None
    }
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
    offset_name = offset if isinstance(offset, str) else None
    if offset is not None and offset_name is None:
        offset_name = OFFSET
        used = used.with_numbers(offset_name, extra["offset"])
    read = perf_counter()
    w = _checked_weights(extra.get("weights"))
    design = None
    try:
        design = build(parsed, used, given.contrasts, left_out=left_out)
        structure = None if residual is None else _learned(residual, used, design)
        check_identifiable(design, w if structure is None else structure.as_if_known(w, design.n))
        total = _sum(design.offset, _finite("offset", extra.get("offset")))
        return Fit._of(
            ModelSpec(
                parsed,
                reml,
                _assigned(given.prior, design),
                control or Control(),
                given,
                residual,
            ),
            Data(
                design,
                used,
                record,
                w,
                total,
                offset_name,
                left_out,
                frame.index,
                structure,
                None if structure is None else w,
            ),
            start=None if start is None else _numbers("start values", start),
            seconds={"read": read - begun, "formula and design": perf_counter() - read},
        )
    except RanefError as error:
        if parsed.bars:
            again = partial(_fit_of_text, replace(given, missing="drop"), reml)
            error.explained_by(
                partial(_refused, parsed, used, record, design),
                partial(_simpler, parsed, used, design, w, again),
            )
        raise
    except MemoryError as error:
        raise out_of_memory(used.n_rows) from error


def _check(given: Given, reml: bool) -> None:
    what = f"unknown rule {shown(given.missing)} for missing values"
    one_of("missing", given.missing, ("drop", "raise"), what=what)
    boolean("reml", reml, fix="reml=False fits by ML")
    if given.contrasts is not None:
        example = 'use a dict, as in contrasts={"f": "sum"}'
        mapping("contrasts", given.contrasts, "contrasts are given by variable", example)
    if given.control is not None:
        instance("control", given.control, Control, "use ranef.Control(max_evaluations=...)")


def _residual_of(text: Any, formula: Formula) -> ResidualSpec:
    """The structure of the residuals that a call asks for."""
    spec = parse_residual(text)
    if not formula.bars:
        raise OptionError(
            "residual= is for models with random effects",
            found=f"residual={shown(text)} and the formula {formula.text}",
            fix="add a random part, as in (1 | group), or leave out residual=",
        )
    return spec


def _learned(spec: ResidualSpec, table: Table, design: Design) -> ResidualStructure:
    groups = {term.factor: GroupCodes(term.factor, term.codes) for term in design.terms}
    return learn_residual(spec, table, tuple(groups.values()))


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
                found=f"shape {np.shape(values)} for {table.n_rows} rows",
                fix="give a vector as long as the data, with the rows outside of the subset",
            )


def _fit_of_text(given: Given, reml: bool, text: str) -> Fit:
    return fit_model(parse(text), given, reml=reml)


def _refused(
    formula: Formula, table: Table, missing: MissingRows, design: Design | None
) -> tuple[Finding, ...]:
    from ranef.diagnose.refused import refused_findings

    return refused_findings(formula, table, missing, design)


def _simpler(
    formula: Formula,
    table: Table,
    design: Design | None,
    weights: Array | None,
    fit: Callable[[str], Fit],
) -> Fit | None:
    """The first simpler model that the data do not refuse too."""
    from ranef.diagnose.refused import simpler_formulas

    for text in simpler_formulas(formula, table, design, weights):
        try:
            return fit(text)
        except RanefError:
            continue
    return None


def _assigned(prior: Any, design: Design) -> Assigned | None:
    if prior is None:
        return None
    from ranef.priors.assign import assign

    return assign(prior, design.terms, design.x_names)


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
    return _numbers(name, argument)


def _numbers(name: str, argument: Any) -> Array:
    one_per_row = "give a column's name or one number per row"
    fix = "give an array of numbers" if name == "start values" else one_per_row
    return numbers(name, argument, what=f"the {name} are not numbers", fix=fix)


def _checked_weights(weights: Array | None) -> Array | None:
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


def _finite(name: str, values: Array | None) -> Array | None:
    if values is not None and not bool(np.all(np.isfinite(values))):
        row = int(np.flatnonzero(~np.isfinite(values))[0])
        raise DataError(
            f"the {name} has infinite values",
            found=f"{values[row]} in row {row} (from 0, of the rows used)",
            fix="leave such rows out of the data",
        )
    return values


def _sum(a: Array | None, b: Array | None) -> Array | None:
    if a is None or b is None:
        return b if a is None else a
    return a + b
