"""All findings about a linear fit: from the data alone, and after it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from ranef.design.data import Elsewhere
from ranef.diagnose.by_severity import by_severity
from ranef.diagnose.collinearity import collinear_sums, collinearity_findings
from ranef.diagnose.competing import competing_findings
from ranef.diagnose.contextual import contextual_findings
from ranef.diagnose.data import data_findings, sum_findings
from ranef.diagnose.effects import Evaluated, evaluated
from ranef.diagnose.findings_of_data import of_data
from ranef.diagnose.fit import fit_findings
from ranef.diagnose.influence import influence_findings
from ranef.diagnose.larger import Larger, larger_findings, larger_parts
from ranef.diagnose.normality import normality_findings
from ranef.diagnose.rank import Support, rank_findings, supported_ranks
from ranef.diagnose.separated import separated_findings
from ranef.diagnose.serial import serial_correlations, serial_findings
from ranef.diagnose.spread import spread_findings
from ranef.diagnose.subject import Subject
from ranef.diagnose.unlike import unlike_findings
from ranef.types import Array, Finding

__all__ = ["all_findings"]


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
    if subject.data.elsewhere is not None:
        return _of_sums(subject, supports, larger)
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
            *contextual_findings(subject, subject.look),
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


def _of_sums(
    subject: Subject, supports: Sequence[Support] | None, larger: Larger | None
) -> tuple[Finding, ...]:
    """What sums over the rows show; the last finding says what only the rows would."""
    if supports is None:
        supports = supported_ranks(subject, subject.problem.kernel())
    if larger is None:
        larger = larger_parts(subject)
    elsewhere = subject.data.elsewhere
    assert elsewhere is not None
    products = elsewhere.levels.products()
    return by_severity(
        (
            *sum_findings(subject.design, subject.data.missing),
            *collinear_sums(subject.formula, subject.design, products),
            *contextual_findings(subject, subject.look),
            *larger_findings(subject, larger, ()),
            *fit_findings(subject.problem, subject.solution),
            *rank_findings(subject, supports),
            _not_looked_at(elsewhere),
        )
    )


def _not_looked_at(elsewhere: Elsewhere) -> Finding:
    sample = "fit a sample of whole groups in memory"
    augment = 'write residuals with fit.augment(to="rows.parquet"), which reads a source once more'
    return Finding(
        code="rows-elsewhere",
        severity="note",
        message="the model was fitted to sums, so single rows were not checked: their "
        "distribution, unequal spread, serial correlation, influence, copies",
        evidence="the rows are not in memory",
        fix=f"{augment}, or {sample}" if elsewhere.repeatable else sample,
    )


def _residuals(at: Evaluated, larger: Larger) -> Array:
    """Those of the model with the effects that the data ask for: a slope left out looks serial."""
    fits = [each.fit for each in larger.clear if each.fit is not None]
    fit = larger.together_fit or (fits[0] if fits else None)
    return at.residuals if fit is None else evaluated(fit).residuals
