"""The nearest model whose variances the data identify: smaller random parts on one factor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product

from ranef.design.design import Design
from ranef.design.matrix import ModelColumns
from ranef.design.random import TermCoding
from ranef.design.variance_map import flat_directions
from ranef.formula.model import Bar, Formula
from ranef.formula.naming import typed
from ranef.types import Array

__all__ = ["Part", "nearest_parts", "parts_of_factor"]

_MOST = 60
"""Smaller models that are looked at."""


@dataclass(frozen=True, slots=True)
class Part:
    """A random part with some of its columns.

    Attributes
    ----------
    bar : Bar
    place : int
        Its position in ``Formula.bars``.
    columns : ModelColumns
        Of the whole random part.
    owners : tuple of int
        For each column the term of ``bar.model.terms`` that makes it; -1 for the intercept.
    kept : frozenset of int
        The terms that stay, -1 among them for the intercept.
    correlated : bool
    """

    bar: Bar
    place: int
    columns: ModelColumns
    owners: tuple[int, ...]
    kept: frozenset[int]
    correlated: bool

    @property
    def positions(self) -> tuple[int, ...]:
        """The columns that stay."""
        return tuple(j for j, owner in enumerate(self.owners) if owner in self.kept)

    @property
    def blocks(self) -> list[ModelColumns]:
        """Columns of each of its terms."""
        at = self.positions
        if self.correlated:
            return [self.columns.take(at)] if at else []
        return [self.columns.take((j,)) for j in at]

    @property
    def n_parameters(self) -> int:
        q = len(self.positions)
        return q * (q + 1) // 2 if self.correlated else q

    @property
    def text(self) -> str:
        """As a user writes it."""
        names = [typed(self.bar.model.terms[k].name) for k in sorted(self.kept - {-1})]
        intercept = -1 in self.kept
        left = names if names and intercept else ["1" if intercept else "0", *names]
        mark = "|" if self.correlated or len(self.positions) == 1 else "||"
        return f"({' + '.join(left)} {mark} {typed(self.bar.label)})"


def parts_of_factor(design: Design, formula: Formula, members: Sequence[int]) -> list[Part]:
    """The random parts on a factor as they are, in the order of the formula.

    `members` are the positions of its terms in the design.
    """
    columns: dict[int, list[Array | None]] = {}
    owners: dict[int, list[int]] = {}
    for k in members:
        coding: TermCoding = design.encoding.random_codings[k]
        columns.setdefault(coding.bar, []).extend(design.terms[k].columns.columns)
        owners.setdefault(coding.bar, []).extend(coding.owners)
    return [
        Part(
            formula.bars[place],
            place,
            ModelColumns(tuple(columns[place]), design.n),
            tuple(owners[place]),
            frozenset(owners[place]),
            formula.bars[place].correlated,
        )
        for place in sorted(columns)
    ]


def nearest_parts(
    design: Design,
    parts: Sequence[Part],
    members: Sequence[int],
    weights: Array | None,
    without: frozenset[tuple[int, int]] = frozenset(),
) -> list[Part] | None:
    """Smaller random parts that the data identify, with as many parameters as can be.

    Parameters
    ----------
    design : Design
    parts : sequence of Part
    members : sequence of int
        Positions of their terms in the design.
    weights : ndarray or None, shape (n,)
    without : frozenset of (int, int)
        Terms that have to go: position of the random part and of the term in it.

    Returns
    -------
    list of Part, or None
        Random parts of which nothing is kept are left out; None if none of the models that were
        looked at is identified.
    """
    first = design.terms[members[0]]
    choices = []
    for part in parts:
        gone = {k for place, k in without if place == part.place}
        choices.append([o for o in _smaller(part) if not o.kept & gone])
    models = [[p for p in model if p.kept] for model in product(*choices)]
    models.sort(key=lambda model: -sum(part.n_parameters for part in model))
    for model in islice((m for m in models if m), _MOST):
        blocks = [block for part in model for block in part.blocks]
        if not flat_directions(blocks, first.codes, first.n_levels, weights):
            return model
    return None


def _smaller(part: Part) -> Iterator[Part]:
    """The part as it is, independent effects, one term less, the intercept alone, nothing."""
    terms = sorted(part.kept - {-1}, reverse=True)
    kept = [part.kept, *(part.kept - {k} for k in terms)]
    if -1 in part.kept:
        kept.append(frozenset({-1}))
        if all(part.owners.count(k) == 1 for k in terms):  # coded alike without an intercept
            kept.append(part.kept - {-1})
    for some in dict.fromkeys(kept):
        smaller = replace(part, kept=some)
        yield smaller
        if part.correlated and len(smaller.positions) > 1:
            yield replace(smaller, correlated=False)
    yield replace(part, kept=frozenset())
