"""A model that was refused: findings about its data, and the models without what they refuse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from ranef.design import Design
from ranef.diagnose.collinearity import collinearity_findings
from ranef.diagnose.columns import column_findings
from ranef.diagnose.data import data_findings, missing_rows
from ranef.diagnose.findings import by_severity, of_data
from ranef.diagnose.groups import factors_of
from ranef.diagnose.ladder.rewrite import effects, parts_of, per_factor
from ranef.diagnose.separated import separated_findings
from ranef.errors import RanefError
from ranef.formula import Formula, Term, to_source
from ranef.formula.nodes import Name
from ranef.frame import Column, Table
from ranef.frame.grouping import group_sizes, is_constant_within
from ranef.frame.structure_findings import about_variable
from ranef.types import Finding, MissingRows

__all__ = ["refused_findings", "simpler_formulas"]


def refused_findings(
    formula: Formula, table: Table, missing: MissingRows, design: Design | None
) -> tuple[Finding, ...]:
    """What the data show by themselves, the gravest first.

    Parameters
    ----------
    formula : Formula
    table : Table
        The model's variables in the rows to be used.
    missing : MissingRows
    design : Design or None
        None where it could not be built.
    """
    with np.errstate(all="ignore"):  # sums of values near the largest number, say
        return by_severity(_findings(formula, table, missing, design))


def _findings(
    formula: Formula, table: Table, missing: MissingRows, design: Design | None
) -> list[Finding]:
    groups = {name.name for bar in formula.bars for name in bar.group_names}
    variables = [table[name] for name in formula.variables() if name not in groups]
    found = [*missing_rows(missing)]
    for column in variables:
        found += about_variable(column)
    found += column_findings(formula, table)
    if all(column.kind != "number" or np.isfinite(column.values).all() for column in variables):
        for finder in of_data(formula, table):
            found += _possible(finder)
    if design is not None:
        found += data_findings(formula, table, design, missing)
        found += _possible(collinearity_findings(formula, design))
        found += _possible(separated_findings(design))
    return found


def simpler_formulas(formula: Formula, table: Table) -> Iterator[str]:
    """Models to try in place of one that the data refuse, the nearest first.

    Without grouping factors that cannot have a variance and slopes of variables that are constant
    within the groups; then with random intercepts alone.
    """
    written = parts_of(formula)
    for intercepts in (False, True):
        random = []
        for bar, part in zip(formula.bars, per_factor(formula), strict=True):
            factor = factors_of(formula, table)[bar.label]
            sizes = group_sizes(factor.values, len(factor.levels))
            if np.count_nonzero(sizes) < 2 or sizes.max() < 2:
                continue
            terms = tuple(t for t in bar.model.terms if _varies_within(t, table, factor))
            kept = () if intercepts else terms
            if bar.model.intercept or kept:
                lhs = effects(bar.model.intercept, kept)
                correlated = bar.correlated or not kept
                random.append(replace(part, lhs=lhs, correlated=correlated))
        asked = per_factor(formula)
        if random and [to_source(p) for p in random] != [to_source(p) for p in asked]:
            yield replace(written, random=tuple(random)).text


def _varies_within(term: Term, table: Table, factor: Column) -> bool:
    """Whether a slope may vary; what is not a plain variable is given the benefit of the doubt."""
    names = [f.name for f in term.factors if isinstance(f, Name)]
    return len(names) < len(term.factors) or any(
        not is_constant_within(table[name], factor.values, len(factor.levels)).all()
        for name in names
    )


def _possible(finder: Iterable[Finding]) -> Iterator[Finding]:
    """What a finder comes to before the data refuse it too."""
    try:
        yield from finder
    except RanefError:
        return
