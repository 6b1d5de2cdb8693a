"""Findings that need the variables of the model and no design, for models of all kinds."""

from __future__ import annotations

from collections.abc import Iterator

from ranef.diagnose.columns import labels_of_groups
from ranef.diagnose.duplicates import duplicate_findings
from ranef.diagnose.groups import factors_of, group_findings
from ranef.diagnose.scales import origin_findings, scale_findings
from ranef.diagnose.slopes import response_findings, slope_findings
from ranef.formula import Formula
from ranef.frame import Table
from ranef.types import Finding

__all__ = ["of_data"]


def of_data(formula: Formula, table: Table, linear: bool = True) -> Iterator[Iterator[Finding]]:
    """The finders that need the variables of the model and no design.

    Those that measure the response as a normal one are left out if the model is not `linear`.
    """
    factors = factors_of(formula, table)
    yield labels_of_groups(formula, table)
    yield group_findings(formula, table, factors)
    yield slope_findings(formula, table, factors)
    if linear:
        yield response_findings(formula, table, factors)
    yield duplicate_findings(formula, table)
    yield origin_findings(formula, table)
    if linear:
        yield scale_findings(formula, table)
