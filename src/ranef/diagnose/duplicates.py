"""Rows that equal each other in every variable of the model."""

from __future__ import annotations

from collections.abc import Iterator

from ranef.explore.repeated import repeated_rows
from ranef.formula import Formula
from ranef.formula.nodes import Name
from ranef.frame import Table
from ranef.types import Finding

__all__ = ["duplicate_findings"]


def duplicate_findings(formula: Formula, table: Table) -> Iterator[Finding]:
    """Repeated rows, where the response is one variable."""
    response = formula.response
    if isinstance(response, Name):
        others = [table[name].values for name in formula.variables() if name != response.name]
        yield from repeated_rows(others, table[response.name].values, "the model")
