"""Records that more than one layer speaks of. No behaviour beyond printing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ranef.page import paragraph

__all__ = [
    "INTERCEPT",
    "OFFSET",
    "Array",
    "Codes",
    "Finding",
    "Findings",
    "MissingRows",
    "Severity",
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
    count : int or None
        How many rows were left out, if their positions are not known: then `rows` is empty.
    """

    rows: NDArray[np.int64]
    by_column: Mapping[str, int]
    n_total: int
    outside: int = 0
    count: int | None = None

    def within(self, inside: NDArray[np.bool_]) -> MissingRows:
        """The same among all rows, where `inside` says which of them these rows are."""
        positions = np.flatnonzero(inside)
        used = np.zeros(inside.size, dtype=np.bool_)
        used[np.delete(positions, self.rows)] = True
        outside = int(inside.size - positions.size)
        return MissingRows(np.flatnonzero(~used), self.by_column, int(inside.size), outside)

    def __len__(self) -> int:
        return int(self.rows.size) if self.count is None else self.count

    def __str__(self) -> str:
        if not len(self):
            return f"none of {self.n_total} rows left out"
        if self.count is not None:
            counts = ", ".join(f"{name} {count}" for name, count in self.by_column.items() if count)
            return f"{len(self)} of {self.n_total} rows left out; missing values: {counts}"
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
