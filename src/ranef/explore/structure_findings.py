"""What deserves a second look in the data before a model is fitted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

import numpy as np

from ranef.explore.components import anova_components
from ranef.explore.meeting import meeting_findings
from ranef.explore.missing_codes import missing_codes
from ranef.explore.numeric_group import numeric_group
from ranef.explore.repeated import repeated_rows
from ranef.explore.similar_levels import similar_levels
from ranef.explore.text_values import text_values
from ranef.frame.grouping import group_sizes, is_constant_within
from ranef.frame.missing import missing_in
from ranef.frame.table import Column, Table
from ranef.page import phrases
from ranef.page.phrases import percent
from ranef.types import Finding, Findings

__all__ = ["about_factor", "find", "hardly_varies"]

_MANY_SINGLETONS = 0.5
_SOME_SINGLETONS = 0.1
_HARDLY_VARIES = 0.01
"""Share of a variable's variance that lies within groups."""
_FEW_GROUPS_VARY = 0.05
"""Share of groups, of those with two rows or more, in which a variable takes several values."""


def find(
    columns: Sequence[Column],
    factors: Sequence[Column],
    sources: Table,
    unreadable: Mapping[str, str],
) -> tuple[Finding, ...]:
    """Findings about variables and groups, those about groups first.

    Parameters
    ----------
    columns : sequence of Column
        Variables.
    factors : sequence of Column
        Grouping factors.
    sources : Table
        The columns that the grouping factors are made of.
    unreadable : mapping of str to str
        Columns left out, and their types.
    """
    found: list[Finding] = []
    for source in sources.columns.values():
        found += about_source(source)
    for factor in factors:
        found += about_factor(factor)
    found += meeting_findings(factors)
    for column in columns:
        found += about_variable(column)
        found += chain(missing_codes(column), text_values(column), similar_levels(column))
        for factor in factors:
            found += hardly_varies(column, factor)
    for name, source_type in unreadable.items():
        found.append(
            Finding(
                "unreadable-column",
                "note",
                f"'{name}' is left out: it cannot be read as numbers or labels",
                source_type,
                name,
                "turn it into a number or a category if the model needs it",
            )
        )
    if not unreadable:
        found += _repeated(columns, factors, sources)
    return Findings(found)


def _repeated(
    columns: Sequence[Column], factors: Sequence[Column], sources: Table
) -> Iterator[Finding]:
    """Repeated rows, told by the variable of the rows that takes most values."""
    counts = {
        column.name: np.unique(column.values).size
        for column in columns
        if column.kind == "number" and all(_belongs_to_rows(column, f) for f in factors)
    }
    if not counts:
        return
    finest = max(counts, key=lambda name: counts[name])
    others = [column.values for column in sources.columns.values()]
    others += [column.values for column in columns if column.name != finest]
    values = next(column.values for column in columns if column.name == finest)
    yield from repeated_rows(others, values, "those described")


def _belongs_to_rows(column: Column, factor: Column) -> bool:
    """Whether a variable varies in at least half of the groups of several rows."""
    constant = is_constant_within(column, factor.values, len(factor.levels))
    several = group_sizes(factor.values, len(factor.levels)) > 1
    return bool(np.mean(~constant[several]) >= 0.5) if several.any() else False


def about_source(source: Column) -> Iterator[Finding]:
    yield from numeric_group(source)
    yield from missing_codes(source)
    yield from similar_levels(source)
    yield from _missing(source)


def about_factor(factor: Column) -> Iterator[Finding]:
    sizes = group_sizes(factor.values, len(factor.levels))
    k, n, singletons = int((sizes > 0).sum()), int(sizes.sum()), int((sizes == 1).sum())
    if k <= 1:
        yield Finding(
            "one-group",
            "problem",
            f"'{factor.name}' has {'one group' if k else 'no groups'}: no variance between groups "
            "can be estimated",
            phrases.count(n, "row"),
            factor.name,
            "leave it out of the random part",
        )
    elif singletons == k:
        yield Finding(
            "as-many-groups-as-rows",
            "problem",
            f"every group of '{factor.name}' has one row: its variance cannot be told from the "
            "residual variance",
            f"{phrases.count(k, 'group')}, {phrases.count(n, 'row')}",
            factor.name,
            "leave it out of a linear model's random part",
        )
    elif singletons >= _SOME_SINGLETONS * k:
        yield Finding(
            "singletons",
            "warning" if singletons >= _MANY_SINGLETONS * k else "note",
            f"many groups of '{factor.name}' have one row",
            f"{phrases.share(singletons, k, 'group')}, {percent(singletons / k)}",
            factor.name,
            "they stay in the model, but say nothing about variation within groups",
        )


def about_variable(column: Column) -> Iterator[Finding]:
    present = column.values[~missing_in(column)]
    if present.size and np.all(present == present[0]):
        yield Finding(
            "constant-variable",
            "warning",
            f"'{column.name}' has one value in all rows",
            "",
            column.name,
            "leave it out: it cannot be told from the intercept",
        )
    if column.kind == "number" and np.isinf(present).any():
        yield Finding(
            "infinite-values",
            "problem",
            f"'{column.name}' has infinite values",
            phrases.share(int(np.isinf(present).sum()), len(column), "row"),
            column.name,
            "make them missing, or transform the variable another way",
        )
    yield from _missing(column)


def _missing(column: Column) -> Iterator[Finding]:
    count = int(np.count_nonzero(missing_in(column)))
    if count:
        yield Finding(
            "missing-values",
            "note" if count < len(column) else "problem",
            f"'{column.name}' is missing in {phrases.share(count, len(column), 'row')}",
            percent(count / len(column)),
            column.name,
            "rows with a missing variable are left out of a model that uses it",
        )


def hardly_varies(column: Column, factor: Column) -> Iterator[Finding]:
    """A variable of the group's level but for a few groups, or but for tiny differences."""
    constant = is_constant_within(column, factor.values, len(factor.levels))
    varying = int(np.count_nonzero(~constant))
    if not varying:
        return
    several = int(np.count_nonzero(group_sizes(factor.values, len(factor.levels)) > 1))
    parts = anova_components(column, factor)
    share = 1 - parts.icc
    if varying <= _FEW_GROUPS_VARY * several:
        names = [factor.levels[i] for i in np.flatnonzero(~constant)[:3]]
        evidence = (
            f"it varies in {phrases.share(varying, several, 'group')}, such as {', '.join(names)}"
        )
    elif share < _HARDLY_VARIES:
        evidence = f"{percent(share)} of its variance lies within groups"
    else:
        return
    yield Finding(
        "almost-constant-within",
        "note",
        f"'{column.name}' hardly varies within '{factor.name}'",
        evidence,
        column.name,
        f"check for slips of the pen if it belongs to {factor.name}; it can have no random slope "
        "there worth estimating",
    )
