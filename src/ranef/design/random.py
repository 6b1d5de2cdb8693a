"""Random-effects terms: grouping factors, model matrices, lme4's order and labels."""

from __future__ import annotations

from dataclasses import field
from itertools import pairwise

import numpy as np

from ranef.design.coding import Coded, code
from ranef.design.grouping import Grouping, learn_grouping
from ranef.design.state import State
from ranef.errors import DesignError
from ranef.formula.model import Bar, Formula
from ranef.formula.naming import numbered, typed
from ranef.formula.position import pointer
from ranef.formula.terms import Term
from ranef.frame.table import Table
from ranef.record import record
from ranef.scan import Ends
from ranef.types import Array, Codes, RandomTerm

__all__ = ["TermCoding", "build_random"]

CHUNK = 1 << 13  # rows at a time


@record(frozen=True, slots=True)
class TermCoding:
    """How to code one random-effects term on other rows.

    Attributes
    ----------
    grouping : Grouping
    intercept : bool
    terms : tuple of Term
        Left side of the bar.
    columns : tuple of int
        Columns of the left side's model matrix that belong to this term.
    """

    grouping: Grouping
    intercept: bool
    terms: tuple[Term, ...] = field(repr=False)
    columns: tuple[int, ...]


@record(frozen=True, slots=True)
class _Part:
    bar: Bar
    coding: TermCoding
    codes: Codes
    coded: Coded


def build_random(
    formula: Formula, table: Table, state: State
) -> tuple[tuple[RandomTerm, ...], tuple[TermCoding, ...]]:
    """Random-effects terms in lme4's order: most levels first, ties as written.

    Terms of ``||`` are split into one scalar term for each column of their model matrix. Terms
    with the same columns behind their grouping factor share one array of codes.

    Raises
    ------
    DesignError
        A grouping factor with one level, or a random slope that never varies within a group.
    """
    groupings: dict[tuple[str, ...], tuple[Grouping, Codes]] = {}
    matrices: dict[tuple[bool, tuple[str, ...]], Coded] = {}
    parts: list[_Part] = []
    for bar in formula.bars:
        if bar.factors not in groupings:
            groupings[bar.factors] = learn_grouping(bar.factors, table)
        grouping, codes = groupings[bar.factors]
        _check_levels(bar, grouping, formula)
        key = (bar.model.intercept, tuple(term.name for term in bar.model.terms))
        if key not in matrices:
            matrices[key] = code(bar.model.intercept, bar.model.terms, table, state)
        coded = matrices[key]
        _check_slopes(bar, coded, codes, len(grouping), formula)
        every = tuple(range(len(coded.names)))
        for columns in (every,) if bar.correlated else tuple((j,) for j in every):
            coding = TermCoding(grouping, bar.model.intercept, bar.model.terms, columns)
            parts.append(_Part(bar, coding, codes, coded))
    parts = _sorted_as_lme4(parts)
    labels = numbered([part.bar.label for part in parts])
    terms = [_term(part, label) for part, label in zip(parts, labels, strict=True)]
    return tuple(terms), tuple(part.coding for part in parts)


def _sorted_as_lme4(parts: list[_Part]) -> list[_Part]:
    """Most levels first. Like lme4, terms that are in this order stay as written, and where they
    are not, terms with equally many levels change places too (``rev(order(n_levels))``)."""
    sizes = [len(part.coding.grouping) for part in parts]
    if all(before >= after for before, after in pairwise(sizes)):
        return parts
    order = sorted(range(len(parts)), key=sizes.__getitem__)
    return [parts[k] for k in reversed(order)]


def _term(part: _Part, label: str) -> RandomTerm:
    columns = part.coding.columns
    return RandomTerm(
        label=label,
        factor=part.bar.label,
        names=tuple(part.coded.names[j] for j in columns),
        columns=part.coded.columns.take(columns),
        codes=part.codes,
        grouping=part.coding.grouping,
    )


def _check_levels(bar: Bar, grouping: Grouping, formula: Formula) -> None:
    if len(grouping) == 1:
        span = (bar.group_names[0].span[0], bar.group_names[-1].span[1])
        raise DesignError(
            f"the grouping factor '{bar.label}' has one level",
            where=pointer(formula.text, span if span[0] < span[1] else bar.group_names[0].span),
            found=f"'{grouping.names[0]}' in all rows used",
            fix="a variance between groups needs several groups: remove this random part, "
            "or use the rows of more groups",
        )


def _check_slopes(bar: Bar, coded: Coded, codes: Codes, n_levels: int, formula: Formula) -> None:
    if not bar.model.intercept or len(coded.names) == 1:
        return
    for term, columns in zip(bar.model.terms, coded.term_columns, strict=True):
        for j in columns:
            column = coded.columns.columns[j]
            ends = None if coded.ends is None else coded.ends[j]
            if column is not None and _varies_within(column, codes, n_levels, ends):
                continue
            name = coded.names[j]
            raise DesignError(
                f"the random slope of '{name}' cannot be told from the intercept of '{bar.label}'",
                where=pointer(formula.text, term.factors[0].span),
                found=f"'{name}' never varies within a level of '{bar.label}' in {bar.text}",
                fix=f"keep '{term.name}' in the fixed part only, as in {_without(bar, term)}",
            )


def _varies_within(column: Array, codes: Codes, n_levels: int, ends: Ends | None) -> bool:
    """Whether some level has two values; where it does, few rows have to be read.

    `ends` are smallest and largest value, where they are known.
    """
    clear = None
    seen = np.full(n_levels, np.nan)
    for start in range(0, column.size, CHUNK):
        rows = slice(start, start + CHUNK)
        levels, values = codes[rows], column[rows]
        before = seen[levels]
        seen[levels] = values
        for other in (before, seen[levels]):
            difference = float(np.fmax.reduce(np.abs(other - values), initial=0.0))
            if difference == 0.0:
                continue
            if clear is None:
                low, high = ends or (float(column.min()), float(column.max()))
                clear = 1e-12 * max(high, -low)
            if difference > clear:
                return True
    return False


def _without(bar: Bar, term: Term) -> str:
    kept = [typed(other.name) for other in bar.model.terms if other is not term]
    lhs = " + ".join(["1", *kept])
    mark = "|" if bar.correlated else "||"
    return f"({lhs if kept else '1'} {mark} {typed(bar.label)})"
