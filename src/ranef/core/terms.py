"""Random-effects terms for the core and its callers: a place and a label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["TermBlock", "TermLabel"]


class TermBlock(NamedTuple):
    """A random-effects term's place among its grouping factor's columns, and its structure.

    `structure`, `rank` and `positions` are those of its
    :class:`~ranef.design.terms.RandomTerm`.
    """

    group: int
    offset: int
    q: int
    structure: str = "us"
    rank: int = 0
    positions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TermLabel:
    """Names of a random-effects term: as printed, its factor, its q coefficients, its structure."""

    label: str
    factor: str
    names: tuple[str, ...]
    n_levels: int
    structure: str = "us"
