"""Findings about generalised fits, and the fits that stand behind them."""

from ranef.diagnose.generalised.at_fit import findings_at_fit
from ranef.diagnose.generalised.families import FamilyFits, family_fits
from ranef.diagnose.generalised.findings import generalised_findings
from ranef.diagnose.generalised.subject import GeneralisedRefit, GeneralisedSubject

__all__ = [
    "FamilyFits",
    "GeneralisedRefit",
    "GeneralisedSubject",
    "family_fits",
    "findings_at_fit",
    "generalised_findings",
]
