"""The inner columns of a model, shifted and scaled as the search has them, in cells of any kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ranef.core import TermBlock
from ranef.core.given import ColumnsScaling, allowed_scaling
from ranef.design.random import TermCoding
from ranef.formula import Bar
from ranef.sums.cells import Cells
from ranef.sums.fixed import FixedSums
from ranef.sums.forms import Form, combined, cross
from ranef.sums.model import SummedModel
from ranef.sums.random import RandomSums, by_level, z_scaling
from ranef.types import Array, Codes

__all__ = ["InnerColumns", "LevelProducts", "OfGroup", "OfTerm", "inner_columns"]


class OfGroup(NamedTuple):
    """The cells of a grouping factor, and the level of each of them."""

    cells: Cells
    codes: Codes
    n_levels: int


class LevelProducts(NamedTuple):
    """Cross-products of the inner columns of each level of a grouping factor.

    ``products`` (levels, q + p + 1, q + p + 1) of [Z X y], ``rows`` (levels,), ``q``.
    """

    factor: str
    products: Array
    rows: Array
    q: int


@dataclass(frozen=True, slots=True)
class OfTerm:
    """A random-effects term: its columns among those of its random part, and their scaling."""

    bar: Bar
    columns: tuple[int, ...]
    scaling: ColumnsScaling


@dataclass(frozen=True, eq=False)
class InnerColumns:
    """X, y and Z of a model whose rows were summed, as linear forms of the columns summed.

    Attributes
    ----------
    model : SummedModel
    fixed : FixedSums
    terms : tuple of OfTerm
    groups : tuple of tuple of int
        The terms of each grouping factor, by position.
    """

    model: SummedModel = field(repr=False)
    rows: RandomSums = field(repr=False)
    fixed: FixedSums = field(repr=False)
    terms: tuple[OfTerm, ...]
    groups: tuple[tuple[int, ...], ...]

    def x(self, cells: Cells) -> list[Form]:
        """The columns of X that are kept, each shifted and scaled."""
        made = self.model.x(cells).columns
        return _scaled([made[j] for j in self.fixed.kept], self.fixed.scaling)

    def x_and_y(self, cells: Cells) -> list[Form]:
        """Those that the search has, orthogonal if X is nearly collinear, and the response."""
        x = self.x(cells)
        if self.fixed.change is not None:
            x = [combined(x, column) for column in self.fixed.change.T.tolist()]
        return [*x, self.model.response.scaled(*self.fixed.response)]

    def z(self, g: int, cells: Cells) -> list[Form]:
        """The columns of all terms of a grouping factor."""
        return [form for k in self.groups[g] for form in self._of_term(self.terms[k], cells)]

    def of_group(self, g: int) -> OfGroup:
        """The cells of a grouping factor."""
        factor = self._factor(g)
        grouping, codes = self.rows.grouping(factor)
        return OfGroup(self.model.of_factor[factor], codes, len(grouping))

    def meeting(self, g: int, h: int) -> tuple[Cells, Codes, Codes]:
        """The cells where levels of two factors meet, and the levels of both in each."""
        one, other = self._factor(g), self._factor(h)
        cells = self.model.pair(one, other)
        first, second = (
            self.rows.grouping(factor)[0].encode(cells.table) for factor in (one, other)
        )
        return cells, first, second

    def level_products(self, g: int) -> LevelProducts:
        """[Z X y]'W[Z X y] of each level of a grouping factor."""
        at = self.of_group(g)
        forms = [*self.z(g, at.cells), *self.x_and_y(at.cells)]
        a = np.empty((at.n_levels, len(forms), len(forms)))
        for i, left in enumerate(forms):
            for j, right in enumerate(forms[: i + 1]):
                a[:, i, j] = a[:, j, i] = by_level(
                    cross(left, right, at.cells), at.codes, at.n_levels
                )
        rows = by_level(at.cells.counts, at.codes, at.n_levels)
        return LevelProducts(self.factor(g), a, rows, len(self.z(g, at.cells)))

    def factor(self, g: int) -> str:
        """The name of a grouping factor."""
        return self.terms[self.groups[g][0]].bar.label

    def nested(self, g: int, h: int) -> bool:
        """Whether each level of one factor lies in a single level of another."""
        if g == h:
            return True
        _, first, second = self.meeting(min(g, h), max(g, h))
        inner, outer = (first, second) if g < h else (second, first)
        met = np.unique(np.column_stack([inner, outer]), axis=0)
        return bool(met.shape[0] == self.of_group(g).n_levels)

    @cached_property
    def outermost(self) -> int | None:
        """The factor in which all others are nested; None if there is none."""
        every = range(len(self.groups))
        if not self.groups:
            return None
        last = min(every, key=lambda g: self.of_group(g).n_levels)
        return last if all(self.nested(g, last) for g in every) else None

    def _factor(self, g: int) -> tuple[str, ...]:
        return self.terms[self.groups[g][0]].bar.factors

    def _of_term(self, term: OfTerm, cells: Cells) -> list[Form]:
        made = self.model.z(term.bar, cells).columns
        return _scaled([made[j] for j in term.columns], term.scaling)


def inner_columns(
    model: SummedModel,
    rows: RandomSums,
    fixed: FixedSums,
    blocks: Sequence[TermBlock],
    codings: Sequence[TermCoding],
) -> InnerColumns:
    """The inner columns, with the scaling of Z learnt from the sums."""
    terms = []
    for coding, block in zip(codings, blocks, strict=True):
        bar = model.formula.bars[coding.bar]
        made = rows.forms(bar).columns
        scaling = z_scaling([made[j] for j in coding.columns], model.of_factor[bar.factors])
        terms.append(OfTerm(bar, coding.columns, allowed_scaling(block, scaling)))
    groups: dict[int, list[int]] = {}
    for k, block in enumerate(blocks):
        groups.setdefault(block.group, []).append(k)
    members = tuple(tuple(groups[g]) for g in sorted(groups))
    return InnerColumns(model, rows, fixed, tuple(terms), members)


def _scaled(forms: list[Form], scaling: ColumnsScaling) -> list[Form]:
    return [
        form.scaled(float(shift), float(scale))
        for form, shift, scale in zip(forms, scaling.shifts, scaling.scales, strict=True)
    ]
