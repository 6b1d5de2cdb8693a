"""Findings that stand on every generalised fit: they cost next to nothing."""

from __future__ import annotations

from collections.abc import Iterator

from ranef.design.generalised_data import GeneralisedData
from ranef.diagnose.data import data_findings
from ranef.diagnose.fit import fit_findings
from ranef.diagnose.generalised.homogeneous import homogeneous_findings
from ranef.diagnose.generalised.rare_events import rare_event_findings
from ranef.diagnose.generalised.separation import separation_findings
from ranef.diagnose.generalised.single_trials import single_trial_findings
from ranef.formula import Formula
from ranef.solve.generalised import GeneralisedSolution
from ranef.types import Finding

__all__ = ["findings_at_fit"]


def findings_at_fit(
    formula: Formula, data: GeneralisedData, solution: GeneralisedSolution
) -> Iterator[Finding]:
    """What the data, the response and the verdict show."""
    response = data.design.generalised
    if response is not None:
        yield from response.notes
    yield from data_findings(formula, data.table, data.design, data.missing)
    yield from rare_event_findings(data)
    yield from single_trial_findings(data)
    if solution.certificate.variances is None:  # else they are the cause of what is said there
        yield from homogeneous_findings(data, solution.covariances)
    yield from separation_findings(solution.certificate)
    yield from fit_findings(solution.problem, solution)
