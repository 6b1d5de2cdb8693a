"""Which rows belong together: a grouping factor of the model, or a variable of it."""

from __future__ import annotations

import numpy as np

from ranef.design.levels import learn_levels
from ranef.errors import OptionError
from ranef.fit.mixed_record import MixedRecord
from ranef.frame.factors import as_factor
from ranef.inference.checks.looks import Units as LevelNames
from ranef.inference.influence import Units
from ranef.inference.nesting import outermost_factor
from ranef.options import name

__all__ = ["ROWS", "factor_position", "level_names", "outermost_of", "units_of"]

ROWS = "rows"


def factors_of(record: MixedRecord) -> dict[str, int]:
    """The grouping factors of a model by name, with the position of each among them."""
    blocks, labels = record._problem.terms, record._problem.labels
    return {label.factor: term.group for term, label in zip(blocks, labels, strict=True)}


def factor_position(record: MixedRecord, group: str | None, option: str) -> tuple[str, int]:
    """The grouping factor that is asked for; None asks for that in which all others are nested.

    Raises
    ------
    OptionError
        Another name, or none for crossed factors.
    """
    factors = factors_of(record)
    if group is not None:
        return name(option, group, list(factors), of="grouping factor"), factors[group]
    record._need_random(
        f"{option}=None", "name a variable of the model, or the rows, where the method takes them"
    )
    outer = outermost_of(record)
    if outer is None:
        names = ", ".join(f'{option}="{factor}"' for factor in factors)
        raise OptionError(
            f"{option} names one of the crossed grouping factors",
            found=f"{option}=None",
            fix=f"use {names}",
        )
    return outer, factors[outer]


def outermost_of(record: MixedRecord) -> str | None:
    """The grouping factor in which all others are nested; None if there is none."""
    elsewhere = record._data.elsewhere
    return outermost_factor(record._design) if elsewhere is None else elsewhere.outermost


def units_of(record: MixedRecord, by: str | None) -> Units:
    """The levels of a grouping factor or of a variable of the model, with the rows of each.

    Raises
    ------
    OptionError
        Another name, none for crossed factors, or a variable with one value.
    """
    factors = factors_of(record)
    variables = [n for n in record._table.names if n not in factors]
    if by is not None:
        of = "grouping factor or variable of the model"
        by = name("by", by, [*factors, *variables, ROWS], of=of)
    if by is None or by in factors:
        factor, _ = factor_position(record, by, "by")
        term = next(term for term in record._design.terms if term.factor == factor)
        return Units(factor, term.codes, term.levels, factor=True)
    if by == ROWS:
        from ranef.present.frames.rows import frame_index

        n = record._problem.n
        labels = frame_index(record._index, record.missing_rows)
        return Units(ROWS, np.arange(n, dtype=np.int32), tuple(labels))
    levels, codes = learn_levels(as_factor(record._table[by]))
    if len(levels) < 2:
        raise OptionError(
            f"'{by}' has one value: without its rows nothing is left",
            found=f"by='{by}'",
            fix=f"use one of {', '.join(factors)}",
        )
    return Units(by, codes, levels.names)


def level_names(record: MixedRecord, group: int | None) -> LevelNames:
    """What the levels of a grouping factor are called; None stands for the rows.

    Parameters
    ----------
    group : int or None
        Position of the factor.
    """
    for term, block in zip(record._design.terms, record._problem.terms, strict=True):
        if block.group == group:
            return LevelNames(term.factor, term.levels)
    index, missing = record._index, record.missing_rows
    labels = np.arange(missing.n_total) if index is None else index
    return LevelNames(ROWS, tuple(map(str, np.delete(np.asarray(labels), missing.rows))))
