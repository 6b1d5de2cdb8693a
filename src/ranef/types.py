"""Records that more than one layer speaks of. No behaviour beyond printing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ranef.page import paragraph
from ranef.page.phrases import count, sentence, share, whole
from ranef.page.shown import Sentence

__all__ = [
    "INTERCEPT",
    "OFFSET",
    "Array",
    "Codes",
    "Finding",
    "Findings",
    "MissingRows",
    "Severity",
    "findings_html",
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

    def lines(self, indent: str = "", told: bool = False) -> list[str]:
        """The finding as lines of a page: message, then evidence and fix further to the right.

        The message is left out if the page has `told` it before.
        """
        texts = [self.message, self.evidence, self.fix]
        first, *rest = [text for text in (texts[1:] if told else texts) if text] or texts[:1]
        lines = paragraph(f"{self.severity} {self.code}: {first}", indent, f"{indent}    ")
        for text in rest:
            lines += paragraph(text, f"{indent}    ", f"{indent}    ")
        return lines

    def sentences(self, told: bool = False) -> list[str]:
        """Message, evidence and fix as sentences; without the message if the page has told it."""
        texts = (self.evidence, self.fix) if told else (self.message, self.evidence, self.fix)
        names = {self.where, *re.split(r"[,\s]+", self.where)}
        return [sentence(text, names) for text in texts if text]

    def html_item(self, told: bool = False) -> str:
        """The finding as an item of a list."""
        from ranef.page.html import escaped

        said = "<br>".join(map(escaped, self.sentences(told)))
        return (
            f'<li style="margin:0.3em 0"><b>{self.severity.capitalize()}</b> '
            f"<code>{escaped(self.code)}</code><br>{said}</li>"
        )

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
        return findings_html(self) or "<p>no findings</p>"


def findings_html(findings: tuple[Finding, ...], told: tuple[str, ...] = ()) -> str:
    """Findings as a list, empty without; those with a code in `told` without their messages."""
    items = "".join(finding.html_item(finding.code in told) for finding in findings)
    return f'<ul style="margin:0.4em 0;max-width:48em">{items}</ul>' if items else ""


@dataclass(frozen=True, slots=True, repr=False)
class MissingRows(Sentence):
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
        total = count(self.n_total, "row")
        if not len(self):
            return f"none of {total} left out"
        if self.count is not None:
            return self.in_short
        first = ", ".join(str(row) for row in self.rows[:SHOWN_ROWS])
        more = f" and {whole(len(self) - SHOWN_ROWS)} more" if len(self) > SHOWN_ROWS else ""
        details = self._details()
        return f"{share(len(self), self.n_total, 'row')} left out: {first}{more} (from 0){details}"

    @property
    def in_short(self) -> str:
        """How many and why, without the numbers of the rows; empty if there are none."""
        if not len(self):
            return ""
        why = self._details().removeprefix("; ")
        return f"{share(len(self), self.n_total, 'row')} left out{f' ({why})' if why else ''}"

    def _details(self) -> str:
        counts = ", ".join(f"{name} {whole(n)}" for name, n in self.by_column.items() if n)
        outside = f"; outside of the subset: {whole(self.outside)}" if self.outside else ""
        return outside + (f"; missing values: {counts}" if counts else "")
