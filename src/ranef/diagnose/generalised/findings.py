"""All findings about a generalised fit: from the data alone, and after it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from ranef.diagnose.by_severity import by_severity
from ranef.diagnose.collinearity import collinearity_findings
from ranef.diagnose.contextual import contextual_findings
from ranef.diagnose.findings_of_data import of_data
from ranef.diagnose.generalised.at_fit import findings_at_fit
from ranef.diagnose.generalised.dispersion import dispersion_findings
from ranef.diagnose.generalised.families import FamilyFits
from ranef.diagnose.generalised.subject import GeneralisedSubject
from ranef.diagnose.generalised.zeros import zero_findings
from ranef.diagnose.separated import separated_findings
from ranef.inference.contextual import InRows, Refit
from ranef.types import Finding

__all__ = ["generalised_findings"]


def generalised_findings(
    subject: GeneralisedSubject, fits: FamilyFits, refit: Refit, *more: Finding
) -> tuple[Finding, ...]:
    """Everything worth knowing about a fit and its data, the gravest first.

    Parameters
    ----------
    subject : GeneralisedSubject
    fits : FamilyFits
        Of the wider families.
    refit : callable
        Fixed effects of the model for other data, and what judges them.
    *more : Finding
        What is known already.
    """
    formula = subject.formula
    return by_severity(
        (
            *findings_at_fit(formula, subject.data, subject.solution),
            *_of_data(subject),
            *collinearity_findings(formula, subject.design),
            *separated_findings(subject.design),
            *contextual_findings(subject, InRows(formula, subject.data, refit)),
            *dispersion_findings(subject, fits),
            *zero_findings(subject, fits),
            *more,
        )
    )


def _of_data(subject: GeneralisedSubject) -> Iterator[Finding]:
    """Without what is about a residual variance: a level for each row may have one here."""
    for finding in chain.from_iterable(of_data(subject.formula, subject.table, linear=False)):
        if finding.code != "as-many-groups-as-rows":
            yield finding
