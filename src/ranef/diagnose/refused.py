"""A model that was refused: findings about its data, and the models without what they refuse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from ranef.design import Design
from ranef.design.identifiable import flat_on_factor, is_refused
from ranef.design.unidentified import identified_parts
from ranef.diagnose.by_severity import by_severity
from ranef.diagnose.collinearity import collinearity_findings
from ranef.diagnose.columns import column_findings
from ranef.diagnose.data import data_findings, missing_rows
from ranef.diagnose.findings_of_data import of_data
from ranef.diagnose.groups import factors_of
from ranef.diagnose.rewrite import effects, intercept_by, part_with, parts_of, per_factor
from ranef.diagnose.separated import separated_findings
from ranef.errors import RanefError
from ranef.explore.structure_findings import about_variable
from ranef.formula import Formula, Term, to_source
from ranef.formula.nodes import Name, RandomPart
from ranef.frame import Column, Table
from ranef.frame.grouping import group_sizes, is_constant_within
from ranef.types import Array, Finding, MissingRows

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


def simpler_formulas(
    formula: Formula, table: Table, design: Design | None, weights: Array | None
) -> Iterator[str]:
    """Models to try in place of one that the data refuse, the nearest first.

    With random parts whose variances the data identify; without grouping factors that cannot have
    a variance; without slopes of variables that are constant within the groups; with random
    intercepts alone.
    """
    written = parts_of(formula)
    labels = [bar.label for bar in formula.bars]
    if design is not None:
        identified = _identified(formula, design, weights)
        if identified and identified != per_factor(formula):
            yield replace(written, random=identified).text
    for slopes in ("all", "varying", "none"):
        random: list[RandomPart] = []
        for bar, part in zip(formula.bars, per_factor(formula), strict=True):
            factor = factors_of(formula, table)[bar.label]
            sizes = group_sizes(factor.values, len(factor.levels))
            if np.count_nonzero(sizes) < 2 or sizes.max() < 2:
                continue
            kept = bar.model.terms if slopes == "all" else ()
            if slopes == "varying":
                kept = tuple(t for t in bar.model.terms if _varies_within(t, table, factor))
            if bar.model.intercept or kept:
                same = kept == bar.model.terms
                random.append(part if same else part_with(part, bar.model.intercept, kept))
            elif bar.structure != "us" and labels.count(bar.label) == 1:
                random.append(intercept_by(part.group))  # what its columns have in common
        asked = per_factor(formula)
        if random and [to_source(p) for p in random] != [to_source(p) for p in asked]:
            yield replace(written, random=tuple(random)).text


def _identified(formula: Formula, design: Design, weights: Array | None) -> tuple[RandomPart, ...]:
    """The random parts, smaller where the data do not identify their variances."""
    random: dict[int, RandomPart] = dict(enumerate(per_factor(formula)))
    for members in design.suspicious:
        flat = flat_on_factor(design, members, weights)
        if not is_refused(design, members, flat, weights):
            continue
        places = {design.encoding.random_codings[k].bar for k in members}
        asked = {place: random.pop(place) for place in places}
        for part in identified_parts(design, members, flat, weights):
            terms = tuple(part.bar.model.terms[k] for k in sorted(part.kept - {-1}))
            random[part.place] = replace(
                asked[part.place],
                lhs=effects(-1 in part.kept, terms),
                correlated=part.correlated or len(part.positions) == 1,
                structure=part.structure,
                rank=part.rank,
            )
    return tuple(random[place] for place in sorted(random))


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
