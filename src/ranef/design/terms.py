"""A random-effects term of a design: its columns, and the level of each row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from ranef.design.matrix import ModelColumns
from ranef.types import Array, Codes

__all__ = ["Named", "RandomTerm"]


class Named(Protocol):
    """Levels whose names are made when somebody reads them."""

    def __len__(self) -> int: ...

    @property
    def names(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class RandomTerm:
    """One random-effects term after expansion: what lme4 calls a term.

    Attributes
    ----------
    label : str
        Group name as lme4 prints it; a second term on a factor gets ``".1"``.
    factor : str
        Grouping factor, ``"sch.id"`` or ``"cask:batch"``.
    names : tuple of str
        The q coefficient names.
    columns : ModelColumns
        Columns of the term's model matrix.
    codes : ndarray of int32, shape (n,)
        Level of each row; terms on the same factor share this array.
    grouping : Named
        The levels of the factor in order.
    constant : tuple of int
        Columns besides the intercept that never vary within a level.
    structure : str
        Of the covariance matrix, one of ``formula.structures.STRUCTURES``.
    rank : int
        Of the structure ``"rr"``, else 0.
    positions : tuple of int
        The position of each column in time, if the structure is one of occasions.
    """

    label: str
    factor: str
    names: tuple[str, ...]
    columns: ModelColumns = field(repr=False)
    codes: Codes = field(repr=False)
    grouping: Named = field(repr=False)
    constant: tuple[int, ...] = field(default=(), repr=False)
    structure: str = "us"
    rank: int = 0
    positions: tuple[int, ...] = field(default=(), repr=False)

    @property
    def q(self) -> int:
        return len(self.names)

    @property
    def Z(self) -> Array:
        """The model matrix, shape (n, q), Fortran order, made anew."""
        return self.columns.matrix()

    @property
    def levels(self) -> tuple[str, ...]:
        """Level names in order."""
        return self.grouping.names

    @property
    def n_levels(self) -> int:
        return len(self.grouping)
