"""Predictors that vary too little within groups for what the model asks of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from ranef.design import Design
from ranef.design.identifiable import flat_on_factor, is_refused
from ranef.design.terms import RandomTerm
from ranef.explore.structure_findings import hardly_varies
from ranef.formula import Bar, Formula, Term
from ranef.formula.nodes import Name
from ranef.frame import Column, Table
from ranef.frame.grouping import group_sizes, is_constant_within
from ranef.page import phrases
from ranef.types import Finding

__all__ = ["constant_slope_findings", "response_findings", "slope_findings"]

MANY_CONSTANT = 0.1
"""Share of the groups of three rows or more in which the response takes one value."""


def slope_findings(
    formula: Formula, table: Table, factors: Mapping[str, Column]
) -> Iterator[Finding]:
    """Random slopes of variables that do not, or hardly, vary within the groups."""
    with_slopes: set[tuple[str, str]] = set()
    for bar in formula.bars:
        factor = factors[bar.label]
        for name in _variables(bar.model.terms):
            with_slopes.add((name, bar.label))
            column = table[name]
            if not is_constant_within(column, factor.values, len(factor.levels)).all():
                for finding in hardly_varies(column, factor):
                    yield replace(finding, severity="warning")
    for name in _variables(formula.fixed):
        for label, factor in factors.items():
            if (name, label) not in with_slopes:
                yield from hardly_varies(table[name], factor)


def constant_slope_findings(formula: Formula, design: Design) -> Iterator[Finding]:
    """Random slopes of columns that never vary within a level of their factor.

    With z constant within a level, b0 + b1 z is an effect of the level as a whole, of variance
    a + 2 b z + c z^2: identified if the data hold enough values of z, and rarely what is meant. In
    a factor with a level for each row it is the usual way to write unequal residual variances.
    """
    for members in design.suspicious:
        terms = [design.terms[k] for k in members]
        if terms[0].n_levels == design.n or not any(term.constant for term in terms):
            continue
        identified = not is_refused(design, members, flat_on_factor(design, members))
        for k in members:
            term, coding = design.terms[k], design.encoding.random_codings[k]
            for j in term.constant:
                yield _constant_slope(term, j, formula.bars[coding.bar], identified)


def _constant_slope(term: RandomTerm, j: int, bar: Bar, identified: bool) -> Finding:
    name, factor = term.names[j], term.factor
    meaning = (
        "is not a slope but makes the variance between these levels a quadratic function of "
        f"'{name}'"
        if identified
        else "cannot be told from the intercept"
    )
    column = term.columns.columns[j]
    values = 1 if column is None else np.unique(column).size
    return Finding(
        code="constant-slope",
        severity="problem" if not identified else "warning" if bar.model.intercept else "note",
        message=f"'{name}' never varies within a level of '{factor}', so its random slope "
        f"{meaning}",
        evidence=f"{phrases.count(values, 'value')} of '{name}' in "
        f"{phrases.count(term.n_levels, 'group')}",
        where=bar.text,
        fix=("this is rarely meant: " * identified)
        + f"keep '{name}' in the fixed part only"
        + (", unless unequal variances between the groups are the question" * identified)
        + "; a slope of it can vary between units above the groups",
    )


def response_findings(
    formula: Formula, table: Table, factors: Mapping[str, Column]
) -> Iterator[Finding]:
    """A response that takes one value in many groups, or in all."""
    if not isinstance(formula.response, Name):
        return
    name = formula.response.name
    for label, factor in factors.items():
        sizes = group_sizes(factor.values, len(factor.levels))
        large = sizes >= 3
        if not large.any():
            continue
        constant = is_constant_within(table[name], factor.values, len(factor.levels)) & large
        count, of = int(constant.sum()), int(large.sum())
        if count == of or count >= max(2.0, MANY_CONSTANT * of):
            yield Finding(
                code="response-constant-within",
                severity="problem" if count == of else "warning",
                message=f"'{name}' takes one value in "
                + ("every group" if count == of else "many groups")
                + f" of '{label}'",
                evidence=f"{phrases.share(count, of, 'group')} of three rows or more",
                where=name,
                fix=f"see whether '{name}' belongs to '{label}' rather than to the row, or whether "
                "its scale ends there (a floor or a ceiling): a normal model fits such groups "
                "badly",
            )


def _variables(terms: tuple[Term, ...]) -> list[str]:
    """Variables that stand in terms as they are, each once."""
    names = [f.name for term in terms for f in term.factors if isinstance(f, Name)]
    return list(dict.fromkeys(names))
