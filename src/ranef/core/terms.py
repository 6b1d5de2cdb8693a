"""Random-effects terms as the core and its callers name them: a place and a label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["TermBlock", "TermLabel"]


class TermBlock(NamedTuple):
    """A random-effects term's place among the columns of its grouping factor."""

    group: int
    offset: int
    q: int


@dataclass(frozen=True, slots=True)
class TermLabel:
    """Names of a random-effects term: as printed, its factor, its q coefficients."""

    label: str
    factor: str
    names: tuple[str, ...]
    n_levels: int
