"""Values that may stand for a missing one: -99 among heights, ``.`` among names."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ranef.frame.table import Column
from ranef.page.phrases import count
from ranef.types import Finding

__all__ = ["missing_codes"]

CODES = frozenset(
    float(sign + digit * length)
    for digit in "89"
    for sign, lengths in (("-", range(1, 7)), ("", range(3, 7)))
    for length in lengths
)
"""-9, -99, ..., 999, 9999, ... and the same of eights."""

WORDS = frozenset(
    ["", ".", "?", "-", "--", "NA", "na", "N/A", "n/a", "#N/A", "<NA>",
     "NaN", "nan", "NaT", "NULL", "null", "missing", "Missing"]
)  # fmt: skip


def missing_codes(column: Column) -> Iterator[Finding]:
    """A number far from all others that is a usual code, or a level that is a usual word."""
    if column.kind == "factor":
        yield from _word(column)
    elif len(column):
        yield from _code(column)


def _word(column: Column) -> Iterator[Finding]:
    found = sorted(WORDS.intersection(column.levels))
    if "-" in found and "+" in column.levels:
        found.remove("-")
    for word in found:
        number = int(np.count_nonzero(column.values == column.levels.index(word)))
        if number:
            yield _finding(column, repr(word), number, "")


def _code(column: Column) -> Iterator[Finding]:
    if not any(end in CODES for end in _ends(column)):
        return
    coded = np.isin(column.values, list(CODES))
    others = column.values[~coded & ~np.isnan(column.values)]
    if others.size == 0:
        return
    low, high = float(others.min()), float(others.max())
    values, counts = np.unique(column.values[coded], return_counts=True)
    for value, number in zip(values.tolist(), counts.tolist(), strict=True):
        gap = max(low - value, value - high)
        if gap > 0 and (gap >= high - low or value < 0 <= low):
            evidence = f"all other values lie between {low:g} and {high:g}"
            yield _finding(column, f"{value:g}", number, evidence)


def _ends(column: Column) -> tuple[float, float]:
    low, high = column.ends()
    if low == low:
        return low, high
    present = column.values[~np.isnan(column.values)]
    return (float(present.min()), float(present.max())) if present.size else (low, high)


def _finding(column: Column, value: str, number: int, evidence: str) -> Finding:
    rows = count(number, "row")
    return Finding(
        code="missing-code",
        severity="warning",
        message=f"'{column.name}' is {value} in {rows}, which may stand for a missing value",
        evidence=evidence,
        where=column.name,
        fix=f"if it does, make it missing, and these rows are left out: --na {value} on the "
        "command line, .replace(...) in a data frame",
    )
