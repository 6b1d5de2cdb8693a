"""Records that more than one layer speaks of. No behaviour beyond printing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from ranef.page import paragraph

__all__ = [
    "INTERCEPT",
    "OFFSET",
    "Array",
    "Codes",
    "ColumnPlan",
    "Finding",
    "Findings",
    "MissingRows",
    "ModelColumns",
    "Named",
    "RandomTerm",
    "Severity",
    "TermBlock",
    "TermLabel",
]

INTERCEPT = "Intercept"
"""The name of the constant column."""

OFFSET = "(offset)"
"""The column of a model's variables that holds an offset given as an array."""

Array = NDArray[np.float64]
Codes = NDArray[np.int32]
SHOWN_ROWS = 8  # numbers of rows that are named
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

    def lines(self, indent: str = "") -> list[str]:
        """The finding as lines of a page: message, then evidence and fix further to the right."""
        head = f"{self.severity} {self.code}: {self.message}"
        lines = paragraph(head, indent, f"{indent}    ")
        for text in (self.evidence, self.fix):
            lines += paragraph(text, f"{indent}    ", f"{indent}    ") if text else []
        return lines

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def _repr_html_(self) -> str:
        return Findings((self,))._repr_html_()


class Findings(tuple[Finding, ...]):
    """Findings as a tuple that prints as a page, in notebooks as a list."""

    __slots__ = ()

    def __str__(self) -> str:
        return "\n".join(line for finding in self for line in finding.lines()) or "no findings"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from html import escape

        items = [
            f"<li><b>{escape(f.severity)}</b> <code>{escape(f.code)}</code> {escape(f.message)}"
            + "".join(f"<br>{escape(text)}" for text in (f.evidence, f.fix) if text)
            + "</li>"
            for f in self
        ]
        return f"<ul>{''.join(items)}</ul>" if items else "<p>no findings</p>"


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
    outside : int
        Rows outside of ``subset=``; they are among `rows`, and their values are not counted.
    """

    rows: NDArray[np.int64]
    by_column: Mapping[str, int]
    n_total: int
    outside: int = 0

    def within(self, inside: NDArray[np.bool_]) -> MissingRows:
        """The same among all rows, where `inside` says which of them these rows are."""
        positions = np.flatnonzero(inside)
        used = np.zeros(inside.size, dtype=np.bool_)
        used[np.delete(positions, self.rows)] = True
        outside = int(inside.size - positions.size)
        return MissingRows(np.flatnonzero(~used), self.by_column, int(inside.size), outside)

    def __len__(self) -> int:
        return int(self.rows.size)

    def __str__(self) -> str:
        if not len(self):
            return f"none of {self.n_total} rows left out"
        first = ", ".join(str(row) for row in self.rows[:SHOWN_ROWS])
        more = f" and {len(self) - SHOWN_ROWS} more" if len(self) > SHOWN_ROWS else ""
        counts = ", ".join(f"{name} {count}" for name, count in self.by_column.items() if count)
        outside = f"; outside of the subset: {self.outside}" if self.outside else ""
        return f"{len(self)} of {self.n_total} rows left out: {first}{more} (from 0){outside}" + (
            f"; missing values: {counts}" if counts else ""
        )

    def __repr__(self) -> str:
        return "\n".join(paragraph(str(self), "", "    "))

    def _repr_html_(self) -> str:
        from html import escape

        return f"<p>{escape(str(self))}</p>"


@dataclass(frozen=True, slots=True)
class ModelColumns:
    """The columns of a model matrix, each where its values already are.

    Attributes
    ----------
    columns : tuple of (ndarray, shape (n,), or None)
        None is the constant 1, of which nothing is stored.
    n_rows : int
    """

    columns: tuple[Array | None, ...] = field(repr=False)
    n_rows: int

    @classmethod
    def of(cls, matrix: Array) -> Self:
        """The columns of a matrix, as views of it."""
        return cls(tuple(matrix[:, j] for j in range(matrix.shape[1])), matrix.shape[0])

    def __len__(self) -> int:
        return len(self.columns)

    def take(self, positions: Sequence[int]) -> ModelColumns:
        """Some of the columns."""
        return ModelColumns(tuple(self.columns[j] for j in positions), self.n_rows)

    def rows(self, start: int, stop: int) -> Array:
        """A new matrix of some consecutive rows, Fortran order."""
        out = np.empty((max(0, min(stop, self.n_rows) - start), len(self.columns)), order="F")
        for j, column in enumerate(self.columns):
            out[:, j] = 1.0 if column is None else column[start:stop]
        return out

    def matrix(self) -> Array:
        """A new matrix of all rows, shape (n, k), Fortran order."""
        return self.rows(0, self.n_rows)


@dataclass(frozen=True, slots=True)
class Cells:
    """Which rows of a model matrix are equal: few differ where categories alone make it.

    Attributes
    ----------
    codes : ndarray of int32, shape (n,)
        The cell of each row.
    columns : ModelColumns
        The rows that differ, one for each cell.
    """

    codes: Codes = field(repr=False)
    columns: ModelColumns

    @property
    def counts(self) -> Array:
        """Rows in each cell."""
        return np.bincount(self.codes, minlength=self.columns.n_rows).astype(np.float64)

    def take(self, positions: Sequence[int]) -> Cells:
        """The cells of a matrix with some of the columns."""
        return Cells(self.codes, self.columns.take(positions))


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
        Where each column stands in time, if the structure is one of occasions.
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


class TermBlock(NamedTuple):
    """A random-effects term's place among its grouping factor's columns, and its structure.

    `structure`, `rank` and `positions` are those of its :class:`RandomTerm`.
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


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """The columns of a model, each array once, and who uses which; -1 is the constant 1.

    Attributes
    ----------
    columns : tuple of ndarray, shape (n,)
        Contiguous.
    centred : tuple of bool
        Whether an intercept stands beside a column, so that its origin does not matter.
    groups : tuple of (ndarray of int32, shape (n,), int)
        Level of each row, number of levels, of the grouping factors.
    random : tuple of (int, tuple of int)
        Group and columns of each random-effects term.
    fixed : tuple of int
        Columns of X.
    blocks : tuple of TermBlock
    labels : tuple of TermLabel
    """

    columns: tuple[Array, ...] = field(repr=False)
    centred: tuple[bool, ...]
    groups: tuple[tuple[Codes, int], ...] = field(repr=False)
    random: tuple[tuple[int, tuple[int, ...]], ...]
    fixed: tuple[int, ...]
    blocks: tuple[TermBlock, ...]
    labels: tuple[TermLabel, ...]

    @property
    def core(self) -> tuple[Any, ...]:
        """What the core is handed."""
        return (self.columns, self.centred, self.groups, self.random, self.fixed)

    def values(self, used: Sequence[int]) -> tuple[Array | None, ...]:
        """The arrays behind some columns; None is the constant 1."""
        return tuple(None if k < 0 else self.columns[k] for k in used)
