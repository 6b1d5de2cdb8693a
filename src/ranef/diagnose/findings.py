"""All findings: before the fit, from the data alone, and after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ranef.diagnose.collinearity import collinearity_findings
from ranef.diagnose.contextual import contextual_findings
from ranef.diagnose.data import data_findings, missing_rows
from ranef.diagnose.duplicates import duplicate_findings
from ranef.diagnose.effects import evaluated
from ranef.diagnose.fit import fit_findings
from ranef.diagnose.groups import factors_of, group_findings
from ranef.diagnose.influence import influence_findings
from ranef.diagnose.normality import normality_findings
from ranef.diagnose.rank import rank_findings
from ranef.diagnose.scales import scale_findings
from ranef.diagnose.separated import separated_findings
from ranef.diagnose.slopes import response_findings, slope_findings
from ranef.diagnose.spread import spread_findings
from ranef.diagnose.subject import Subject
from ranef.formula import Formula
from ranef.frame import Table
from ranef.types import Finding, MissingRows

__all__ = ["all_findings", "before_findings"]

ORDER = {"problem": 0, "warning": 1, "note": 2}


def before_findings(formula: Formula, table: Table, missing: MissingRows) -> tuple[Finding, ...]:
    """What can be seen before a fit, also where the model is refused.

    Parameters
    ----------
    formula : Formula
    table : Table
        The model's variables in the rows to be used.
    missing : MissingRows
    """
    return _sorted((*missing_rows(missing), *_of_data(formula, table)))


def all_findings(subject: Subject) -> tuple[Finding, ...]:
    """Everything worth knowing about a fit and its data, the gravest first.

    Sorted by severity; within one severity in the order in which an analysis meets them.
    """
    formula, design = subject.formula, subject.design
    at = evaluated(subject)
    return _sorted(
        (
            *data_findings(formula, subject.table, design, subject.missing),
            *_of_data(formula, subject.table),
            *collinearity_findings(formula, design),
            *separated_findings(design),
            *contextual_findings(subject),
            *fit_findings(subject.problem, subject.solution),
            *rank_findings(subject, at.kernel),
            *influence_findings(subject, at),
            *spread_findings(subject, at),
            *normality_findings(subject, at),
        )
    )


def _of_data(formula: Formula, table: Table) -> Iterator[Finding]:
    factors = factors_of(formula, table)
    yield from group_findings(formula, table, factors)
    yield from slope_findings(formula, table, factors)
    yield from response_findings(formula, table, factors)
    yield from duplicate_findings(formula, table)
    yield from scale_findings(formula, table)


def _sorted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each fact once, by severity."""
    once = {(f.code, f.where, f.message): f for f in findings}
    return tuple(sorted(once.values(), key=lambda f: ORDER[f.severity]))
