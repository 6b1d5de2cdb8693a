"""All findings about a fit: from the data alone, and after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from ranef.diagnose.collinearity import collinearity_findings
from ranef.diagnose.columns import labels_of_groups
from ranef.diagnose.competing import competing_findings
from ranef.diagnose.contextual import contextual_findings
from ranef.diagnose.data import data_findings
from ranef.diagnose.duplicates import duplicate_findings
from ranef.diagnose.effects import Evaluated, evaluated
from ranef.diagnose.fit import fit_findings
from ranef.diagnose.groups import factors_of, group_findings
from ranef.diagnose.influence import influence_findings
from ranef.diagnose.larger import Larger, larger_findings, larger_parts
from ranef.diagnose.normality import normality_findings
from ranef.diagnose.rank import Support, rank_findings, supported_ranks
from ranef.diagnose.scales import scale_findings
from ranef.diagnose.separated import separated_findings
from ranef.diagnose.serial import serial_correlations, serial_findings
from ranef.diagnose.slopes import response_findings, slope_findings
from ranef.diagnose.spread import spread_findings
from ranef.diagnose.subject import Subject
from ranef.diagnose.unlike import unlike_findings
from ranef.formula import Formula
from ranef.frame import Table
from ranef.types import Array, Finding, Findings

__all__ = ["all_findings", "by_severity", "of_data"]

ORDER = {"problem": 0, "warning": 1, "note": 2}


def all_findings(
    subject: Subject,
    supports: Sequence[Support] | None = None,
    larger: Larger | None = None,
) -> tuple[Finding, ...]:
    """Everything worth knowing about a fit and its data, the gravest first.

    Sorted by severity; within one severity in the order in which an analysis meets them.
    `supports` are the ranks that the data support, `larger` the larger random parts looked at,
    where they are known already.
    """
    formula, design = subject.formula, subject.design
    at = evaluated(subject)
    if supports is None:
        supports = supported_ranks(subject, at.kernel)
    if larger is None:
        larger = larger_parts(subject)
    unlike = tuple(unlike_findings(subject, at))
    serial = serial_correlations(subject, _residuals(at, larger))
    return by_severity(
        (
            *data_findings(formula, subject.table, design, subject.data.missing),
            *chain.from_iterable(of_data(formula, subject.table)),
            *collinearity_findings(formula, design),
            *separated_findings(design),
            *contextual_findings(subject),
            *larger_findings(subject, larger, serial.values()),
            *unlike,
            *fit_findings(subject.problem, subject.solution, [f.where for f in unlike]),
            *competing_findings(design, subject.certificate),
            *rank_findings(subject, supports),
            *influence_findings(subject, at),
            *serial_findings(subject, serial),
            *spread_findings(subject, at, serial),
            *normality_findings(subject, at),
        )
    )


def _residuals(at: Evaluated, larger: Larger) -> Array:
    """Those of the model with the effects that the data ask for: a slope left out looks serial."""
    fits = [each.fit for each in larger.clear if each.fit is not None]
    fit = larger.together_fit or (fits[0] if fits else None)
    return at.residuals if fit is None else evaluated(fit).residuals


def of_data(formula: Formula, table: Table) -> Iterator[Iterator[Finding]]:
    """The finders that need the variables of the model and no design."""
    factors = factors_of(formula, table)
    yield labels_of_groups(formula, table)
    yield group_findings(formula, table, factors)
    yield slope_findings(formula, table, factors)
    yield response_findings(formula, table, factors)
    yield duplicate_findings(formula, table)
    yield scale_findings(formula, table)


def by_severity(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each fact once, by severity."""
    once = {(f.code, f.where, f.message): f for f in findings}
    return Findings(sorted(once.values(), key=lambda f: ORDER[f.severity]))
