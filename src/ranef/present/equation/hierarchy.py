"""Which level of a model each part of a coefficient's name belongs to."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from ranef.formula.naming import column_of, columns_of, without_level
from ranef.present.text.words import centring_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Hierarchy", "hierarchy_by", "hierarchy_of"]

MOST_FACTORS = 2
"""Grouping factors of models whose equations are written by levels."""


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """The levels of a model with nested grouping factors; none of any other model.

    Attributes
    ----------
    factors : tuple of str
        Labels of the grouping factors, the inner one first.
    constant : mapping of str to frozenset of str
        By factor: parts of coefficient names that have one value in each of its levels.
    """

    factors: tuple[str, ...] = ()
    constant: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def level(self, piece: str) -> int:
        """1 for what varies from row to row, 2 for what is constant within the inner factor."""
        return 1 + sum(piece in self.constant.get(factor, ()) for factor in self.factors)

    @property
    def indices(self) -> tuple[str, ...]:
        """The index of a row, of an inner group, of an outer one: ``("ijk", "jk", "k")``."""
        letters = "ijk"[: len(self.factors) + 1]
        return tuple(letters[start:] for start in range(len(letters)))

    def index_of(self, group: str) -> str:
        """The index of a level of `group`, empty if it is none of the factors."""
        for factor, index in zip(self.factors, self.indices[1:], strict=True):
            if set(columns_of(factor)) == set(columns_of(group)):
                return index
        return ""


def hierarchy_of(factors: Collection[str], pieces: Iterable[str], data: pd.DataFrame) -> Hierarchy:
    """The same as :func:`hierarchy_by` from the variables in the rows used."""
    columns = [str(name) for name in data.columns]
    return hierarchy_by(factors, pieces, columns, lambda own: _steady(columns_of(own), data))


def hierarchy_by(
    factors: Collection[str],
    pieces: Iterable[str],
    columns: Collection[str],
    steady_in: Callable[[str], frozenset[str]],
) -> Hierarchy:
    """Order the factors and find what is constant within their levels.

    A factor is nested in another one if it is made of it, as ``class:school`` of
    ``(1 | school/class)``.

    Parameters
    ----------
    factors : collection of str
    pieces : iterable of str
        ``"ses"``, ``"sex[T.male]"``, ``"log(x)"``.
    columns : collection of str
        The variables of the model.
    steady_in : callable
        From a factor to the variables with one value in each of its levels.
    """
    if not 0 < len(factors) <= MOST_FACTORS:
        return Hierarchy()
    order = sorted(factors, key=lambda factor: -len(columns_of(factor)))
    if not all(set(columns_of(b)) < set(columns_of(a)) for a, b in pairwise(order)):
        return Hierarchy()
    steady = {factor: steady_in(factor) for factor in factors}
    pieces = tuple(pieces)
    constant = {
        factor: frozenset(p for p in pieces if _is_constant(p, steady[factor], columns))
        for factor in order
    }
    return Hierarchy(tuple(order), constant)


def _steady(group: tuple[str, ...], data: pd.DataFrame) -> frozenset[str]:
    """Columns with one value in each combination of the columns `group`, and these."""
    known = [name for name in group if name in data.columns]
    if not known:
        return frozenset()
    codes = data.groupby(known, observed=True, sort=False).ngroup().to_numpy()
    found = set(known)
    for name in map(str, data.columns):
        if name not in found and int(data[name].groupby(codes).nunique().max()) <= 1:
            found.add(name)
    return frozenset(found)


def _is_constant(piece: str, steady: Collection[str], columns: Collection[str]) -> bool:
    pair = centring_of(without_level(piece))
    if pair is not None:
        x, group = pair
        means = set(columns_of(group)) <= set(steady)
        own = columns_used(x, columns)
        values = bool(own) and own <= set(steady)
        return means if piece.startswith("between") else means and values
    used = columns_used(piece, columns)
    return bool(used) and used <= set(steady)


def columns_used(piece: str, columns: Collection[str]) -> set[str]:
    """Columns that occur in a piece of a coefficient name, ``sex[T.male]`` or ``log(x)``."""
    column = column_of(piece)
    if column is not None:
        return {column}.intersection(columns)
    bare = without_level(piece)
    used = set()
    for name in sorted(columns, key=len, reverse=True):
        pattern = rf"(?<![\w.]){re.escape(name)}(?![\w.])"
        if re.search(pattern, bare):
            used.add(name)
            bare = re.sub(pattern, " ", bare)
    return used
