"""Text whose values are numbers or dates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ranef.frame.grouping import group_sizes
from ranef.frame.number_text import COMMA, EITHER, NUMBER
from ranef.frame.table import Column
from ranef.page import phrases
from ranef.types import Finding

__all__ = ["text_values"]

FEW = 10
"""Different values up to which text was probably chosen for categories."""

_COMMAS = re.compile(f"{COMMA}|{EITHER}")
_NUMBERS = re.compile(f"{NUMBER}|{COMMA}|{EITHER}")
_DATES = re.compile(
    r"\d{4}([-/.])\d{1,2}\1\d{1,2}(?:[T ]\d{1,2}:\d{2}.*)?"
    r"|\d{1,2}([-/.])\d{1,2}\2(?:\d{2}|\d{4})(?:[T ]\d{1,2}:\d{2}.*)?"
)


def text_values(column: Column) -> Iterator[Finding]:
    """A column of text more than half of whose values are numbers, or dates.

    Text is a category, with a coefficient for each of its values but one. Categories that somebody
    made of numbers or dates are not looked at.
    """
    if column.kind != "factor" or column.holds != "text":
        return
    sizes = group_sizes(column.values, len(column.levels))
    total = int(sizes.sum())
    for what, pattern in (("numbers", _NUMBERS), ("dates", _DATES)):
        fits = np.array([pattern.fullmatch(level.strip()) is not None for level in column.levels])
        count = int(sizes[fits].sum()) if fits.size else 0
        if 2 * count > total:
            yield _finding(column, what, fits, sizes)
            return


def _finding(
    column: Column, what: str, fits: NDArray[np.bool_], sizes: NDArray[np.int64]
) -> Finding:
    name = column.name
    levels = np.array(column.levels, dtype=object)
    total, count = int(sizes.sum()), int(sizes[fits].sum())
    occurring = int(np.count_nonzero(sizes))
    commas = any(_COMMAS.fullmatch(level.strip()) for level in levels[fits])
    if count < total:
        odd = levels[~fits & (sizes > 0)]
        shown = ", ".join(map(repr, odd[:3].tolist()))
        row = int(np.flatnonzero(np.isin(column.values, np.flatnonzero(~fits)))[0])
        but = f"all but {phrases.whole(total - count)} of its {phrases.count(total, 'value')}"
        message = f"'{name}' is text, but {but} are {what}"
        evidence = f"the others: {shown}, first in row {row} (from 0)"
    else:
        decimal = " with a comma" if commas and what == "numbers" else ""
        message = f"'{name}' is text whose values are {what}{decimal}"
        evidence = f"{phrases.count(count, 'value')}, such as {levels[fits & (sizes > 0)][0]!r}"
    evidence += f"; as a category it takes {phrases.count(occurring - 1, 'coefficient')}"
    meant = f"factor({name}) says that categories are meant"
    few = occurring <= FEW and count == total and not commas
    severity: Literal["note", "warning"] = "note" if few else "warning"
    if what == "dates":
        fix = f"for a trend, use a number such as the days since the first date; {meant}"
        return Finding("dates-as-text", severity, message, evidence, name, fix)
    if commas:
        fix = f'replace the commas and turn it into numbers: {name}.str.replace(",", ".")'
    else:
        fix = "turn it into numbers, and what does not read as one into a missing value"
    return Finding("numbers-as-text", severity, message, evidence, name, f"{fix}; {meant}")
