"""Columns that may not be what they were taken for."""

from __future__ import annotations

from collections.abc import Iterator

from ranef.diagnose.response import kind_of_response
from ranef.explore.missing_codes import missing_codes
from ranef.explore.numeric_group import numeric_group
from ranef.explore.similar_levels import similar_levels
from ranef.explore.text_values import text_values
from ranef.formula import Formula
from ranef.formula.plain import plain_names
from ranef.frame import Table
from ranef.types import Finding

__all__ = ["column_findings", "labels_of_groups"]


def column_findings(formula: Formula, table: Table, linear: bool = True) -> Iterator[Finding]:
    """Findings that cost next to nothing: about predictors, the response and groups.

    Text that holds numbers or dates is what somebody wanted where the formula says ``factor()``.
    """
    groups = _groups(formula)
    plain = plain_names(formula)
    for name in formula.variables():
        yield from missing_codes(table[name])
    for name in plain:
        yield from text_values(table[name])
    for name in formula.variables():
        if name not in groups:
            yield from similar_levels(table[name])
    for name in groups:
        yield from numeric_group(table[name])
    if linear:
        yield from kind_of_response(formula, table)


def labels_of_groups(formula: Formula, table: Table) -> Iterator[Finding]:
    """Levels of grouping variables, which may be many, that a reader takes for one."""
    for name in _groups(formula):
        yield from similar_levels(table[name])


def _groups(formula: Formula) -> dict[str, None]:
    return dict.fromkeys(name.name for bar in formula.bars for name in bar.group_names)
