"""Interactions of crossed grouping factors: cells that hold several rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np

from ranef.diagnose.larger.candidates import Candidate
from ranef.diagnose.rewrite import intercept_by, product, with_bar, with_nested, with_parts
from ranef.diagnose.subject import Subject
from ranef.formula import Bar, Formula
from ranef.formula.nodes import Name
from ranef.frame.grouping import relate
from ranef.types import Codes

__all__ = ["Cells", "cell_candidates", "nested_formula"]

SEVERAL = 0.5
"""Share of the rows that have to stand in cells of two rows and more."""

FEWEST_CELLS = 12
MOST_PAIRS = 3


@dataclass(frozen=True, slots=True)
class Cells:
    """Two crossed factors and the combinations that occur.

    Attributes
    ----------
    first, second : str
        Labels; `second` has fewer levels.
    label : str
        Of the interaction.
    columns : tuple of str
        What the interaction is made of.
    cells, possible : int
    """

    first: str
    second: str
    label: str
    columns: tuple[str, ...]
    cells: int
    possible: int


def cell_candidates(subject: Subject) -> list[tuple[Candidate, Cells]]:
    """Pairs of crossed factors whose combinations hold several rows and are not in the model."""
    if subject.data.elsewhere is not None:
        return []  # sums do not say which columns make up the cells of two factors
    bars = {bar.label: bar for bar in subject.formula.bars}
    codes = {term.factor: (term.codes, term.n_levels) for term in subject.design.terms}
    known = {frozenset(bar.factors) for bar in bars.values()}
    fixed = set(subject.formula.fixed_predictors())
    out = []
    for a, b in combinations(bars, 2):
        if fixed & {*bars[a].factors, *bars[b].factors}:
            continue  # a predictor by levels of a factor: its slope is looked at
        pair = _cells(bars[a], bars[b], codes[a], codes[b])
        if pair is None or frozenset(pair.columns) in known:
            continue
        if any(_same(subject, pair.columns, codes[c]) for c in codes):
            continue
        out.append((Candidate("interaction", pair.label, pair.label, partial(_added, pair)), pair))
    return out[:MOST_PAIRS]


def _cells(a: Bar, b: Bar, codes_a: tuple[Codes, int], codes_b: tuple[Codes, int]) -> Cells | None:
    if codes_a[1] < codes_b[1]:
        a, b, codes_a, codes_b = b, a, codes_b, codes_a
    of_row = codes_a[0].astype(np.int64) * codes_b[1] + codes_b[0]
    _, cell, counts = np.unique(of_row, return_inverse=True, return_counts=True)
    if counts.size <= codes_a[1] or counts.size < FEWEST_CELLS:
        return None  # nested, or too few
    if float(np.mean(counts[cell] > 1)) < SEVERAL:
        return None
    columns = tuple(dict.fromkeys((*a.factors, *b.factors)))
    label = ":".join(columns)
    return Cells(a.label, b.label, label, columns, int(counts.size), codes_a[1] * codes_b[1])


def _same(subject: Subject, columns: tuple[str, ...], codes: tuple[Codes, int]) -> bool:
    """Whether a factor of the model makes the same groups already."""
    from ranef.frame import Column
    from ranef.frame.grouping import grouping

    factor = Column("factor", "factor", codes[0], tuple(map(str, range(codes[1]))))
    return relate(grouping(subject.table, ":".join(columns)), factor).kind == "one-to-one"


def _added(pair: Cells, formula: Formula) -> str:
    return with_parts(formula, intercept_by(product(_names(pair))))


def _names(pair: Cells) -> list[Name]:
    return [Name(column, (0, 0)) for column in pair.columns]


def nested_formula(formula: Formula, pair: Cells, inner: str) -> str | None:
    """The formula with the cells in place of one of the two factors.

    None where that factor has slopes or several random parts: what is to become of them is not
    for a rule to say.
    """
    at = {label: _alone(formula, label) for label in (pair.first, pair.second)}
    outer = pair.first if inner == pair.second else pair.second
    k, j = at[inner], at[outer]
    if k is None:
        return None
    names, own = (
        next(bar.group_names for bar in formula.bars if bar.label == label)
        for label in (outer, inner)
    )
    if j is not None and len(names) == len(own) == 1:
        return with_nested(formula, j, k)
    group = product((*names, *(n for n in own if n.name not in {m.name for m in names})))
    return with_bar(formula, k, intercept_by(group))


def _alone(formula: Formula, label: str) -> int | None:
    """The place of a factor's only random part, where that is an intercept."""
    at = [k for k, bar in enumerate(formula.bars) if bar.label == label]
    if len(at) != 1 or formula.bars[at[0]].model.terms or not formula.bars[at[0]].model.intercept:
        return None
    return at[0]
