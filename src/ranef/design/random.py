"""Random-effects terms: grouping factors, model matrices, lme4's order and labels."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

import numpy as np

from ranef.design.coding import Coded, code
from ranef.design.grouping import Grouping, learn_grouping
from ranef.design.occasions import occasion_names, positions_of
from ranef.design.state import State
from ranef.design.terms import RandomTerm
from ranef.errors import DesignError
from ranef.formula.model import Bar, Formula
from ranef.formula.naming import numbered, typed
from ranef.formula.position import pointer
from ranef.formula.render import to_source
from ranef.formula.structures import BY_DISTANCE, ORDERED, tagged
from ranef.formula.terms import Term
from ranef.frame.grouping import ROUNDING
from ranef.frame.table import Table
from ranef.page.phrases import count
from ranef.types import Array, Codes

__all__ = ["RandomRows", "TermCoding", "build_random", "random_terms"]

CHUNK = 1 << 13  # rows at a time
CLEAR = 1e-9
"""Difference within a level, over the spread of the column, that is more than rounding error."""


@dataclass(frozen=True, slots=True)
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
    bar : int
        The random part, by its position in ``Formula.bars``.
    owners : tuple of int
        For each of the columns its position in `terms`; -1 for the intercept.
    """

    grouping: Grouping
    intercept: bool
    terms: tuple[Term, ...] = field(repr=False)
    columns: tuple[int, ...]
    bar: int
    owners: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    bar: Bar
    coding: TermCoding
    codes: Codes
    coded: Coded
    constant: frozenset[int]
    structure: str
    positions: tuple[int, ...]


class RandomRows(Protocol):
    """What random-effects terms are built from."""

    def grouping(self, factors: tuple[str, ...]) -> tuple[Grouping, Codes]:
        """The levels of a grouping factor, and the level of each row."""
        ...

    def coded(self, bar: Bar) -> Coded:
        """The model matrix of a random part."""
        ...

    def constant(self, bar: Bar, coded: Coded) -> frozenset[int]:
        """Its columns besides the intercept that never vary within a level."""
        ...

    def table(self, bar: Bar) -> Table:
        """Columns from which the occasions of a structure are read."""
        ...


class _RowsOfTable:
    """The rows of a table."""

    def __init__(self, table: Table, state: State) -> None:
        self._table = table
        self._state = state
        self._groupings: dict[tuple[str, ...], tuple[Grouping, Codes]] = {}
        self._matrices: dict[tuple[bool, tuple[str, ...]], Coded] = {}

    def grouping(self, factors: tuple[str, ...]) -> tuple[Grouping, Codes]:
        if factors not in self._groupings:
            self._groupings[factors] = learn_grouping(factors, self._table)
        return self._groupings[factors]

    def coded(self, bar: Bar) -> Coded:
        key = (bar.model.intercept, tuple(term.name for term in bar.model.terms))
        if key not in self._matrices:
            made = code(bar.model.intercept, bar.model.terms, self._table, self._state)
            self._matrices[key] = made
        return self._matrices[key]

    def constant(self, bar: Bar, coded: Coded) -> frozenset[int]:
        grouping, codes = self.grouping(bar.factors)
        return _constant_columns(coded, codes, len(grouping))

    def table(self, bar: Bar) -> Table:
        return self._table


def build_random(
    formula: Formula, table: Table, state: State
) -> tuple[tuple[RandomTerm, ...], tuple[TermCoding, ...]]:
    """:func:`random_terms` of the rows of a table."""
    return random_terms(formula, state, _RowsOfTable(table, state))


def random_terms(
    formula: Formula, state: State, rows: RandomRows
) -> tuple[tuple[RandomTerm, ...], tuple[TermCoding, ...]]:
    """Random-effects terms in lme4's order: most levels first, ties as written.

    Terms of ``||`` are split into one scalar term for each column of their model matrix. Terms
    with the same columns behind their grouping factor share one array of codes.

    Raises
    ------
    DesignError
        A grouping factor with one level, a random part without columns, a rank larger than the
        number of columns, or occasions whose distances are not known.
    """
    parts: list[_Part] = []
    for place, bar in enumerate(formula.bars):
        grouping, codes = rows.grouping(bar.factors)
        _check_levels(bar, grouping, formula)
        coded = rows.coded(bar)
        constant = rows.constant(bar, coded)
        owners = _owners(coded)
        every = tuple(range(len(coded.names)))
        structure = "us"
        positions: tuple[int, ...] = ()
        if bar.structure != "us" and len(every) > 1:
            structure = bar.structure
            if structure in ORDERED:
                positions = positions_of(bar, rows.table(bar), state)
                if structure not in BY_DISTANCE:  # occasions in their order, as glmmTMB has it
                    positions = every
        _check_rank(bar, every, formula)
        for columns in (every,) if bar.correlated else tuple((j,) for j in every):
            coding = TermCoding(
                grouping,
                bar.model.intercept,
                bar.model.terms,
                columns,
                place,
                tuple(owners[j] for j in columns),
            )
            parts.append(_Part(bar, coding, codes, coded, constant, structure, positions))
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
    names = tuple(part.coded.names[j] for j in columns)
    return RandomTerm(
        label=label,
        factor=part.bar.label,
        names=occasion_names(part.bar, names) if part.bar.structure in ORDERED else names,
        columns=part.coded.columns.take(columns),
        codes=part.codes,
        grouping=part.coding.grouping,
        constant=tuple(k for k, j in enumerate(columns) if j in part.constant),
        structure=part.structure,
        rank=part.bar.rank if part.structure == "rr" else 0,
        positions=part.positions,
    )


def _check_rank(bar: Bar, columns: tuple[int, ...], formula: Formula) -> None:
    q = len(columns)
    if bar.rank > q:
        free = tagged("us", f"{to_source(bar.lhs)} | {typed(bar.label)}", 0)
        raise DesignError(
            f"the rank of {bar.text} is larger than its number of columns",
            where=pointer(formula.text, bar.span),
            found=f"rank {bar.rank}, {count(q, 'column')}",
            fix=f"write {free}, whose covariance matrix is free"
            + (f", or a rank below {q}" if q > 1 else ""),
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


def _owners(coded: Coded) -> list[int]:
    """For each column the term that it belongs to; -1 for the intercept."""
    owners = [-1] * len(coded.names)
    for k, columns in enumerate(coded.term_columns):
        for j in columns:
            owners[j] = k
    return owners


def _constant_columns(coded: Coded, codes: Codes, n_levels: int) -> frozenset[int]:
    """Columns besides the intercept that never vary within a level."""
    return frozenset(
        j
        for columns in coded.term_columns
        for j in columns
        if (column := coded.columns.columns[j]) is not None
        and not _varies_within(column, codes, n_levels)
    )


def _varies_within(column: Array, codes: Codes, n_levels: int) -> bool:
    """Whether some level has two values; where it does, few rows have to be read.

    Differences that may be rounding error, of a group mean made row by row for instance, are none.
    """
    seen = np.full(n_levels, np.nan)
    low, high = np.inf, -np.inf
    for start in range(0, column.size, CHUNK):
        rows = slice(start, start + CHUNK)
        levels, values = codes[rows], column[rows]
        before = seen[levels]
        seen[levels] = values
        for other in (before, seen[levels]):
            difference = float(np.fmax.reduce(np.abs(other - values), initial=0.0))
            if difference == 0.0:
                continue
            low, high = min(low, float(values.min())), max(high, float(values.max()))
            if difference > max(CLEAR * (high - low), ROUNDING * max(high, -low)):
                return True
    return False
