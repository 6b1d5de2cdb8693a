"""The nearest model whose variances the data identify: smaller random parts on one factor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product

from ranef.design.design import Design
from ranef.design.matrix import ModelColumns
from ranef.design.random import TermCoding
from ranef.design.tangent import n_parameters, span_of
from ranef.design.terms import RandomTerm
from ranef.design.variance_map import flat_directions
from ranef.formula.model import Bar, Formula
from ranef.formula.naming import typed
from ranef.formula.structures import tagged
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
    structure : str
    rank : int
    occasions : tuple of int
        Structure, rank and positions as in :class:`~ranef.types.RandomTerm`.
    """

    bar: Bar
    place: int
    columns: ModelColumns
    owners: tuple[int, ...]
    kept: frozenset[int]
    correlated: bool
    structure: str = "us"
    rank: int = 0
    occasions: tuple[int, ...] = ()

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
    def spans(self) -> list[Array | None]:
        """What the covariance of each block can change (see `ranef.design.tangent`)."""
        q = len(self.positions)
        return [span_of(self.structure, q, self.rank, self.occasions)] * len(self.blocks)

    @property
    def n_parameters(self) -> int:
        q = len(self.positions)
        if not self.correlated:
            return q
        return n_parameters(self.structure, q, self.rank, self.occasions)

    @property
    def text(self) -> str:
        """As a user writes it."""
        if self.structure == self.bar.structure != "us":
            return self.bar.text
        names = [typed(self.bar.model.terms[k].name) for k in sorted(self.kept - {-1})]
        intercept = -1 in self.kept
        left = names if names and intercept else ["1" if intercept else "0", *names]
        mark = "|" if self.correlated or len(self.positions) == 1 else "||"
        inner = f"{' + '.join(left)} {mark} {typed(self.bar.label)}"
        return tagged(self.structure, inner, self.rank)


def parts_of_factor(design: Design, formula: Formula, members: Sequence[int]) -> list[Part]:
    """The random parts on a factor as they are, in the order of the formula.

    `members` are the positions of its terms in the design.
    """
    columns: dict[int, list[Array | None]] = {}
    owners: dict[int, list[int]] = {}
    structures: dict[int, RandomTerm] = {}
    for k in members:
        coding: TermCoding = design.encoding.random_codings[k]
        columns.setdefault(coding.bar, []).extend(design.terms[k].columns.columns)
        owners.setdefault(coding.bar, []).extend(coding.owners)
        structures[coding.bar] = design.terms[k]
    return [
        Part(
            formula.bars[place],
            place,
            ModelColumns(tuple(columns[place]), design.n),
            tuple(owners[place]),
            frozenset(owners[place]),
            formula.bars[place].correlated,
            structures[place].structure,
            structures[place].rank,
            structures[place].positions,
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
        spans = [span for part in model for span in part.spans]
        if not flat_directions(blocks, first.codes, first.n_levels, weights, spans):
            return model
    return None


def _smaller(part: Part) -> Iterator[Part]:
    """The part as it is, independent effects, one term less, the intercept alone, nothing."""
    if part.structure != "us":
        yield from _simpler(part)
        return
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


def _simpler(part: Part) -> Iterator[Part]:
    """A part with a structure as it is, structures with fewer parameters, an intercept, nothing."""
    free = replace(part, structure="us", rank=0, occasions=())
    yield part
    for other in (replace(free, correlated=False), replace(free, structure="homdiag")):
        if other.n_parameters < part.n_parameters:
            yield other
    intercept = ModelColumns((None,), part.columns.n_rows)
    yield replace(free, columns=intercept, owners=(-1,), kept=frozenset({-1}))
    yield replace(free, kept=frozenset())
