"""Grouping factors: what they are made of, how large their groups are, how two of them meet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from ranef.design.tangent import n_parameters
from ranef.explore.meeting import meeting_findings
from ranef.explore.numeric_group import numeric_group
from ranef.explore.structure_findings import about_factor
from ranef.formula import Bar, Formula, Term
from ranef.formula.nodes import Name, walk
from ranef.formula.structures import ORDERED
from ranef.frame import Column, Table, interaction
from ranef.page.phrases import count
from ranef.types import Finding

__all__ = ["factors_of", "group_findings"]


def factors_of(formula: Formula, table: Table) -> dict[str, Column]:
    """The grouping factors of the random part by name."""
    return {
        bar.label: replace(interaction([table[name] for name in bar.factors]), name=bar.label)
        for bar in formula.bars
    }


def group_findings(
    formula: Formula, table: Table, factors: Mapping[str, Column]
) -> Iterator[Finding]:
    """Numbers used as groups, sizes, too few groups, factors that are the same or never meet."""
    for name in dict.fromkeys(n.name for bar in formula.bars for n in bar.group_names):
        yield from _number(table[name])
    for factor in factors.values():
        yield from about_factor(factor)
    yield from _too_few(formula, table, factors)
    yield from meeting_findings(list(factors.values()))


def _number(column: Column) -> Iterator[Finding]:
    decimals = tuple(numeric_group(column))
    yield from decimals
    if column.kind == "number" and not decimals:
        levels = np.unique(column.values[~np.isnan(column.values)])
        yield Finding(
            code="numeric-group",
            severity="note",
            message=f"the numbers in '{column.name}' are taken as names of groups",
            evidence=f"{count(levels.size, 'group')}, numbered from {levels[0]:g} to {levels[-1]:g}"
            if levels.size
            else "no groups",
            where=column.name,
            fix="nothing to do: a grouping variable is a factor here whatever its type",
        )


def _too_few(formula: Formula, table: Table, factors: Mapping[str, Column]) -> Iterator[Finding]:
    for bar in formula.bars:
        q = _effects(bar, table)
        parameters = n_parameters(bar.structure, q, bar.rank, range(q)) if bar.correlated else q
        levels = np.unique(factors[bar.label].values).size
        if 1 < levels <= parameters and parameters > 1:
            yield Finding(
                code="too-few-groups",
                severity="warning",
                message=f"{bar.text} asks for {parameters} variances and covariances from "
                f"{count(levels, 'group')}",
                evidence=f"{count(levels, 'level')} of '{bar.label}'",
                where=bar.label,
                fix="a smaller random part, fixed effects of the groups, or more groups",
            )


def _effects(bar: Bar, table: Table) -> int:
    """Random effects of a bar: without an intercept its first category has all its levels."""
    if bar.structure in ORDERED:
        (name,) = (
            node.name for node in walk(bar.model.terms[0].factors[0]) if isinstance(node, Name)
        )
        return int(np.unique(table[name].values).size)
    columns = int(bar.model.intercept) + sum(_columns(term, table) for term in bar.model.terms)
    categories = any(
        isinstance(factor, Name) and table[factor.name].kind == "factor"
        for term in bar.model.terms
        if term.degree == 1
        for factor in term.factors
    )
    return columns + int(categories and not bar.model.intercept)


def _columns(term: Term, table: Table) -> int:
    """Columns of a term's model matrix, an intercept beside it."""
    columns = 1
    for factor in term.factors:
        if isinstance(factor, Name) and table[factor.name].kind == "factor":
            columns *= max(1, np.unique(table[factor.name].values).size - 1)
    return columns
