"""Records that more than one layer speaks of. No behaviour beyond printing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "Codes", "Finding", "MissingRows", "RandomTerm", "Severity"]

Array = NDArray[np.float64]
Codes = NDArray[np.int32]
Severity = Literal["note", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something worth knowing about the data or the fit, kept on the fit.

    Attributes
    ----------
    code : str
        Stable identifier in kebab case, for instance ``"numeric-group"``.
    severity : {"note", "warning", "problem"}
    message : str
        One sentence in the user's variables.
    evidence : str
        The numbers behind it.
    where : str
        The column, term or row it concerns.
    fix : str
        What to do, or when to leave it alone.
    """

    code: str
    severity: Severity
    message: str
    evidence: str = ""
    where: str = ""
    fix: str = ""

    def __str__(self) -> str:
        tail = f" ({self.evidence})" if self.evidence else ""
        return f"[{self.severity}] {self.message}{tail}"


@dataclass(frozen=True, slots=True)
class MissingRows:
    """Which rows were left out because a variable of the model is missing there.

    Attributes
    ----------
    rows : ndarray of int64
        Zero-based positions in the data as given.
    by_column : mapping of str to int
        Missing values in each variable of the model that has any.
    n_total : int
        Rows before dropping.
    """

    rows: NDArray[np.int64]
    by_column: Mapping[str, int]
    n_total: int

    def __len__(self) -> int:
        return int(self.rows.size)


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
    Z : ndarray, shape (n, q)
        Columns of the term's model matrix, Fortran order.
    codes : ndarray of int32, shape (n,)
        Level of each row; terms on the same factor share this array.
    levels : tuple of str
        Level names in order.
    """

    label: str
    factor: str
    names: tuple[str, ...]
    Z: Array = field(repr=False)
    codes: Codes = field(repr=False)
    levels: tuple[str, ...] = field(repr=False)

    @property
    def q(self) -> int:
        return len(self.names)

    @property
    def n_levels(self) -> int:
        return len(self.levels)
